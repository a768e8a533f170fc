"""Commands that do over HTTP what a page shows, to be run as they are."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

TOKEN_VARIABLE = "SWITCHBOARD_TOKEN"  # noqa: S105 -- the name of a variable, which holds one
CREDENTIAL = f'-H "Authorization: Bearer ${TOKEN_VARIABLE}"'
NEXT_LINE = " \\\n  "


def read(url: str) -> str:
    """Return the command that reads an object."""
    return _joined(f"curl {CREDENTIAL}", shlex.quote(url))


def read_if_changed(url: str, etag: str) -> str:
    """Return the command that reads an object unless it is as this tag names it; it shows the status as well."""
    return _joined(f"curl --include {CREDENTIAL}", _header("If-None-Match", etag), shlex.quote(url))


def change(url: str, etag: str, body: Mapping[str, Any]) -> str:
    """Return the command that changes an object which is still as this tag names it."""
    return _joined(
        f"curl --include -X PATCH {CREDENTIAL}",
        _header("Content-Type", "application/json"),
        _header("If-Match", etag),
        f"-d {shlex.quote(json.dumps(body, ensure_ascii=False))}",
        shlex.quote(url),
    )


def _header(name: str, value: str) -> str:
    return f"-H {shlex.quote(f'{name}: {value}')}"


def _joined(*parts: str) -> str:
    return NEXT_LINE.join(parts)
