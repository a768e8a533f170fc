"""The conditions of policies: what they mean for a set of attributes, and how they read as words.

A missing attribute makes every comparison false but ``ne`` and ``not_in``. An attribute that is a list
(roles, tags, protocols) satisfies ``eq``, ``in``, ``prefix`` and ``glob`` by any of its members; ``ne`` and
``not_in`` are the exact opposites of ``eq`` and ``in``.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from directory.resolution.records import Policy


def matches(condition: Mapping[str, Any], attributes: Mapping[str, Any]) -> bool:
    """Tell whether a condition holds for these attributes (``{"time.hour": 22, …}``)."""
    if "all" in condition:
        return all(matches(part, attributes) for part in condition["all"])
    if "any" in condition:
        return any(matches(part, attributes) for part in condition["any"])
    if "not" in condition:
        return not matches(condition["not"], attributes)
    return _COMPARE[condition["op"]](_values(attributes.get(condition["attr"])), condition["value"])


def _values(value: Any) -> Sequence[Any]:
    """Return the values of an attribute; none when it is missing or empty."""
    if value is None or value == "":
        return ()
    return value if isinstance(value, tuple) else (value,)


def _is_equal(left: Any, right: Any) -> bool:
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def _eq(values: Sequence[Any], wanted: Any) -> bool:
    return any(_is_equal(value, wanted) for value in values)


def _in(values: Sequence[Any], wanted: Sequence[Any]) -> bool:
    return any(_eq(values, item) for item in wanted)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _compares(left: Any, right: Any, how: Callable[[Any, Any], bool]) -> bool:
    alike = (_is_number(left) and _is_number(right)) or (isinstance(left, str) and isinstance(right, str))
    return alike and how(left, right)


def _ordering(how: Callable[[Any, Any], bool]) -> Callable[[Sequence[Any], Any], bool]:
    return lambda values, wanted: any(_compares(value, wanted, how) for value in values)


_COMPARE: Mapping[str, Callable[[Sequence[Any], Any], bool]] = {
    "eq": _eq,
    "ne": lambda values, wanted: not _eq(values, wanted),
    "in": _in,
    "not_in": lambda values, wanted: not _in(values, wanted),
    "prefix": lambda values, wanted: any(isinstance(v, str) and v.startswith(wanted) for v in values),
    "glob": lambda values, wanted: any(isinstance(v, str) and fnmatchcase(v, wanted) for v in values),
    "exists": lambda values, wanted: bool(values) is wanted,
    "gt": _ordering(lambda left, right: left > right),
    "gte": _ordering(lambda left, right: left >= right),
    "lt": _ordering(lambda left, right: left < right),
    "lte": _ordering(lambda left, right: left <= right),
}


def sentence(condition: Mapping[str, Any], attributes: Mapping[str, Any]) -> str:
    """Return the part of a condition that held, as words: ``time.hour gte 22``."""
    if "all" in condition:
        return " and ".join(sentence(part, attributes) for part in condition["all"])
    if "any" in condition:
        return sentence(next(part for part in condition["any"] if matches(part, attributes)), attributes)
    if "not" in condition:
        return f"not ({_plain(condition['not'])})"
    return _plain(condition)


def _plain(condition: Mapping[str, Any]) -> str:
    for word in ("all", "any"):
        if word in condition:
            joint = " and " if word == "all" else " or "
            return joint.join(_plain(part) for part in condition[word])
    if "not" in condition:
        return f"not ({_plain(condition['not'])})"
    value = condition["value"]
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return f"{condition['attr']} {condition['op']} {re.sub(r'[^ -~]+', '?', text)}"


def mentions(policies: Iterable[Policy], prefix: str) -> bool:
    """Tell whether any policy reads an attribute that begins so."""
    return any(_reads(policy.rule["when"], prefix) for policy in policies)


def _reads(condition: Mapping[str, Any], prefix: str) -> bool:
    parts = condition.get("all") or condition.get("any") or ([condition["not"]] if "not" in condition else [])
    return any(_reads(part, prefix) for part in parts) or condition.get("attr", "").startswith(prefix)
