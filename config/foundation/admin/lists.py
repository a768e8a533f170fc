"""Lists that do not count a whole table besides what they show."""

from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import SEARCH_VAR
from django.core.paginator import Paginator
from django.db import connections
from django.http import HttpRequest
from django.utils.functional import cached_property
from unfold.views import ChangeList

COUNTED_ROWS_MAX = (
    10_000  # rows beyond are estimated: counting a million of them takes longer than reading a page
)


class EstimatingPaginator(Paginator):  # type: ignore[type-arg]
    """Counts up to a bound, and asks the planner beyond it."""

    @cached_property
    def count(self) -> int:
        """Return the number of rows: exact below the bound, the planner's for a whole table, else the bound."""
        rows: Any = self.object_list
        counted: int = rows.order_by()[: COUNTED_ROWS_MAX + 1].count()
        if counted <= COUNTED_ROWS_MAX:
            return counted
        return COUNTED_ROWS_MAX if rows.query.has_filters() else max(counted, estimate_rows(rows))


def estimate_rows(rows: Any) -> int:
    """Return how many rows the planner believes a queryset's table to have; -1 where it never looked."""
    connection = connections[rows.db]
    statement = (
        "SELECT c.reltuples::bigint FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = %s AND c.relname = %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [connection.schema_name, rows.model._meta.db_table])  # type: ignore[attr-defined]
        found = cursor.fetchone()
    return int(found[0]) if found else -1


class BoundedChangeList(ChangeList):  # type: ignore[misc]
    """A list that does not count the whole table besides what it shows."""

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        filters = (
            values for name, values in request.GET.lists() if name != SEARCH_VAR
        )  # whose form says it itself
        if any("\x00" in value for values in filters for value in values):
            raise IncorrectLookupParameters("no column holds a null character")
        super().__init__(request, *args, **kwargs)

    def get_results(self, request: HttpRequest) -> None:
        """Find the rows of the page; an unfiltered list has just what it counted."""
        super().get_results(request)
        if not self.query and not self.has_active_filters:
            self.full_result_count = self.result_count
