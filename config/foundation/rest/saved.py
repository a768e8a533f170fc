"""Saved filters, applied to lists: ``?filter=<slug>``; what else is asked for narrows further."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import QueryDict

from config.foundation.rest.errors import Faults
from config.foundation.rest.filters import DeclaredFilters
from config.foundation.rest.queries import collect_parameter_faults, repeatable_names
from config.foundation.saved_filters import (
    NOT_OF_THIS_LIST,
    Parameters,
    Refuse,
    SavedParameters,
    filter_store,
)

FILTER = "filter"
SLUG_MAX_LENGTH = 64
FILTER_PARAMETER: dict[str, Any] = {
    "name": FILTER,
    "in": "query",
    "description": "Slug of a saved filter of this list: your own, or a shared one. Other filters narrow further.",
    "schema": {"type": "string", "minLength": 1, "maxLength": SLUG_MAX_LENGTH},
}


def query_of(parameters: Parameters) -> QueryDict:
    """Return parameters as a query."""
    query = QueryDict(mutable=True)
    for name, values in parameters.items():
        query.setlist(name, list(values))
    return query


def refusing(filters: type[DeclaredFilters]) -> Refuse:
    """Return what refuses parameters that a filter set does not take."""

    def refuse(parameters: Parameters) -> None:
        found = _faults(filters, parameters).found
        if found:
            errors = [
                ValidationError(f"{one.place['parameter']}: {one.detail}", code=one.code) for one in found
            ]
            raise ValidationError({"parameters": errors})

    return refuse


def read_saved(
    query: QueryDict, *, resource: str, filters: type[DeclaredFilters], user_id: UUID, faults: Faults
) -> SavedParameters | None:
    """Return the saved filter that is asked for, or None, with a fault where the list has no such one."""
    if FILTER not in query:
        return None
    found = filter_store().find(slug=str(query[FILTER]), resource=resource, user_id=user_id)
    if found is None:
        faults.at_parameter(FILTER, NOT_OF_THIS_LIST, "not_found")
    elif _faults(filters, found.parameters).found:
        detail = "This filter was saved for parameters that the list no longer takes. Change the filter."
        faults.at_parameter(FILTER, detail, "outdated")
    return found


def _faults(filters: type[DeclaredFilters], parameters: Parameters) -> Faults:
    query, faults = query_of(parameters), Faults()
    collect_parameter_faults(
        query, known=filters.names(), repeatable=repeatable_names(filters), faults=faults
    )
    if not faults.found:
        filters(query, queryset=filters._meta.model._default_manager.none()).collect(faults)  # noqa: SLF001
    return faults
