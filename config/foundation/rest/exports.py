"""Whole lists as files: CSV and lines of JSON, written while they are sent, a page in memory at a time."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.utils import DEFAULT_DB_ALIAS
from rest_framework.renderers import JSONRenderer
from rest_framework.utils.encoders import JSONEncoder

from config.foundation.actor import current_act, request_context
from config.foundation.cells import safe_cell
from config.foundation.rest.time_limits import FILE_TIME_MAX_MS, statements_within
from config.foundation.rows import SelectedSchema, schema_selected, selected_schema

Shapes = list[dict[str, Any]]
PAGE_SIZE = 500
UNFINISHED = "The file ends here and is not whole: an error stopped it. Ask for it again."
_END = object()


class CsvRenderer(JSONRenderer):
    """Offers a list as CSV; what it renders itself are refusals, which are JSON whatever was asked for."""

    media_type = "text/csv"
    format = "csv"


class LinesRenderer(JSONRenderer):
    """Offers a list as one JSON object a line; refusals are JSON."""

    media_type = "application/x-ndjson"
    format = "ndjson"


EXPORTERS: tuple[type[JSONRenderer], ...] = (CsvRenderer, LinesRenderer)
EXPORTED_TYPES = tuple(str(one.media_type) for one in EXPORTERS)


@dataclass(frozen=True, slots=True)
class Sending:
    """What a file keeps of its request, which is over while it is sent: the schema, and in whose name it reads."""

    schema: str
    request_id: str
    reason: str

    @classmethod
    def of_now(cls) -> Sending:
        """Return what holds now."""
        act = current_act()
        return cls(selected_schema(DEFAULT_DB_ALIAS), act.request_id, act.reason)

    def pages(self, pages: Iterator[Any], shape: Callable[[Any], Shapes]) -> Iterator[Shapes]:
        """Yield each page shaped; all reading is done in the schema, and none is selected between two pages.

        Raises:
            StatementTooSlow: a page took too long.
        """
        while True:
            with (
                request_context(request_id=self.request_id, reason=self.reason),
                schema_selected(SelectedSchema(self.schema)),
            ):
                with statements_within(FILE_TIME_MAX_MS):
                    page = next(pages, _END)
                shaped = [] if page is _END else shape(page)
            if page is _END:
                return
            yield shaped


def written(media_type: str, columns: Sequence[str], pages: Iterable[Shapes]) -> Iterator[str]:
    """Yield the text of a file, a page at a time; one that an error stops ends in a line that is no row.

    The answer's status and headers have long been sent, and the server closes what it sends in good order.
    """
    try:
        yield from _rows_written(media_type, columns, pages)
    except Exception:
        yield f'"{UNFINISHED}'  # and no quotation mark: neither CSV nor JSON ends like this
        raise


def _rows_written(media_type: str, columns: Sequence[str], pages: Iterable[Shapes]) -> Iterator[str]:
    if media_type == CsvRenderer.media_type:
        yield _csv([list(columns)])
        for page in pages:
            yield _csv([[_cell(row[name]) for name in columns] for row in page])
    else:
        for page in pages:
            yield "".join(f"{_json(row)}\n" for row in page)


def _csv(rows: Iterable[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _cell(value: Any) -> str:
    """Return a value as text; what is no text is written as in JSON."""
    return safe_cell(value) if value is None or isinstance(value, str) else _plain(value)


def _plain(value: Any) -> str:
    text = _json(value)
    return safe_cell(json.loads(text)) if text.startswith('"') else text


def _json(value: Any) -> str:
    return json.dumps(value, cls=JSONEncoder, ensure_ascii=False, separators=(",", ":"))
