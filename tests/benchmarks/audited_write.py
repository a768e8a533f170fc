"""P11: a write that leaves an event in the chain against the same write into a table without the capture trigger.

Two tenants of the same making hold the rows; one of them has the trigger of the table switched off for good, so nothing
is altered, and no plan thrown away, between the runs. The stamps of the row are written on both sides.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import psycopg
from django.db import connections
from psycopg import sql

from audit.chain import verify
from config.foundation.schemas import OWNER_ALIAS
from customers.tenants.models import Tenant
from directory.models import Endpoint, Participant
from directory.operations import save_row
from tests import cast
from tests.benchmarks import world
from tests.benchmarks.harness import Comparison, Outcome, Report, Variant, compare

AUDITED, UNAUDITED = "acme", "globex"
TARGET = 1.6
WRITE_COUNT = 300  # of a run
OPERATION_COUNT = 60
WRITER_COUNT = 8
BULK_COUNT = 20_000
ROUNDS = 9

_NEW = (
    "INSERT INTO {endpoint} (participant_id, protocol, address, profile, priority, status, qos, published, source,"
    " external_id, confidence)"
)
INSERT = _NEW + " VALUES (%s, 'as4', %s, '', 0, 'active', '{{}}', false, 'internal', '', 1)"
BULK = _NEW + (
    " SELECT %s, 'as4', %s || n, '', 0, 'active', '{{}}', false, 'internal', '', 1 FROM generate_series(1, %s) AS n"
)
UPDATE = "UPDATE {endpoint} SET priority = priority + 1 WHERE id = %s"
_numbers = count(1)


def measure() -> Report:
    """Compare the kinds of write; the target of one writer is 1.6."""
    with connections[OWNER_ALIAS].cursor() as cursor:
        schema = cast.tenant(UNAUDITED).schema_name
        cursor.execute(f"ALTER TABLE {schema}.directory_endpoint DISABLE TRIGGER audit_capture")
    audited, unaudited = Side(AUDITED), Side(UNAUDITED)
    outcomes = (
        _compared("save_row of an endpoint", OPERATION_COUNT, audited.save, unaudited.save),
        _compared("INSERT of one row", WRITE_COUNT, audited.insert, unaudited.insert),
        _compared("UPDATE of one row", WRITE_COUNT, audited.update, unaudited.update),
        *_compared_together(audited, unaudited),
        _compared(
            f"INSERT of {BULK_COUNT:,} rows",
            BULK_COUNT,
            audited.insert_many,
            unaudited.insert_many,
            has_target=False,
        ),
    )
    result = verify(audited.tenant.schema_name)
    if not result.is_valid:
        raise RuntimeError(f"the chain that was written is not whole: {result.flaw}")
    notes = [f"{outcome.title}: {_rates(outcome)}" for outcome in outcomes]
    notes.append(f"the chain of {result.verified_count:,} events that all this left is whole; no deadlock")
    audited.client.close()
    unaudited.client.close()
    return Report("P11", "audited writes", outcomes, tuple(notes))


def _compared(
    title: str,
    times: int,
    audited: Callable[[], None],
    unaudited: Callable[[], None],
    *,
    has_target: bool = True,
) -> Outcome:
    comparison = Comparison(
        title=title,
        subject=Variant("audited", audited, count=times),
        reference=Variant("unaudited", unaudited, count=times),
        target=TARGET if has_target else None,
        rounds=ROUNDS if has_target else 3,
    )
    return compare(comparison)


def _compared_together(audited: "Side", unaudited: "Side") -> list[Outcome]:
    sides = (audited, unaudited)
    for side in sides:
        side.open_clients()
    times = WRITE_COUNT // WRITER_COUNT * WRITER_COUNT
    title = f"INSERT of one row, {WRITER_COUNT} writers of one tenant"
    outcome = _compared(title, times, audited.insert_together, unaudited.insert_together, has_target=False)
    for side in sides:
        side.close_clients()
    return [outcome]


def _rates(outcome: Outcome) -> str:
    return f"{1 / outcome.subject_s.median:,.0f}/s audited, {1 / outcome.reference_s.median:,.0f}/s unaudited"


class Side:
    """One tenant's table of endpoints, with a participant and a client's connection of its own."""

    def __init__(self, slug: str) -> None:
        self.tenant: Tenant = cast.tenant(slug)
        with self.tenant:
            self.participant = save_row(actor=cast.ACTOR, row=Participant(name="Writer", country="SE"))
            self.endpoint = save_row(actor=cast.ACTOR, row=self.new_endpoint())
        self.client = self.connect()

    def connect(self) -> psycopg.Connection[Any]:
        """Return a connection that prepares each statement at once and commits each."""
        return psycopg.connect(world.application_conninfo(), autocommit=True, prepare_threshold=0)

    def new_endpoint(self) -> Endpoint:
        """Return an endpoint that is not saved."""
        address = f"https://as4.example/{next(_numbers)}"
        return Endpoint(participant=self.participant, protocol="as4", address=address)

    def statement(self, text: str) -> sql.Composed:
        """Return a statement on this tenant's table."""
        return sql.SQL(text).format(endpoint=sql.Identifier(self.tenant.schema_name, "directory_endpoint"))

    def save(self) -> None:
        """Write new endpoints as the product does."""
        with self.tenant:
            for _ in range(OPERATION_COUNT):
                save_row(actor=cast.ACTOR, row=self.new_endpoint())

    def insert(self) -> None:
        """Insert endpoints by SQL, each in a transaction."""
        self._insert(self.client, WRITE_COUNT)

    def update(self) -> None:
        """Update one endpoint by SQL again and again, each time in a transaction."""
        statement = self.statement(UPDATE)
        for _ in range(WRITE_COUNT):
            self.client.execute(statement, (self.endpoint.pk,))

    def insert_many(self) -> None:
        """Insert many endpoints by one statement."""
        self.client.execute(self.statement(BULK), (self.participant.pk, f"bulk{next(_numbers)}-", BULK_COUNT))

    def insert_together(self) -> None:
        """Insert endpoints from several connections at once; a deadlock would raise."""
        with ThreadPoolExecutor(WRITER_COUNT) as pool:
            list(pool.map(lambda client: self._insert(client, WRITE_COUNT // WRITER_COUNT), self.clients))

    def open_clients(self) -> None:
        """Open the connections of the writers, each with its statements and plans made."""
        self.clients = [self.connect() for _ in range(WRITER_COUNT)]
        for client in self.clients:
            self._insert(client, 6)

    def close_clients(self) -> None:
        """Close the connections of the writers."""
        for client in self.clients:
            client.close()

    def _insert(self, client: psycopg.Connection[Any], times: int) -> None:
        statement = self.statement(INSERT)
        for _ in range(times):
            client.execute(statement, (self.participant.pk, f"https://as4.example/{next(_numbers)}"))
