"""A policy's condition as a sentence."""

from collections.abc import Mapping
from typing import Any

COMPARED = {
    "eq": "is",
    "ne": "is not",
    "in": "is one of",
    "not_in": "is none of",
    "prefix": "begins with",
    "glob": "is like",
    "gt": "is above",
    "gte": "is at least",
    "lt": "is below",
    "lte": "is at most",
}


def rule_in_words(condition: Mapping[str, Any]) -> str:
    """Return a valid condition as words: ``time.hour is at least 22 and not (participant.country is SE)``."""
    if "all" in condition:
        return " and ".join(_inside(part) for part in condition["all"])
    if "any" in condition:
        return " or ".join(_inside(part) for part in condition["any"])
    if "not" in condition:
        return f"not ({rule_in_words(condition['not'])})"
    attribute, operator, value = condition["attr"], condition["op"], condition["value"]
    if operator == "exists":
        return f"{attribute} is {'given' if value else 'missing'}"
    words = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return f"{attribute} {COMPARED[operator]} {words}"


def _inside(condition: Mapping[str, Any]) -> str:
    words = rule_in_words(condition)
    return f"({words})" if {"all", "any"} & condition.keys() else words
