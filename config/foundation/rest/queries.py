"""What a caller asks of an address: its parameters, every fault of them at once."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from django.http import QueryDict

from config.foundation.rest.errors import Faults
from config.foundation.rest.filters import DeclaredFilters
from config.foundation.rest.paging import (
    COUNT_ESTIMATE,
    CURSOR_MAX_LENGTH,
    LIMIT_DEFAULT,
    LIMIT_MAX,
    OFFSET_MAX,
    Paging,
    binding_of,
    read_cursor,
    read_limit,
    read_offset,
    read_ordering,
)
from config.foundation.rest.selection import SELECTION_PARAMETERS

PAGING_PARAMETERS = frozenset({"limit", "cursor", "ordering", "offset", "count"})
PLACES = frozenset({"cursor", "offset"})
DIRECTORY_GLOBAL = "global"
DIRECTORY_PARAMETER: dict[str, Any] = {
    "name": "directory",
    "in": "query",
    "description": "`global` reads the global directory instead of the tenant's own.",
    "schema": {"type": "string", "enum": [DIRECTORY_GLOBAL]},
}
_NO_TEXT = re.compile("[\x00-\x1f\x7f]")


def collect_parameter_faults(
    query: QueryDict, *, known: Collection[str], repeatable: Collection[str], faults: Faults
) -> None:
    """Add a fault for each parameter that is unknown, given twice without meaning, or no text."""
    for name, values in query.lists():
        if name not in known:
            faults.at_parameter(name, "This parameter is not known here.", "unknown_parameter")
        elif len(values) > 1 and name not in repeatable:
            faults.at_parameter(name, "Give this parameter once.", "repeated")
        elif any(_NO_TEXT.search(value) for value in values):
            faults.at_parameter(name, "The value holds a control character.", "invalid_text")


def collect_directory_faults(query: QueryDict, faults: Faults) -> None:
    """Add a fault where ``directory`` names anything but the global directory."""
    if query.get("directory", DIRECTORY_GLOBAL) != DIRECTORY_GLOBAL:
        faults.at_parameter(
            "directory", "Write global, or leave it out for your own directory.", "invalid_choice"
        )


def read_paging(  # noqa: PLR0913 -- what a cursor is bound to
    query: QueryDict,
    *,
    schema: str,
    path: str,
    default: tuple[str, ...],
    orderings: tuple[str, ...],
    faults: Faults,
    state: str = "",
) -> Paging:
    """Return how the list is cut; cursors are bound to schema, path, filters and ordering.

    ``state`` is that of a saved filter: a cursor is good while it stands.
    """
    ordering = default
    if "ordering" in query:
        ordering = read_ordering(_text(query, "ordering"), allowed=orderings, faults=faults) or default
    if ordering[-1] not in ("pk", "-pk"):
        ordering = (*ordering, "pk")
    limit = read_limit(_text(query, "limit"), faults) if "limit" in query else LIMIT_DEFAULT
    given = sorted(
        f"{name}={value}"
        for name, values in query.lists()
        for value in values
        if name not in (*PAGING_PARAMETERS, *SELECTION_PARAMETERS)
    )
    binding = binding_of(schema, path, state, *ordering, *given)
    cursor = (
        read_cursor(_text(query, "cursor"), binding=binding, faults=faults) if "cursor" in query else None
    )
    offset = read_offset(_text(query, "offset"), faults) if "offset" in query else None
    if query.keys() >= PLACES:
        faults.at_parameter("offset", "Give offset or cursor, not both.", "exclusive")
    if query.get("count", COUNT_ESTIMATE) != COUNT_ESTIMATE:
        faults.at_parameter("count", "Write estimate, or leave it out.", "invalid_choice")
    return Paging(ordering, limit, cursor, binding, offset, estimates="count" in query)


def repeatable_names(filters: type[DeclaredFilters]) -> set[str]:
    """Return the names of the filters that may be repeated."""
    return {name for name, declared in filters.base_filters.items() if declared.is_repeatable}


def _text(query: QueryDict, name: str) -> str:
    return str(query.get(name, ""))


def paging_parameters(orderings: tuple[str, ...]) -> tuple[dict[str, Any], ...]:
    """Return the OpenAPI parameter objects of a list's paging."""
    columns = "|".join(orderings)
    return (
        {
            "name": "ordering",
            "in": "query",
            "description": f"Any of {', '.join(orderings)}, joined by commas; a minus reverses one.",
            "schema": {"type": "string", "pattern": f"^-?({columns})(,-?({columns}))*$"},
        },
        {
            "name": "limit",
            "in": "query",
            "description": "Rows on a page.",
            "schema": {"type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": LIMIT_DEFAULT},
        },
        {
            "name": "cursor",
            "in": "query",
            "description": "From `next` or `previous`; good for the same list, filters, ordering and tenant.",
            "schema": {"type": "string", "maxLength": CURSOR_MAX_LENGTH},
        },
        {
            "name": "offset",
            "in": "query",
            "description": "Rows to leave out, instead of a cursor; the answer then has their `count`.",
            "schema": {"type": "integer", "minimum": 0, "maximum": OFFSET_MAX},
        },
        {
            "name": "count",
            "in": "query",
            "description": "`estimate` adds the planner's `count`, marked by `count_is_estimate`; no row is read.",
            "schema": {"type": "string", "enum": [COUNT_ESTIMATE]},
        },
    )
