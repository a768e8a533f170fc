"""Cleaning of text that strangers send, and showing it back to them safely."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Any, NamedTuple, Protocol

# Controls, invisible format characters (among them the marks that turn the writing direction), surrogates,
# private use, unassigned, and line and paragraph separators: none has a place in an identifier.
_FORBIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_EDGES = " \t\r\n"
LONGEST_SHOWN = 64
_PRINTABLE_ASCII = re.compile(r"[ -~]*")
_SEPARATED_DIGITS = re.compile(r"\d(?:[^0-9A-Za-z]{0,2}\d){12,}")
_WHOLE_NUMBER = re.compile(r"\d(?:[ -]?\d)*")
_LONG_CARD_DIGITS = range(16, 20)


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


def passes_luhn(digits: str) -> bool:
    """Tell whether ASCII digits end in their Luhn check digit."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if position % 2 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def may_be_card_number(text: str) -> bool:
    """Tell whether 13 or more digits, at most two separators apart, end in a Luhn check digit."""
    for match in _SEPARATED_DIGITS.finditer(text):
        digits = "".join(str(unicodedata.digit(c)) for c in match.group() if c.isdigit())
        windows = (digits[i : i + n] for n in range(13, 20) for i in range(len(digits) - n + 1))
        if any(passes_luhn(window) for window in windows):
            return True
    return False


def is_long_card_number(text: str) -> bool:
    """Tell whether a whole number of 16 to 19 digits ends in its Luhn check digit: where 13 to 15 are ordinary."""
    for match in _WHOLE_NUMBER.finditer(text):
        digits = "".join(str(unicodedata.digit(c)) for c in match.group() if c.isdigit())
        if len(digits) in _LONG_CARD_DIGITS and passes_luhn(digits):
            return True
    return False


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
