"""SS7 point codes: one integer, written in the components of a format, unique within a network indicator.

A format's name gives the bits of its components, most significant first; a national format that is often
written in reverse order therefore has two names.
Source: ITU-T Q.704 §14.2, Q.708; ANSI T1.111.4; TTC JT-Q704.
"""

import re

from directory.rails.kinds import Refusal

FORMATS: dict[str, tuple[int, ...]] = {
    "itu-3-8-3": (3, 8, 3),
    "itu-14": (14,),
    "itu-4-3-4-3": (4, 3, 4, 3),
    "itu-5-4-5": (5, 4, 5),
    "itu-7-7": (7, 7),
    "ansi-8-8-8": (8, 8, 8),
    "china-8-8-8": (8, 8, 8),
    "japan-5-4-7": (5, 4, 7),
    "japan-7-4-5": (7, 4, 5),
}
_INDICATORS = {"0": "intl", "1": "intl-spare", "2": "nat", "3": "nat-spare"}
_INTEGER = re.compile(r"[0-9]{1,8}")
_COMPONENTS = re.compile(r"[0-9]{1,5}(?:-[0-9]{1,5})+|[0-9]{1,5}(?:\.[0-9]{1,5})+")


def normalize_pc_scope(scope: str) -> str:
    """Return ``format/indicator``; the indicator may be given as its number. Raises `Refusal`."""
    form, _, indicator = scope.lower().partition("/")
    indicator = _INDICATORS.get(indicator, indicator)
    if form not in FORMATS:
        raise Refusal(f"names no format of point codes; use one of {', '.join(FORMATS)}", field="scope")
    if indicator not in _INDICATORS.values():
        known = ", ".join(_INDICATORS.values())
        raise Refusal(f"names no network indicator after the slash; use one of {known}", field="scope")
    return f"{form}/{indicator}"


def parse_point_code(value: str, scope: str) -> int:
    """Return the integer of a point code, written as one or in components. Raises `Refusal`."""
    form = scope.partition("/")[0]
    bits = FORMATS[form]
    if _INTEGER.fullmatch(value):
        return _within(int(value), sum(bits), "the point code")
    if len(bits) == 1 or not _COMPONENTS.fullmatch(value):
        raise Refusal(f"is no point code of {form}; give an integer{_or_components(bits)}")
    parts = re.split(r"[.-]", value)
    if len(parts) != len(bits):
        raise Refusal(
            f"has {len(parts)} components where {form} has {len(bits)}; check the format in the scope"
        )
    code = 0
    for position, (part, width) in enumerate(zip(parts, bits, strict=True), start=1):
        code = code << width | _within(int(part), width, f"component {position}")
    return code


def show_point_code(normalized: str, scope: str) -> str:
    """Return a normalised point code in the components of its format, joined by dashes."""
    code, parts = int(normalized), []
    for width in reversed(FORMATS[scope.partition("/")[0]]):
        parts.append(str(code & (1 << width) - 1))
        code >>= width
    return "-".join(reversed(parts))


def _within(number: int, width: int, what: str) -> int:
    if number >> width:
        raise Refusal(f"overflows: {what} is {number}, but {width} bits end at {(1 << width) - 1}")
    return number


def _or_components(bits: tuple[int, ...]) -> str:
    return f" or {len(bits)} components joined by - or ." if len(bits) > 1 else ""
