"""Real concurrency, on a database of its own: commits, waits and deadlocks are run, not reasoned about."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import psycopg
import pytest
from django.db import connection, connections, transaction
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from audit.chain import verify
from audit.operations import lock_chains, record_refusal
from config.foundation.actor import Actor, acting
from tests.audit.conftest import OPEN, THING, TRIGGERS

pytestmark = pytest.mark.race
ALIAS = "race"


class UndoError(Exception):
    """Undoes the transaction that raises it."""


@pytest.fixture
def schemas(own_database: str) -> list[str]:
    """Two tenants' schemas of a database that the test may commit to, each with a table ``thing``."""
    with psycopg.connect(own_database, autocommit=True) as client:
        query = "SELECT schemaname FROM pg_tables WHERE tablename = 'audit_event' ORDER BY 1"
        found = [name for (name,) in client.execute(query) if name != "public"][:2]
        for schema in found:
            client.execute(sql.SQL("SET search_path = {}").format(sql.Identifier(schema)))
            client.execute(THING)
            client.execute(OPEN)
            for trigger in TRIGGERS:
                client.execute(trigger.create("thing"))
    assert len(found) == 2
    return found


@pytest.fixture
def run_together(own_database: str, django_db_blocker: Any) -> Iterator[Callable[..., list[Any]]]:
    """Run functions at the same moment, each in a thread whose alias ``race`` is that database."""
    there = conninfo_to_dict(own_database)
    names = {"NAME": "dbname", "HOST": "host", "PORT": "port", "USER": "user", "PASSWORD": "password"}

    def run(*functions: Callable[[], Any]) -> list[Any]:
        start = Barrier(len(functions))

        def perform(function: Callable[[], Any]) -> Any:
            own = connection.copy(alias=ALIAS)
            own.settings_dict = {
                **own.settings_dict,
                **{ours: there.get(theirs, "") for ours, theirs in names.items()},
            }
            connections[ALIAS] = own
            try:
                start.wait(timeout=30)
                return function()
            finally:
                own.close()
                del connections[ALIAS]

        with ThreadPoolExecutor(len(functions)) as pool:
            return list(pool.map(perform, functions))

    with django_db_blocker.unblock():
        yield run


def insert(schema: str, count: int = 1) -> None:
    with connections[ALIAS].cursor() as cursor:
        cursor.execute(
            f"INSERT INTO \"{schema}\".thing (name) SELECT 'n' FROM generate_series(1, %s)", [count]
        )


def test_eight_writers_leave_a_dense_and_valid_chain_without_what_was_rolled_back(schemas, run_together):
    schema = schemas[0]

    def write() -> None:
        for turn in range(25):
            try:
                with acting(Actor.system("writer"), using=ALIAS):
                    insert(schema, 32)
                    if turn % 5 == 0:
                        raise UndoError
            except UndoError:
                continue

    [before] = run_together(lambda: verify(schema, using=ALIAS).last_id)
    run_together(*[write] * 8)
    [result] = run_together(lambda: verify(schema, using=ALIAS))
    assert result.flaw is None
    assert result.last_id - before == 8 * 20 * 32


def test_eight_refusals_at_once_leave_one_event_and_are_all_counted(schemas, run_together):
    schema, actor = schemas[0], Actor.system("refused")

    def refuse() -> list[bool]:
        return [
            record_refusal(actor=actor, code="stale", resource="tests.thing", schema=schema, using=ALIAS)
            for _ in range(10)
        ]

    [before] = run_together(lambda: verify(schema, using=ALIAS).last_id)
    told = [new for answers in run_together(*[refuse] * 8) for new in answers]
    [(left_out, earlier)] = run_together(lambda: _tally(schema))[0]
    [result] = run_together(lambda: verify(schema, using=ALIAS))
    assert result.flaw is None
    assert result.last_id - before == sum(told)
    # The minute may have turned in between; then the second event tells of those left out before it.
    assert sum(told) in (1, 2)
    assert sum(told) + left_out + earlier == 80


def test_operations_that_write_several_chains_crosswise_do_not_deadlock(schemas, run_together):
    def operate(order: list[str]) -> None:
        for _ in range(40):
            with acting(Actor.system("cross"), using=ALIAS):
                lock_chains(schemas, using=ALIAS)
                for schema in order:
                    insert(schema)

    run_together(*[lambda: operate(schemas), lambda: operate(schemas[::-1])] * 2)
    for result in run_together(*[lambda schema=schema: verify(schema, using=ALIAS) for schema in schemas]):
        assert result.flaw is None
        assert result.verified_count >= 160


def test_a_writer_of_several_chains_and_writers_of_one_do_not_deadlock_over_a_row(schemas, run_together):
    def touch() -> None:
        for _ in range(40):
            with acting(Actor.system("one"), using=ALIAS), connections[ALIAS].cursor() as cursor:
                cursor.execute(f'UPDATE "{schemas[0]}".thing SET tier = tier + 1')

    def operate() -> None:
        for _ in range(40):
            with acting(Actor.system("both"), using=ALIAS), connections[ALIAS].cursor() as cursor:
                lock_chains(schemas, using=ALIAS)
                insert(schemas[1])
                cursor.execute(f'UPDATE "{schemas[0]}".thing SET tier = tier + 1')

    run_together(lambda: insert(schemas[0]))
    run_together(touch, operate, touch)
    [[(tier,)]] = run_together(lambda: _tiers(schemas[0]))
    assert tier == 120


def test_chains_are_locked_in_a_transaction_only(schemas, run_together):
    with pytest.raises(transaction.TransactionManagementError):
        run_together(lambda: lock_chains(schemas, using=ALIAS))


def _tiers(schema: str) -> list[tuple[int]]:
    with connections[ALIAS].cursor() as cursor:
        cursor.execute(f'SELECT tier FROM "{schema}".thing')
        return list(cursor.fetchall())


def _tally(schema: str) -> list[tuple[int, int]]:
    with connections[ALIAS].cursor() as cursor:
        cursor.execute(f'SELECT left_out, earlier FROM "{schema}".audit_refusal')
        return list(cursor.fetchall())
