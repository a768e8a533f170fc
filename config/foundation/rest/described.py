"""Filters that are more than a comparison of one column, and say in words what they keep."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import Model, Q, QuerySet

from config.foundation.rest.filters import DeclaredFilter
from config.foundation.rest.moments import MomentField

RowsOfRequest = Callable[[type[Model], UUID], QuerySet[Any]]


class DescribedFilter(DeclaredFilter):
    """A filter that says in words what it keeps."""

    meaning: str

    def parameter(self, name: str) -> dict[str, Any]:
        """Return the OpenAPI parameter object."""
        return {"name": name, "in": "query", "description": self.meaning, "schema": self.schema}


class AsOfFilter(DescribedFilter):
    """Rows that are valid at a moment: from the beginning of their validity on, and until before its end.

    ``ends`` are all columns that end it, whichever comes first; a column that is null begins or ends nothing.
    """

    def __init__(self, begins: str = "valid_from", ends: tuple[str, ...] = ("valid_to",)) -> None:
        schema = {"type": "string", "format": "date-time"}
        super().__init__(lookup_expr="as_of", each=MomentField(required=False), schema=schema)
        self.begins, self.ends = begins, ends
        before = ", ".join(f"`{name}`" for name in ends)
        self.meaning = f"Valid at this moment, past or future: not before `{begins}`, and before {before}."

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        """Narrow the rows."""
        if value is None:
            return qs
        is_valid = Q(**{f"{self.begins}__isnull": True}) | Q(**{f"{self.begins}__lte": value})
        for column in self.ends:
            is_valid &= Q(**{f"{column}__isnull": True}) | Q(**{f"{column}__gt": value})
        return qs.filter(is_valid)


class RequestFilter(DescribedFilter):
    """Rows that one request created or changed.

    ``rows`` returns, of a model and the request's id, the keys of such rows.
    """

    def __init__(self, done: str, rows: RowsOfRequest) -> None:
        schema = {"type": "string", "format": "uuid"}
        super().__init__(lookup_expr="request", each=forms.UUIDField(required=False), schema=schema)
        self.rows = rows
        self.meaning = f"Rows that the request with this X-Request-ID {done}."

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        """Narrow the rows."""
        return qs if value is None else qs.filter(pk__in=self.rows(qs.model, value))
