"""JSON as people read it: indented, each kind of token marked by a class of the style sheet."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString

MARKED_MAX = 200_000  # characters; a longer text is shown without marks
TOKEN = re.compile(
    r'(?P<key>"(?:[^"\\]|\\.)*"(?=:))|(?P<text>"(?:[^"\\]|\\.)*")|(?P<number>-?\d[\d.eE+-]*)'
    r"|(?P<word>true|false|null)|(?P<rest>[^\"\dtfn-]+)"
)


def indented(value: Any) -> str:
    """Return a value as JSON of several lines."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def marked(text: str) -> SafeString:
    """Return JSON as HTML that shows the very same text."""
    if len(text) > MARKED_MAX:
        return escape(text)
    return format_html_join("", "{}", ((part,) for part in _parts(text)))


def _parts(text: str) -> Iterator[SafeString | str]:
    for token in TOKEN.finditer(text):
        kind = token.lastgroup
        yield (
            token[0] if kind == "rest" else format_html('<span class="sb-json-{}">{}</span>', kind, token[0])
        )
