"""Run functions at the same moment, each on a connection of its own; for tests that may commit (``committed``)."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from threading import Barrier
from typing import Any

from django.db import connection, connections

from config.foundation.schemas import OWNER_ALIAS

PATIENCE_S = 30.0
_WAITING = """
    SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


def run_together(*functions: Callable[[], Any]) -> list[Any]:
    """Run functions at the same moment; return what each returned, or the exception that it raised."""
    start = Barrier(len(functions))

    def begin(function: Callable[[], Any]) -> Any:
        start.wait(timeout=PATIENCE_S)
        return function()

    with ThreadPoolExecutor(len(functions)) as pool:
        return list(pool.map(lambda function: _performed(lambda: begin(function)), functions))


def run_in_line(held: AbstractContextManager[Any], *functions: Callable[[], Any]) -> list[Any]:
    """Hold a lock, begin functions one after another, each once the one before waits; then let go.

    So the first gets what they all want first, and each has looked at the rows as they were before.
    """
    with ThreadPoolExecutor(len(functions)) as pool:
        with held:
            begun: list[Future[Any]] = []
            for function in functions:
                waiting = sum(not one.done() for one in begun)
                begun.append(pool.submit(_performed, function))
                _wait_until(waiting + 1, begun[-1])
        return [one.result(timeout=PATIENCE_S) for one in begun]


def count_deadlocks() -> int:
    """Return how many deadlocks the database has broken; backends report theirs when they go, or when asked."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush(), pg_stat_clear_snapshot()")
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def _performed(function: Callable[[], Any]) -> Any:
    try:
        return function()
    except Exception as error:  # noqa: BLE001 -- a result like any other
        return error
    finally:
        connections.close_all()


def _wait_until(count: int, newest: Future[Any]) -> None:
    """Wait until so many backends of this database wait for a lock, or the newest function waits for none."""
    deadline = time.monotonic() + PATIENCE_S
    with connections[
        OWNER_ALIAS
    ].cursor() as cursor:  # the application's role does not see what others wait for
        while time.monotonic() < deadline and not newest.done():
            cursor.execute(_WAITING)
            if cursor.fetchone()[0] >= count:
                return
            time.sleep(0.01)
    assert newest.done(), "a function neither ended nor waited for a lock"
