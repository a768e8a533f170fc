"""Strong entity tags of representations, and whether the caller has one already (RFC 9110 §13)."""

import hashlib
from collections.abc import Iterable

from django.utils.http import parse_etags


def etag(*parts: object) -> str:
    """Return a strong, quoted tag over everything that a representation depends on."""
    text = "\x00".join(map(str, parts))
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def etag_of_bytes(body: bytes) -> str:
    """Return a strong, quoted tag of exactly these bytes."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def is_held(tag: str, if_none_match: str) -> bool:
    """Tell whether ``If-None-Match`` names this tag, by weak comparison, or any."""
    return any(held == "*" or held.removeprefix("W/") == tag for held in _tags(if_none_match))


def is_match(tag: str, if_match: str) -> bool:
    """Tell whether ``If-Match`` names this tag, by strong comparison, or any: a weak tag never matches."""
    return any(named in ("*", tag) for named in _tags(if_match))


def _tags(header: str) -> Iterable[str]:
    return parse_etags(header) if header else ()
