"""Verification of a schema's chain: reads it once, in order, and names the first place that is wrong.

It trusts no function of the database but PostgreSQL's own, which compute the hashes over the stored bytes, thousands of
events a statement. Each is called by its schema: a function of the same name that fits its arguments more exactly,
left in a schema that is searched, would be called in its place. What they do not find good is read and computed here,
event by event. Memory is constant, whatever the length of the chain.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from psycopg import sql

from audit.enums import FlawKind

GENESIS = bytes(32)
BATCH_SIZE = 200_000  # events that one statement judges, for which its workers are started anew
FETCH_SIZE = 2_000  # events that are looked at one by one

# What the record must be, put together from the other columns, as the text of the jsonb object that audit_frame made:
# its keys come by length, then by bytes. Written out, it takes half the time of making the object again.
_REBUILT = """pg_catalog.concat(
    '{"at": "', pg_catalog.to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '",',
    ' "actor": ', pg_catalog.to_json(actor), ', "action": ', pg_catalog.to_json(action),
    ', "reason": ', pg_catalog.to_json(reason), ', "payload": ', payload,
    ', "resource": ', pg_catalog.to_json(resource),
    ', "tenant_id": ', coalesce(pg_catalog.to_json(tenant_id)::pg_catalog.text, 'null'),
    ', "request_id": ', pg_catalog.to_json(request_id),
    ', "resource_id": ', pg_catalog.to_json(resource_id), '}'
)"""
# Each event judged by itself, with functions of PostgreSQL's own; several processes share this.
_WHOLE = """
    SELECT pg_catalog.count(*) FILTER (WHERE leaf = pg_catalog.sha256(pg_catalog.convert_to(record, 'UTF8'))
        AND hash = pg_catalog.sha256(hash_prev || pg_catalog.int8send(id) || leaf) AND record = {rebuilt})
    FROM {events} WHERE id BETWEEN %(first)s AND %(last)s
"""
# Each event judged by the one before it; and the hash of the last.
_LINKED = """
    SELECT pg_catalog.count(*) FILTER (WHERE hash_prev = hash_before),
        (SELECT hash FROM {events} WHERE id = %(last)s)
    FROM (
        SELECT hash_prev, pg_catalog.lag(hash, 1, %(link)s::bytea) OVER (ORDER BY id) AS hash_before
        FROM {events} WHERE id BETWEEN %(first)s AND %(last)s
    ) AS linked
"""
_SHARE_THE_WORK = (
    "SET LOCAL max_parallel_workers_per_gather = 4; SET LOCAL min_parallel_table_scan_size = 0;"
    " SET LOCAL min_parallel_index_scan_size = 0; SET LOCAL parallel_setup_cost = 0; SET LOCAL jit = off"
)


@dataclass(frozen=True, slots=True)
class Flaw:
    """The first bad place: the event's id (0: the chain as a whole), the kind, and a sentence for people."""

    event_id: int
    kind: FlawKind
    message: str


@dataclass(frozen=True, slots=True)
class VerificationResult:
    """Outcome for one schema: how many events were found good, up to which id, and the first flaw, if any."""

    schema: str
    verified_count: int
    last_id: int
    flaw: Flaw | None

    @property
    def is_valid(self) -> bool:
        """Tell whether no flaw was found."""
        return self.flaw is None


class _Stored(NamedTuple):
    """One event as stored; ``agrees`` tells whether the record equals what the columns say."""

    id: int
    record: bytes
    leaf: bytes
    hash_prev: bytes
    hash: bytes
    agrees: bool


class _End(NamedTuple):
    """Where the chain says that it ends, and what stands there; all read by one statement."""

    last_id: int | None
    last_hash: bytes | None
    greatest_id: int
    unsealed_count: int


@dataclass(slots=True)
class _Reached:
    """How far a chain is verified: the next event's id, and the hash that it must follow (None: there is none)."""

    next_id: int
    link: bytes | None

    def move(self, event_id: int, event_hash: bytes) -> None:
        """Go on behind a good event."""
        self.next_id, self.link = event_id + 1, event_hash


def chain_hash(hash_prev: bytes, event_id: int, leaf: bytes) -> bytes:
    """Return an event's hash: SHA-256 over the hash before it, its id (8 bytes, big-endian) and its leaf."""
    return hashlib.sha256(hash_prev + event_id.to_bytes(8, "big") + leaf).digest()


def verify(
    schema: str,
    *,
    from_id: int = 1,
    batch_size: int = BATCH_SIZE,
    on_progress: Callable[[int], None] | None = None,
    using: str = DEFAULT_DB_ALIAS,
) -> VerificationResult:
    """Verify the chain of a schema from an event on.

    The hash of the event before that one is taken for granted, and events that are committed meanwhile are
    left out. ``on_progress`` is called after each batch but the last, with the count verified so far.

    Raises:
        ValueError: ``from_id`` is less than 1, or lies behind the end of the chain.
    """
    if from_id < 1:
        raise ValueError("a chain starts at event 1")
    with transaction.atomic(using=using), connections[using].wrap_database_errors:
        with connections[using].cursor() as cursor:
            cursor.execute(_SHARE_THE_WORK)
        end = _read_end(schema, using)
        last_id = end.last_id or 0
        if from_id > max(last_id, end.greatest_id, 1):
            raise ValueError(f"the chain of {schema} ends at event {last_id}")
        reached = _Reached(from_id, _hash_before(schema, from_id, using))
        while reached.next_id <= last_id:
            batch_end = min(reached.next_id + batch_size - 1, last_id)
            flaw = _check_batch(schema, reached, batch_end, using)
            if flaw is None and reached.next_id <= batch_end:
                flaw = _check_gap(schema, reached, last_id, using)
                if flaw is None:
                    break  # nothing comes after: the tail is cut off
            verified_count = reached.next_id - from_id
            if flaw is not None:
                return VerificationResult(schema, verified_count, reached.next_id - 1, flaw)
            if on_progress is not None and batch_end < last_id:
                on_progress(verified_count)
    flaw = _check_end(end, reached)
    return VerificationResult(schema, reached.next_id - from_id, reached.next_id - 1, flaw)


def _check_batch(schema: str, reached: _Reached, last_id: int, using: str) -> Flaw | None:
    """Check the events up to one, and move ``reached`` as far as they are good.

    All of them are judged by one statement; where it does not find each of them good, they are read and looked at
    one by one, which says what is wrong with which.
    """
    if reached.link is not None:
        good_count, last_hash = _judge(schema, reached, last_id, using)
        if good_count == last_id - reached.next_id + 1:
            reached.move(last_id, last_hash)
            return None
    for event in _read_events(schema, reached.next_id, last_id, using):
        if reached.link is None:
            return _missing(reached.next_id - 1, event.id)
        flaw = _check_event(schema, event, reached.next_id, reached.link, using)
        if flaw is not None:
            return flaw
        reached.move(event.id, event.hash)
    return None


def _check_gap(schema: str, reached: _Reached, last_id: int, using: str) -> Flaw | None:
    """Name the event that is missing where a batch ends early; None where no other comes after it."""
    query = sql.SQL("SELECT (SELECT pg_catalog.min(id) FROM {}.audit_event WHERE id BETWEEN %s AND %s)")
    found_id = _fetch_one(query.format(sql.Identifier(schema)), (reached.next_id, last_id), using)[0]
    return None if found_id is None else _missing(reached.next_id, found_id)


def _check_event(schema: str, event: _Stored, expected_id: int, link: bytes, using: str) -> Flaw | None:
    if event.id != expected_id:
        return _missing(expected_id, event.id)
    if hashlib.sha256(event.record).digest() != event.leaf:
        return Flaw(event.id, FlawKind.RECORD, f"event {event.id}: its record or leaf was altered")
    if event.hash_prev != link:
        return Flaw(
            event.id,
            FlawKind.ORDER,
            f"event {event.id} does not follow event {event.id - 1}: moved or swapped",
        )
    if event.hash != chain_hash(link, event.id, event.leaf):
        return Flaw(
            event.id,
            FlawKind.HASH,
            f"event {event.id} is not the one that was chained here: replaced or swapped",
        )
    if not event.agrees:
        columns = _differing_columns(schema, event, using)
        if columns:
            named = ", ".join(columns)
            return Flaw(
                event.id, FlawKind.COLUMNS, f"event {event.id}: {named} altered, the record says otherwise"
            )
    return None


def _check_end(end: _End, reached: _Reached) -> Flaw | None:
    expected_id, link = reached.next_id, reached.link
    if end.last_id is None and end.greatest_id:
        return Flaw(0, FlawKind.HEAD, "the head of the chain is missing")
    last_id = end.last_id or 0
    if last_id >= expected_id or (link is None and last_id):
        return Flaw(
            expected_id,
            FlawKind.MISSING,
            f"events {expected_id} to {last_id} are missing: the tail was cut off",
        )
    if end.greatest_id > last_id:
        return Flaw(
            last_id + 1,
            FlawKind.FORGED_TAIL,
            f"events after {last_id}, where the chain ends, were never sealed into it",
        )
    if end.last_hash is not None and expected_id == last_id + 1 and end.last_hash != link:
        return Flaw(
            last_id, FlawKind.HEAD, f"the head does not hold the hash of event {last_id}: head or tail forged"
        )
    if end.unsealed_count:
        return Flaw(
            0, FlawKind.UNSEALED, f"{end.unsealed_count} committed events were never sealed into the chain"
        )
    return None


def _missing(expected_id: int, found_id: int) -> Flaw:
    return Flaw(expected_id, FlawKind.MISSING, f"event {expected_id} is missing: event {found_id} comes next")


def _read_end(schema: str, using: str) -> _End:
    query = sql.SQL(
        "SELECT (SELECT last_id FROM {0}.audit_head WHERE id = 1),"
        " (SELECT last_hash FROM {0}.audit_head WHERE id = 1),"
        " (SELECT coalesce(pg_catalog.max(id), 0) FROM {0}.audit_event),"
        " (SELECT pg_catalog.count(*) FROM {0}.audit_pending WHERE transaction_id IS DISTINCT FROM"
        " pg_catalog.pg_current_xact_id_if_assigned()::text::bigint)"
    )
    row = _fetch_one(query.format(sql.Identifier(schema)), (), using)
    return _End(row[0], None if row[1] is None else bytes(row[1]), row[2], row[3])


def _hash_before(schema: str, from_id: int, using: str) -> bytes | None:
    if from_id == 1:
        return GENESIS
    query = sql.SQL("SELECT (SELECT hash FROM {}.audit_event WHERE id = %s)").format(sql.Identifier(schema))
    value = _fetch_one(query, (from_id - 1,), using)[0]
    return None if value is None else bytes(value)


def _judge(schema: str, reached: _Reached, last_id: int, using: str) -> tuple[int, bytes]:
    """Return how many of the events up to one are certainly good, and the hash of that one."""
    events = sql.Identifier(schema, "audit_event")
    span = {"first": reached.next_id, "last": last_id, "link": reached.link}
    (whole_count,) = _fetch_one(sql.SQL(_WHOLE).format(events=events, rebuilt=sql.SQL(_REBUILT)), span, using)
    linked_count, last_hash = _fetch_one(sql.SQL(_LINKED).format(events=events), span, using)
    return min(whole_count, linked_count), bytes(last_hash or b"")


def _read_events(schema: str, from_id: int, last_id: int, using: str) -> Iterator[_Stored]:
    query = sql.SQL(
        "SELECT id, pg_catalog.convert_to(record, 'UTF8'), leaf, hash_prev, hash, record = {}"
        " FROM {}.audit_event WHERE id BETWEEN %s AND %s ORDER BY id"
    ).format(sql.SQL(_REBUILT), sql.Identifier(schema))
    with connections[using].connection.cursor(name="audit_verification") as cursor:
        cursor.itersize = FETCH_SIZE
        cursor.execute(query, (from_id, last_id), binary=True)
        for row in cursor:
            yield _Stored(*row)


def _differing_columns(schema: str, event: _Stored, using: str) -> list[str]:
    """Name the columns that say other than the record; none where only the text of equal JSON differs."""
    query = sql.SQL("SELECT {} FROM {}.audit_event WHERE id = %s").format(
        sql.SQL(_REBUILT), sql.Identifier(schema)
    )
    columns = _parsed(_fetch_one(query, (event.id,), using)[0])
    record = _parsed(event.record)
    return sorted(name for name in columns.keys() | record.keys() if columns.get(name) != record.get(name))


def _parsed(text: str | bytes) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(text, parse_float=Decimal)
    return parsed


def _fetch_one(query: sql.Composed, parameters: Any, using: str) -> tuple[Any, ...]:
    connections[using].ensure_connection()
    with connections[using].connection.cursor() as cursor:
        row: tuple[Any, ...] = cursor.execute(query, parameters).fetchone()
    return row
