"""Cleaning of text that strangers send, and showing it back to them safely."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Any, NamedTuple, Protocol

from directory.rails.card_numbers import may_be_card_number

# Controls, invisible format characters (among them the marks that turn the writing direction), surrogates,
# private use, unassigned, and line and paragraph separators: none has a place in an identifier.
_FORBIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_EDGES = " \t\r\n"
LONGEST_SHOWN = 64
_PRINTABLE_ASCII = re.compile(r"[ -~]*")
CARD_UNSEEN = "The value breaks its form; it is not repeated, as it may hold a card number."


class SchemaFault(Protocol):
    """What a JSON Schema validator finds, as jsonschema says it."""

    message: str
    instance: Any
    validator: Any

    @property
    def absolute_path(self) -> Iterable[Any]:
        """Return the keys and positions that lead to the value."""


class Problem(NamedTuple):
    """Why a text is refused."""

    code: str
    reason: str


def clean(given: object, max_length: int, *, required: bool = True) -> tuple[str, Problem | None]:
    """Return the text without white space around it, or why it is refused, which never holds the text."""
    if not isinstance(given, str):
        return "", Problem("invalid", f"is not text but {type(given).__name__}; send a JSON string")
    if len(given) > max_length:
        reason = f"has {len(given)} characters, at most {max_length} are allowed; shorten it"
        return "", Problem("too_long", reason)
    text = given.strip(_EDGES)
    if not text:
        return "", Problem("required", "is empty; give a value") if required else None
    bad = None if _PRINTABLE_ASCII.fullmatch(text) else _first_forbidden(text)
    if bad is not None:
        reason = f"contains the character U+{ord(bad):04X}, which is not printable; remove it"
        return "", Problem("invalid_characters", reason)
    return text, None


def _first_forbidden(text: str) -> str | None:
    for character in text:
        category = unicodedata.category(character)
        if category in _FORBIDDEN_CATEGORIES or (category == "Zs" and character != " "):
            return character
    return None


def count_digits(text: str) -> int:
    """Count digits of any script and style: full-width, superscript, circled and roman ones as well."""
    return sum(1 for character in text if character.isnumeric())


def fault_of_schema(error: SchemaFault) -> str:
    """Return what a JSON Schema refuses as a sentence that names the place and repeats no long text or card number."""
    place = "/".join(_part(part) for part in error.absolute_path)
    said = str(error.message)
    if len(repr(error.instance)) > LONGEST_SHOWN and error.validator != "required":
        said = f"breaks the rule {error.validator!s}"
        if error.validator == "additionalProperties" and isinstance(error.instance, dict):
            unknown = [_part(key) for key in error.instance if ascii(key) in ascii(error.message)]
            said = f"has members that are not known here: {', '.join(unknown[:5])}"
    sentence = f"{place or 'value'}: {said}"
    return CARD_UNSEEN if may_be_card_number(sentence) else sentence[:300]


def _part(part: object) -> str:
    text = str(part)
    return text if len(text) <= LONGEST_SHOWN else "…"


def shown(given: object) -> str:
    """Return text fit for a message or log: one line, ASCII, short, and never what may be a card number."""
    if not isinstance(given, str):
        return f"of type {type(given).__name__}"
    head = given[:LONGEST_SHOWN]
    if may_be_card_number(given[: LONGEST_SHOWN * 2]):
        return "(not shown: it may hold a card number)"
    return ascii(head) + ("…" if len(given) > LONGEST_SHOWN else "")
