"""SCCP global titles: digits, and in the scope what else the translation selects on.

Titles are those of ITU-T; a network that follows ANSI maps its indicators onto them where it meets this one.
Source: ITU-T Q.713 §3.4.2.3.
"""

import re
from collections.abc import Mapping

from directory.rails.kinds import Canonical, Refusal

_DIGITS = re.compile(r"[0-9]{1,15}")
_SMALL_NUMBER = re.compile(r"[0-9]{1,3}")

# What a global title carries, by its indicator (ITU-T Q.713 §3.4.2.3); indicator 0 means that there is none.
_FIELDS = {1: ("nai",), 2: ("tt",), 3: ("tt", "np"), 4: ("tt", "np", "nai")}
_DEFAULTS = {"tt": 0, "np": 1, "nai": 4}
_LIMITS = {"gti": (1, 4), "tt": (0, 255), "np": (0, 15), "nai": (0, 127)}
INTERNATIONAL = "tt=0;np=1;nai=4"


def normalize_title(value: str, scope: str) -> Canonical:
    """Return the digits of a global title. Raises `Refusal`."""
    if not _DIGITS.fullmatch(value):
        raise Refusal("is no global title; give 1 to 15 digits and nothing else (no +)")
    return Canonical(value, scope)


def normalize_title_scope(scope: str) -> str:
    """Return ``tt=0;np=1;nai=4``, or with ``gti=`` in front when it is not 4. Raises `Refusal`."""
    given = dict(_selector(part) for part in scope.replace(" ", "").lower().strip(";").split(";"))
    if len(given) != scope.strip("; ").count(";") + 1:
        raise Refusal("names a selector twice; give each once", field="scope")
    gti = given.pop("gti", 4)
    carried = _FIELDS[gti]
    if strays := given.keys() - set(carried):
        extra = ", ".join(sorted(strays))
        reason = f"gives {extra}, which a title of indicator {gti} does not carry; leave it out"
        raise Refusal(reason, field="scope")
    parts = [f"{name}={given.get(name, _DEFAULTS[name])}" for name in carried]
    return ";".join(parts if gti == 4 else [f"gti={gti}", *parts])


def _selector(part: str) -> tuple[str, int]:
    name, _, text = part.partition("=")
    if name not in _LIMITS or not _SMALL_NUMBER.fullmatch(text):
        raise Refusal(
            f"is none of a global title; give it as {INTERNATIONAL}, with gti= if it is not 4", field="scope"
        )
    low, high = _LIMITS[name]
    if not low <= int(text) <= high:
        raise Refusal(f"has {name} outside {low} to {high}; correct it", field="scope")
    return name, int(text)


def select_on_title(scope: str) -> Mapping[str, int]:
    """Return ``{"gti": 4, "tt": 0, "np": 1, "nai": 4}`` of a normalised scope."""
    return {"gti": 4} | {name: int(value) for name, value in (part.split("=") for part in scope.split(";"))}
