"""Which fields of its rows a caller wants: ``fields`` and ``omit`` by name, ``brief`` for the few that name a row.

A field of a nested object is named by a dot: ``participant.name``. A choice is the set of the names that are shown, the
nested ones and those of their objects among them; an object of which nothing is shown is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import QueryDict
from rest_framework.serializers import BaseSerializer, Serializer

from config.foundation.rest.errors import Faults

SELECTION_PARAMETERS = ("fields", "omit", "brief")


def selectable_names(shaping: type[BaseSerializer[Any]]) -> tuple[str, ...]:
    """Return the names of a serializer's fields, each followed by those of its nested object."""
    made: Any = shaping()
    return tuple(
        selectable
        for name in made.Meta.fields
        for selectable in (name, *(f"{name}.{nested}" for nested in _nested_fields(made.fields[name])))
    )


def trim(fields: dict[str, Any], shown: frozenset[str]) -> None:
    """Leave the fields of a serializer that are shown, and of nested objects likewise."""
    for name in tuple(fields):
        if name not in shown:
            del fields[name]
            continue
        for nested in tuple(_nested_fields(fields[name])):
            if f"{name}.{nested}" not in shown:
                del fields[name].fields[nested]


def read_selection(
    query: QueryDict, *, available: Sequence[str], brief: Sequence[str], faults: Faults
) -> frozenset[str] | None:
    """Return the names of the fields to show, or None where the caller leaves all of them.

    ``available`` are all selectable names.
    """
    given = [name for name in SELECTION_PARAMETERS if name in query]
    if not given:
        return None
    for name in given[1:]:
        faults.at_parameter(name, f"Give one of {', '.join(SELECTION_PARAMETERS)}.", "exclusive")
    if given[0] == "brief":
        return _read_brief(query, available, brief, faults)
    named = set(str(query[given[0]]).split(","))
    if not named <= set(available):
        detail = f"Name fields of these, joined by commas: {', '.join(available)}."
        faults.at_parameter(given[0], detail, "unknown_field")
    return _chosen(named, available) if given[0] == "fields" else _left(named, available)


def _read_brief(
    query: QueryDict, available: Sequence[str], brief: Sequence[str], faults: Faults
) -> frozenset[str] | None:
    if query["brief"] not in ("true", "false"):
        faults.at_parameter("brief", "Write true or false.", "invalid_choice")
    return _chosen(set(brief), available) if query["brief"] == "true" else None


def _chosen(named: set[str], available: Sequence[str]) -> frozenset[str]:
    """Return what is shown where these alone are wanted: with an object, all that is in it."""
    whole = {name for name in available if name.partition(".")[0] in named}
    return frozenset(named | whole | {name.partition(".")[0] for name in named})


def _left(named: set[str], available: Sequence[str]) -> frozenset[str]:
    """Return what is shown where these are not wanted: no object whose fields are all left out."""
    left = {name for name in available if name not in named and name.partition(".")[0] not in named}
    emptied = {
        name
        for name in left
        if any(one.startswith(f"{name}.") for one in available)
        and not any(one.startswith(f"{name}.") for one in left)
    }
    return frozenset(left - emptied)


def _nested_fields(field: Any) -> tuple[str, ...]:
    return tuple(field.fields) if isinstance(field, Serializer) else ()


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
