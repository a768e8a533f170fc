"""Keyset paging: a signed cursor over (ordering…, id): nothing is skipped or repeated while others write.

A cursor is bound to the list, its filters, its ordering and the schema it was made in. Ordering columns are
never null. On request a page is cut by offset instead, and only then rows are counted.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.core import signing
from django.db.models import Model, Q, QuerySet

from config.foundation.rest.errors import Faults

LIMIT_DEFAULT = 50
LIMIT_MAX = 200
OFFSET_MAX = 10_000
COUNT_ESTIMATE = "estimate"
CURSOR_MAX_LENGTH = 2048
Place = tuple[str, str]  # a parameter, and its value, which name a page
_SALT = "switchboard.cursor"
_CURSOR_REFUSED = "This cursor is not of this list and filter. Begin again without one."


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in an ordered list: just after the row with these values, or just before it."""

    values: tuple[Any, ...]
    is_backward: bool


@dataclass(frozen=True, slots=True)
class Page:
    """One page of rows, with its neighbours' places where there are any; ``count`` where it was asked for."""

    rows: list[Any]
    next: Place | None
    previous: Place | None
    first: Place | None = None
    last: Place | None = None
    count: int | None = None
    count_is_estimate: bool = False


@dataclass(frozen=True, slots=True)
class Paging:
    """How a list is cut: ordering, like ``("-priority", "pk")``, page size, place, binding of cursors."""

    ordering: tuple[str, ...]
    limit: int = LIMIT_DEFAULT
    cursor: Cursor | None = None
    binding: str = field(default="", repr=False)
    offset: int | None = None
    estimates: bool = False

    def page(self, queryset: QuerySet[Any]) -> Page:
        """Return one page: in one statement by cursor; by offset, or with an estimate, one more counts."""
        page = self._page_by_cursor(queryset) if self.offset is None else self._page_by_offset(queryset)
        return replace(page, count=estimate(queryset), count_is_estimate=True) if self.estimates else page

    def pages(self, queryset: QuerySet[Any]) -> Iterator[list[Any]]:
        """Yield all rows, a page at a time, each read by a statement of its own when it is asked for."""
        page = queryset.order_by(*self.ordering)[: self.limit]
        while rows := list(page):
            yield rows
            beyond = _beyond(list(self.ordering), tuple(self._values_of(rows[-1])))
            page = queryset.filter(beyond).order_by(*self.ordering)[: self.limit]

    def _page_by_offset(self, queryset: QuerySet[Any]) -> Page:
        offset = self.offset or 0
        rows = list(queryset.order_by(*self.ordering)[offset : offset + self.limit + 1])
        count = None if self.estimates else queryset.order_by().count()
        return Page(
            rows[: self.limit],
            next=_offset(offset + self.limit) if len(rows) > self.limit else None,
            previous=_offset(max(offset - self.limit, 0)) if offset else None,
            first=_offset(0),
            last=None if count is None else _offset(max(count - 1, 0) // self.limit * self.limit),
            count=count,
        )

    def _page_by_cursor(self, queryset: QuerySet[Any]) -> Page:
        is_backward = self.cursor is not None and self.cursor.is_backward
        ordering = [_reversed(name) for name in self.ordering] if is_backward else list(self.ordering)
        if self.cursor is not None:
            queryset = queryset.filter(_beyond(ordering, self.cursor.values))
        rows = list(queryset.order_by(*ordering)[: self.limit + 1])
        has_more = len(rows) > self.limit
        rows = rows[: self.limit]
        if is_backward:
            rows.reverse()
        has_next, has_previous = (True, has_more) if is_backward else (has_more, self.cursor is not None)
        return Page(
            rows,
            ("cursor", self._cursor(rows[-1], is_backward=False)) if rows and has_next else None,
            ("cursor", self._cursor(rows[0], is_backward=True)) if rows and has_previous else None,
        )

    def _cursor(self, row: Model, *, is_backward: bool) -> str:
        values = [_packed(value) for value in self._values_of(row)]
        return signing.dumps([self.binding, int(is_backward), values], salt=_SALT, compress=True)

    def _values_of(self, row: Model) -> Iterator[Any]:
        return (getattr(row, name.removeprefix("-")) for name in self.ordering)


def binding_of(*parts: str) -> str:
    """Return a digest of everything that a cursor is bound to."""
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def read_cursor(text: str, *, binding: str, faults: Faults) -> Cursor | None:
    """Return the place that a cursor names, or None with a fault ``invalid_cursor``."""
    try:
        bound, is_backward, values = signing.loads(text[:CURSOR_MAX_LENGTH], salt=_SALT)
        if bound == binding:
            return Cursor(tuple(map(_unpacked, values)), bool(is_backward))
    except (signing.BadSignature, ValueError, TypeError):
        pass
    faults.at_parameter("cursor", _CURSOR_REFUSED, "invalid_cursor")
    return None


def read_ordering(text: str, *, allowed: Sequence[str], faults: Faults) -> tuple[str, ...]:
    """Return the columns of ``name,-created_at``, or nothing with a fault where one is not declared."""
    names = text.split(",")
    for name in names:
        if name.removeprefix("-") not in allowed:
            faults.at_parameter(
                "ordering", f"Order by {', '.join(allowed)}; a minus reverses.", "unknown_ordering"
            )
            return ()
    if len({name.removeprefix("-") for name in names}) < len(names):
        faults.at_parameter("ordering", "Name each column once.", "unknown_ordering")
        return ()
    return tuple(names)


def read_limit(text: str, faults: Faults) -> int:
    """Return the page size, or the default with a fault."""
    if text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= LIMIT_MAX:
        return int(text)
    faults.at_parameter("limit", f"A page has 1 to {LIMIT_MAX} rows.", "limit_out_of_range")
    return LIMIT_DEFAULT


def read_offset(text: str, faults: Faults) -> int:
    """Return the rows to leave out, or none with a fault."""
    if text.isascii() and text.isdigit() and len(text) < 6 and int(text) <= OFFSET_MAX:
        return int(text)
    detail = f"Leave out 0 to {OFFSET_MAX:,} rows; further on, follow the cursors of `next`."
    faults.at_parameter("offset", detail, "offset_out_of_range")
    return 0


def estimate(queryset: QuerySet[Any]) -> int:
    """Return how many rows the database's planner expects; none is read."""
    (explained,) = json.loads(queryset.order_by().explain(format="json"))
    return int(explained["Plan"]["Plan Rows"])


def with_parameters(url: str, parameters: list[tuple[str, str]]) -> str:
    """Return an address with its query."""
    return f"{url}?{urlencode(parameters)}" if parameters else url


def _offset(number: int) -> Place | None:
    return ("offset", str(number)) if number <= OFFSET_MAX else None


def _reversed(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def _beyond(ordering: list[str], values: tuple[Any, ...]) -> Q:
    """Return the condition of rows after the values: a column beyond, all before it equal."""
    found, equal = Q(), Q()
    for name, value in zip(ordering, values, strict=True):
        column, lookup = name.removeprefix("-"), "lt" if name.startswith("-") else "gt"
        found |= equal & Q(**{f"{column}__{lookup}": value})
        equal &= Q(**{column: value})
    first, lookup = ordering[0].removeprefix("-"), "lte" if ordering[0].startswith("-") else "gte"
    return Q(**{f"{first}__{lookup}": values[0]}) & found  # implied, but this is what an index is searched by


def _packed(value: Any) -> Any:
    match value:
        case datetime():
            return {"t": value.isoformat()}
        case UUID():
            return {"u": value.hex}
        case _:
            return value


def _unpacked(value: Any) -> Any:
    match value:
        case {"t": str(text)}:
            return datetime.fromisoformat(text)
        case {"u": str(text)}:
            return UUID(hex=text)
        case _:
            return value
