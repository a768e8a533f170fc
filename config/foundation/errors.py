"""Refusals that are foreseen: a stable code, a sentence, and one registry that says what each code means."""

import re
from dataclasses import dataclass
from typing import Any

_ECHOED_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]{0,63}", re.ASCII)
_ECHOED_DIGITS_MAX = 8


@dataclass(frozen=True, slots=True)
class ErrorKind:
    """What a code stands for: its HTTP status, title, and a sentence for its page under ``/problems/<code>``."""

    code: str
    status: int
    title: str
    meaning: str


class Refused(Exception):  # noqa: N818 -- it reads as the sentence it makes
    """A request or command that the rules refuse.

    ``code`` is registered (see ``ErrorRegistry``); ``detail`` says what, which value, what to do; ``extensions`` are
    further members of the answer, such as ``{"needed": "directory.read"}``.
    """

    def __init__(self, code: str, detail: str, **extensions: Any) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.extensions = extensions


class ErrorRegistry:
    """Every code of the product, fed by each app's ``errors.ERROR_KINDS``; a code is registered once."""

    def __init__(self) -> None:
        self._kinds: dict[str, ErrorKind] = {}

    def register(self, *kinds: ErrorKind) -> None:
        """Add kinds of errors.

        Raises:
            ValueError: a code is registered with another meaning already.
        """
        for kind in kinds:
            if self._kinds.setdefault(kind.code, kind) != kind:
                raise ValueError(f"error code {kind.code} is registered twice")

    def get(self, code: str) -> ErrorKind | None:
        """Return the kind of a code, or None for a code that stands only inside validation errors."""
        return self._kinds.get(code)

    def all(self) -> list[ErrorKind]:
        """Return every kind, by code."""
        return sorted(self._kinds.values(), key=lambda kind: kind.code)


error_registry = ErrorRegistry()


def shown_name(name: str) -> str:
    """Return a name that a caller chose as it may be repeated: ``…`` where it may hold a number or secret."""
    digits = sum(character.isdigit() for character in name)
    is_harmless = _ECHOED_NAME.fullmatch(name) and digits <= _ECHOED_DIGITS_MAX and "sbt_" not in name
    return name if is_harmless else "…"


def first_line(error: Exception) -> str:
    """Return what an error says in its first line, or its kind where it says nothing: one line for people."""
    return str(error).strip().partition("\n")[0] or type(error).__name__
