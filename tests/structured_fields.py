"""Reads a list of strings with integer parameters, as RFC 9651 writes it; anything else is a fault."""

import re

_KEY = r"[a-z*][a-z0-9_\-.*]*"
_ITEM = re.compile(rf'"((?:[ !#-\[\]-~]|\\["\\])*)"((?:;[ ]*{_KEY}=-?[0-9]{{1,15}})*)')
_PARAMETER = re.compile(rf";[ ]*({_KEY})=(-?[0-9]{{1,15}})")
_COMMA = re.compile(r"[ \t]*,[ \t]*")


def read_list(text: str) -> dict[str, dict[str, int]]:
    """Return the members of a list: each string with its parameters, in their order.

    Raises:
        ValueError: the text is no such list.
    """
    found: dict[str, dict[str, int]] = {}
    place = 0
    while True:
        item = _ITEM.match(text, place)
        if item is None or item[1] in found:
            raise ValueError(f"no such list: {text}")
        found[item[1]] = {key: int(number) for key, number in _PARAMETER.findall(item[2])}
        if item.end() == len(text):
            return found
        comma = _COMMA.match(text, item.end())
        if comma is None:
            raise ValueError(f"no such list: {text}")
        place = comma.end()
