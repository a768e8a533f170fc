"""Regular expressions that callers send: compiled by the database first, and matched under a time limit."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

from django.db import DataError, OperationalError, connection, transaction
from psycopg.errors import QueryCanceled

from config.foundation.rest.errors import Faults

TIME_MAX_MS = 1000
_SET = "SELECT current_setting('statement_timeout'), set_config('statement_timeout', %s, true)"


@contextmanager
def statements_within(limit_ms: int) -> Iterator[None]:
    """Let no statement of the block run longer; the earlier limit holds again after it.

    Raises:
        OperationalError: caused by ``QueryCanceled``, a statement took longer.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_SET, [str(limit_ms)])
            ((earlier, _now),) = cursor.fetchall()
        yield
        with connection.cursor() as cursor:
            cursor.execute(_SET, [earlier])


@contextmanager
def patterns_matched(names: Collection[str]) -> Iterator[None]:
    """Match the patterns of these parameters within the block; without any it costs nothing.

    Raises:
        InvalidInput: ``regex_too_slow`` at each of them.
    """
    if not names:
        yield
        return
    faults = Faults()
    try:
        with statements_within(TIME_MAX_MS):
            yield
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
        for name in names:
            _add_slowness(name, faults)
    faults.raise_any()


def collect_pattern_faults(patterns: Mapping[str, str], faults: Faults) -> None:
    """Add a fault for each pattern, by parameter, that the database does not compile, or not in time."""
    for name, pattern in patterns.items():
        try:
            with statements_within(TIME_MAX_MS), connection.cursor() as cursor:
                cursor.execute("SELECT '' ~ %s", [pattern])
        except DataError as error:
            reason = str(error).strip().splitlines()[0].rpartition(": ")[2]
            detail = f"PostgreSQL cannot read this regular expression ({reason}). Correct it."
            faults.at_parameter(name, detail, "invalid_regex")
        except OperationalError as error:
            if not isinstance(error.__cause__, QueryCanceled):
                raise
            _add_slowness(name, faults)


def _add_slowness(name: str, faults: Faults) -> None:
    detail = f"Matching took more than {TIME_MAX_MS} ms. Write a simpler pattern, or filter by more besides."
    faults.at_parameter(name, detail, "regex_too_slow")
