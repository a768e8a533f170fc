"""Which fields of its rows a caller wants: ``fields`` and ``omit`` by name, ``brief`` for the few that name a row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import QueryDict

from config.foundation.rest.errors import Faults

SELECTION_PARAMETERS = ("fields", "omit", "brief")


def read_selection(
    query: QueryDict, *, available: Sequence[str], brief: Sequence[str], faults: Faults
) -> frozenset[str] | None:
    """Return the names of the fields to show, or None where the caller leaves all of them."""
    given = [name for name in SELECTION_PARAMETERS if name in query]
    if not given:
        return None
    for name in given[1:]:
        faults.at_parameter(name, f"Give one of {', '.join(SELECTION_PARAMETERS)}.", "exclusive")
    if given[0] == "brief":
        return _read_brief(query, brief, faults)
    named = set(str(query[given[0]]).split(","))
    if not named <= set(available):
        detail = f"Name fields of these, joined by commas: {', '.join(available)}."
        faults.at_parameter(given[0], detail, "unknown_field")
    return frozenset(named if given[0] == "fields" else set(available) - named)


def _read_brief(query: QueryDict, brief: Sequence[str], faults: Faults) -> frozenset[str] | None:
    if query["brief"] not in ("true", "false"):
        faults.at_parameter("brief", "Write true or false.", "invalid_choice")
    return frozenset(brief) if query["brief"] == "true" else None


def selection_parameters(available: Sequence[str], brief: Sequence[str]) -> tuple[dict[str, Any], ...]:
    """Return the OpenAPI parameter objects; what is left out is absent, whatever the answer's schema requires."""
    names = {"type": "array", "items": {"type": "string", "enum": list(available)}, "minItems": 1}
    listed = {"in": "query", "style": "form", "explode": False, "schema": names}
    return (
        {"name": "fields", "description": "Show these fields alone.", **listed},
        {"name": "omit", "description": "Show all but these fields.", **listed},
        {
            "name": "brief",
            "in": "query",
            "description": f"true: show {', '.join(brief)} alone.",
            "schema": {"type": "boolean"},
        },
    )
