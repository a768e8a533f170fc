"""Files of events, written while they are sent: a chain does not fit into memory."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.models import QuerySet

from config.foundation.admin import EXPORTED_ROWS_MAX
from config.foundation.cells import safe_cell
from config.foundation.rows import SelectedSchema, schema_selected, selected_schema

BATCH_SIZE = 2_000
EXPORTED_COLUMNS = (
    "id", "at", "actor", "action", "resource", "resource_id", "request_id", "reason", "payload", "hash",
)  # fmt: skip


def batches_of(events: QuerySet[Any]) -> Iterator[list[Any]]:
    """Return the events in the order of the chain, each batch read in the schema that is selected now.

    A file is sent when the request is over and no schema is selected any more.
    """
    return _batches(events, SelectedSchema(selected_schema(DEFAULT_DB_ALIAS)))


def csv_lines(batches: Iterable[list[Any]]) -> Iterator[str]:
    """Yield a table, a batch at a time."""
    yield _as_csv([list(EXPORTED_COLUMNS)])
    for batch in batches:
        yield _as_csv([[safe_cell(value) for value in _columns(event).values()] for event in batch])


def json_lines(batches: Iterable[list[Any]]) -> Iterator[str]:
    """Yield one object a line, with what verification needs: the record's text, and leaf and hashes in hex.

    ``leaf`` is SHA-256 of the bytes of ``record``; ``hash`` is SHA-256 of ``hash_prev``, ``id`` (8 bytes,
    big-endian) and ``leaf``.
    """
    for batch in batches:
        yield "".join(json.dumps(_columns(event) | _proof(event), default=str) + "\n" for event in batch)


def _batches(events: QuerySet[Any], schema: SelectedSchema) -> Iterator[list[Any]]:
    last_id, left = 0, EXPORTED_ROWS_MAX
    while left > 0:
        with schema_selected(schema):
            batch = list(events.filter(pk__gt=last_id)[: min(BATCH_SIZE, left)])
        if not batch:
            return
        yield batch
        last_id, left = batch[-1].pk, left - len(batch)


def _columns(event: Any) -> dict[str, Any]:
    columns = {name: getattr(event, name) for name in EXPORTED_COLUMNS}
    return columns | {"payload": json.dumps(event.payload), "hash": bytes(event.hash).hex()}


def _proof(event: Any) -> dict[str, Any]:
    return {
        "payload": event.payload,
        "record": event.record,
        "leaf": bytes(event.leaf).hex(),
        "hash_prev": bytes(event.hash_prev).hex(),
    }


def _as_csv(rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
