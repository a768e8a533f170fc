"""Locks on many rows at once, taken in one order whoever takes them, so that no two writers wait for each other.

Tables come in the order of their foreign keys, what is referred to first, and rows of one table in the order of their
keys. See ``docs/adr/0025`` and ``docs/adr/0032``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import ForeignKey
from psycopg import sql

from config.foundation.actor import LOCK_TIMEOUT_MS
from config.foundation.errors import Refused
from config.foundation.rows import Row, selected_schema

BULK_WAIT_MS = 2_000  # who waits holds a thread of the server, which others' requests need
LARGE_BULK = 100  # rows, which take about a second; more run one at a time in a directory
LARGE_RETRY_AFTER_S = 5
Named = tuple[type[Row], UUID]  # a row, by its table and key
_BULK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
_LARGE_BULK = "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))"


def lock_bulk(model: type[Row], *, count: int) -> None:
    """Let no other bulk write of this table run before the transaction ends, and of large ones none in this directory.

    Two that add the same unique values crosswise would deadlock in the index, where no order can be kept. A large one
    waits for no other: its callers would keep all threads of the server from other tenants.

    Raises:
        Refused: ``busy``, another large one runs.
    """
    schema = selected_schema(DEFAULT_DB_ALIAS)
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{BULK_WAIT_MS}ms'")
        if count > LARGE_BULK:
            cursor.execute(_LARGE_BULK, [f"switchboard large bulk {schema}"])
            if not cursor.fetchone()[0]:
                detail = (
                    f"Another write of more than {LARGE_BULK} rows runs here; nothing was changed. Try again."
                )
                raise Refused("busy", detail, retry_after=LARGE_RETRY_AFTER_S)
        cursor.execute(_BULK, [f"switchboard bulk {schema} {model._meta.db_table}"])
        cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_MS}ms'")


def hold_rows(
    *, model: type[Row], row_ids: Iterable[UUID], rows: Iterable[Row], named: Iterable[Named] = ()
) -> dict[UUID, Row]:
    """Lock rows that are to be changed or deleted, and before them what they refer to; return them by key.

    Args:
        model: their table.
        row_ids: their keys; of one that names nothing there is no row in the answer.
        rows: rows as they are, or as they are to become: what they refer to is held, as a foreign key holds it.
        named: further rows to hold that no foreign key leads to.
    """
    targets: dict[type[Row], set[UUID]] = defaultdict(set)
    for target, key in (*named, *(one for row in rows for one in _referred(row))):
        targets[target].add(key)
    for target in sorted(targets, key=_rank):
        _hold(target, sorted(targets[target]))
    keys = sorted(set(row_ids))
    if not keys:
        return {}
    manager: Any = model._default_manager  # noqa: SLF001 -- Django's own name for it
    locked = manager.select_for_update(of=("self",)).filter(pk__in=keys).order_by("pk")
    return {row.pk: row for row in locked}


def _referred(row: Row) -> Iterable[Named]:
    for field in _references(type(row)):
        key = getattr(row, field.attname)
        if isinstance(key, UUID):
            yield field.related_model, key


def _hold(model: type[Row], keys: list[UUID]) -> None:
    with connection.cursor() as cursor:
        statement = sql.SQL("SELECT FROM {} WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE").format(
            sql.Identifier(model._meta.db_table)
        )
        cursor.execute(statement.as_string(cursor.connection), [keys])


@cache
def _references(model: type[Row]) -> tuple[Any, ...]:
    """Return the foreign keys of a table to rows that the application may lock."""
    return tuple(
        field
        for field in model._meta.concrete_fields
        if isinstance(field, ForeignKey)
        and issubclass(field.related_model, Row)
        and "UPDATE" in getattr(field.related_model, "application_may", ("UPDATE",))
    )


@cache
def _rank(model: type[Row]) -> tuple[int, str]:
    """Return the place of a table in the order: how many tables it refers to in a line, then its name."""
    others = [field.related_model for field in _references(model) if field.related_model is not model]
    return max((_rank(other)[0] + 1 for other in others), default=0), model._meta.db_table
