"""Card numbers in text: told from the other long numbers of a directory by their issuer, length and check digit.

Two questions are asked. Whether a text *may* hold one decides what is shown: what could be one is not repeated. Whether
it *holds* one decides what is refused, so that telephone numbers, global titles, numbers of company registers,
addresses, uuids and object identifiers are not: a card number stands alone or in the groups that cards print.
Source: ISO/IEC 7812-1; PCI DSS 3.
"""

import re
import unicodedata

_LONGEST_SEARCHED = 2_048  # digits: of what is longer, nothing is shown
_SEPARATED_DIGITS = re.compile(rf"\d(?:[^0-9A-Za-z]{{0,2}}\d){{12,{_LONGEST_SEARCHED}}}")
_LENGTHS = range(16, 20)
_GROUPED_DIGITS = 16  # four groups of four; a short fifth may be the card's or stand by itself
_ISSUER = re.compile(r"222[1-9]|22[3-9]|2[3-6]|27[01]|2720|[3-6]")
_AMERICAN_EXPRESS = re.compile(r"3[47][0-9]{13}")
_DINERS_CLUB = re.compile(r"3(?:0[0-5]|095|[689][0-9])[0-9]{11}")
_SIREN_DIGITS = (
    9  # a SIRET (France) has 14 digits, and begins with a number that has a check digit of its own
)
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")

_NO_LETTER_BEFORE, _NO_LETTER_AFTER = r"(?<![^\W_])", r"(?![^\W_])"
_RUN = re.compile(rf"{_NO_LETTER_BEFORE}\d{{16,19}}{_NO_LETTER_AFTER}")
_FOUR_GROUPS = r"\d{4}(?P<gap>%s)\d{4}(?P=gap)\d{4}(?P=gap)\d{4}(?:(?P=gap)\d{1,3})?"
_GROUPS = _NO_LETTER_BEFORE + _FOUR_GROUPS + _NO_LETTER_AFTER
_GAP = r"\s{1,2}|[-\u2010-\u2015./_\u00b7\u2022*]"
_GROUPS_IN_NAMES = re.compile(_GROUPS % "[ -]")
_GROUPS_IN_PROSE = re.compile(_GROUPS % _GAP)
_SHORT_GROUPS = re.compile(
    rf"{_NO_LETTER_BEFORE}\d{{4}}(?P<gap>{_GAP})\d{{6}}(?P=gap)\d{{4,5}}{_NO_LETTER_AFTER}"
)
_SHORT_RUN = re.compile(r"(?<![^\s\"'(\[{<:,;=#])\d{14,15}(?![^\s\"')\]}>:,;.!?])")


def passes_luhn(digits: str) -> bool:
    """Tell whether ASCII digits end in their Luhn check digit."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if position % 2 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def may_be_card_number(text: str) -> bool:
    """Tell whether 13 or more digits, at most two separators apart, end in a Luhn check digit: not to be shown."""
    for match in _SEPARATED_DIGITS.finditer(text):
        digits = _digits(match.group())
        if len(digits) > _LONGEST_SEARCHED:
            return True
        windows = (digits[i : i + n] for n in range(13, 20) for i in range(len(digits) - n + 1))
        if any(passes_luhn(window) for window in windows):
            return True
    return False


def holds_card_number(text: str) -> bool:
    """Tell whether prose holds a card number: 16 to 19 digits of an issuer, or 14 or 15 that stand alone."""
    plain = _INVISIBLE.sub("", text if text.isascii() else unicodedata.normalize("NFKC", text))
    if _has_long_number(plain, _GROUPS_IN_PROSE):
        return True
    short = (*_SHORT_RUN.finditer(plain), *_SHORT_GROUPS.finditer(plain))
    return any(_is_short_number(_digits(match[0])) for match in short)


def is_card_number(text: str) -> bool:
    """Tell whether a name or an address holds a card number of 16 to 19 digits; in those, shorter ones are ordinary."""
    return _has_long_number(text, _GROUPS_IN_NAMES)


def _has_long_number(text: str, groups: re.Pattern[str]) -> bool:
    if any(_is_long_number(_digits(run[0])) for run in _RUN.finditer(text)):
        return True
    grouped = (_digits(found[0]) for found in groups.finditer(text))
    return any(_is_long_number(digits) or _is_long_number(digits[:_GROUPED_DIGITS]) for digits in grouped)


def _is_long_number(digits: str) -> bool:
    return len(digits) in _LENGTHS and bool(_ISSUER.match(digits)) and passes_luhn(digits)


def _is_short_number(digits: str) -> bool:
    if _AMERICAN_EXPRESS.fullmatch(digits):
        return passes_luhn(digits)
    is_diners_club = bool(_DINERS_CLUB.fullmatch(digits)) and passes_luhn(digits)
    return is_diners_club and not passes_luhn(digits[:_SIREN_DIGITS])


def _digits(text: str) -> str:
    return "".join(str(unicodedata.digit(character)) for character in text if character.isdecimal())
