"""JSON bodies, read strictly: what two programs might read differently is refused, not guessed at."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import IO, Any

from django.conf import settings
from django.http.request import UnreadablePostError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer

from config.foundation.errors import Refused
from config.foundation.rest.errors import Faults

DEPTH_MAX = 32
INTEGER_MAX = 2**53 - 1  # beyond it, programs that read numbers as doubles see another number
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")


class StrictJSONParser(BaseParser):
    """Parses application/json as RFC 8259 in UTF-8, within the size limit and without ambiguity."""

    media_type = "application/json"
    renderer_class = JSONRenderer

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,  # noqa: ARG002 -- DRF's signature
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the parsed body.

        Raises:
            Refused: ``payload_too_large``, ``unsupported_media_type``, ``malformed_json``, ``body_incomplete``.
            InvalidInput: texts with NUL or lone surrogates, numbers beyond the limits, each with its pointer.
        """
        headers = parser_context["request"].META if parser_context else {}
        if headers.get("HTTP_CONTENT_ENCODING", "identity").lower() not in ("", "identity"):
            raise Refused("unsupported_media_type", "Send the body without a content coding.")
        return parse_json(_read(stream, headers))


def parse_json(body: bytes) -> Any:
    """Return what a JSON text holds; see ``StrictJSONParser.parse`` for what is refused."""
    try:
        value = json.loads(body.decode("utf-8"), object_pairs_hook=_object, parse_constant=_constant)
    except UnicodeDecodeError:
        raise Refused("malformed_json", "The body is not UTF-8.") from None
    except RecursionError:
        raise Refused("malformed_json", f"The body is nested deeper than {DEPTH_MAX} levels.") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Refused("malformed_json", f"The body is not JSON: see {where}.") from None
    except ValueError:  # an integer of more digits than Python converts
        raise Refused("malformed_json", "The body holds a number that is too long.") from None
    faults = Faults()
    for path, detail, code in _unclean(value, ()):
        faults.at_pointer(path, detail, code)
    faults.raise_any()
    return value


def _read(stream: IO[Any], headers: Mapping[str, Any]) -> bytes:
    limit: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    declared = str(headers.get("CONTENT_LENGTH") or "0")
    too_large = Refused("payload_too_large", f"A body has at most {limit:,} bytes.", limit_bytes=limit)
    if declared.isdecimal() and int(declared) > limit:
        raise too_large
    try:
        body: bytes = stream.read(limit + 1)
    except UnreadablePostError as error:
        raise Refused("body_incomplete", f"The body was cut off: {error}. Send it again.") from error
    if len(body) > limit:
        raise too_large
    return body


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Refused("malformed_json", "An object of the body gives one key twice.")
    return members


def _constant(_name: str) -> Any:
    raise Refused("malformed_json", "The body holds NaN or Infinity, which JSON does not know.")


def _unclean(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    if len(path) > DEPTH_MAX:
        raise Refused("malformed_json", f"The body is nested deeper than {DEPTH_MAX} levels.")
    if isinstance(value, dict):
        for key, inner in value.items():
            if _NO_TEXT.search(key):
                yield (*path, key), "A key holds NUL or half of a surrogate pair.", "invalid_text"
            yield from _unclean(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _unclean(inner, (*path, index))
    elif isinstance(value, str) and _NO_TEXT.search(value):
        yield path, "The text holds NUL or half of a surrogate pair.", "invalid_text"
    elif isinstance(value, int | float) and not _is_exact(value):
        yield path, "The number is beyond 2^53 - 1.", "number_out_of_range"


def _is_exact(number: float) -> bool:
    """Tell whether every program reads the same number: no integer beyond the limit, nothing infinite."""
    return abs(number) <= INTEGER_MAX if isinstance(number, int) else math.isfinite(number)
