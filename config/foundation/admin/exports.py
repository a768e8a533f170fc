"""Rows taken away as a file."""

import csv
from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from config.foundation.actor import Actor
from config.foundation.cells import safe_cell
from config.foundation.refusals import Export, tell_exported
from config.foundation.rows import STAMPS, Row

CONFIDENTIAL_PRIVILEGE = "view_confidential"
CONFIDENTIAL_FROM_TIER = 2
EXPORTED_ROWS_MAX = 100_000
HIDDEN = "•••"


class ExportMixin:
    """An action that downloads the chosen rows as CSV.

    Columns are those declared plain. Personal ones are added, read in clear, for who holds ``view_confidential``;
    confidential and secret ones never leave. A row's own tier hides its ``by_row`` columns from the confidential up.
    """

    actions: Any = ("export_csv",)
    model: Any
    admin_site: Any

    @admin.action(description="Export as CSV", permissions=["view"])
    def export_csv(self, request: HttpRequest, queryset: Any) -> HttpResponseBase:
        """Return the rows as a file."""
        response = HttpResponse(content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{self.model._meta.model_name}.csv"'
        lines = list(self._lines(request, queryset))
        csv.writer(response).writerows(lines)
        self.tell_exported(request, "csv", len(lines) - 1)
        return response

    def tell_exported(self, request: Any, format_name: str, row_count: int) -> None:
        """Have the export recorded: which table, how it was narrowed, how many rows."""
        actor, resource = Actor.user(request.user.pk), self.model._meta.label_lower
        tell_exported(Export(actor, resource, format_name, tuple(sorted(request.GET)), row_count))

    def _lines(self, request: HttpRequest, queryset: Any) -> Iterator[list[str]]:
        tiers = self.model.tiers
        is_row = issubclass(self.model, Row)  # else bookkeeping, which has no stamps
        columns = [*tiers.plain, *tiers.by_row, *is_row * STAMPS[::2]]
        if self._may_see_personal(request):
            columns = [*tiers.personal, *columns]
        if hasattr(self.model, "display_id"):
            columns = ["display_id", *columns]
        names = [self._attribute(column) for column in columns]
        yield names
        for row in queryset[:EXPORTED_ROWS_MAX].iterator(chunk_size=2000):
            is_covered = getattr(row, "tier", 0) >= CONFIDENTIAL_FROM_TIER
            yield [
                HIDDEN if is_covered and column in tiers.by_row else safe_cell(getattr(row, name))
                for column, name in zip(columns, names, strict=True)
            ]

    def _attribute(self, column: str) -> str:
        if column == "display_id":
            return column
        return str(self.model._meta.get_field(column).attname)

    def _may_see_personal(self, request: Any) -> bool:
        held = self.admin_site.privileges_of(request)
        return bool(request.user.is_superuser) if held is None else CONFIDENTIAL_PRIVILEGE in held
