"""How long a list may keep the database busy: whoever asks for more is told which parameters to change."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction
from psycopg.errors import QueryCanceled

from config.foundation.errors import Refused
from config.foundation.rest.errors import Faults

PATTERN_TIME_MAX_MS = 1_000
LIST_TIME_MAX_MS = 5_000
FILE_TIME_MAX_MS = 20_000  # of counting the rows of a file, and of reading each of its pages
TOO_SLOW_RETRY_AFTER_S = 30
_SET = "SELECT current_setting('statement_timeout'), set_config('statement_timeout', %s, true)"
_ADVICE = {"offset": "Leave it out, and follow the cursors of `next`.", "ordering": "Leave it out."}
_NARROW = "Filter by more besides, such as an exact value or a span of `created_at`."
_LONGER_WORDS = "Give longer words (an index finds three characters and more), or filter by more besides."


class StatementTooSlow(Exception):  # noqa: N818 -- it says what happened
    """A statement was stopped at its time limit."""


@contextmanager
def statements_within(limit_ms: int) -> Iterator[None]:
    """Let no statement of the block run longer; the earlier limit holds again after it.

    Raises:
        StatementTooSlow: a statement took longer.
    """
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(_SET, [str(limit_ms)])
                ((earlier, _now),) = cursor.fetchall()
            yield
            with connection.cursor() as cursor:
                cursor.execute(_SET, [earlier])
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
        raise StatementTooSlow(f"more than {limit_ms} ms") from error


@contextmanager
def list_answered(
    limit_ms: int, *, patterns: Collection[str] = (), parameters: Collection[str] = ()
) -> Iterator[None]:
    """Let no statement of a list run longer than the limit, or than that of patterns where there are any.

    ``patterns`` and ``parameters`` are the names of what makes it slow.

    Raises:
        InvalidInput: ``regex_too_slow`` at each pattern, or else ``search_too_slow`` at each of the parameters.
        Refused: ``list_too_slow``, where nothing that was asked for is to blame.
    """
    limit_ms = PATTERN_TIME_MAX_MS if patterns else limit_ms
    try:
        with statements_within(limit_ms):
            yield
    except StatementTooSlow:
        faults = Faults()
        for name in patterns:
            add_slow_pattern(name, faults)
        for name in () if patterns else parameters:
            detail = f"The list takes more than {limit_ms:,} ms. {_ADVICE.get(name, _advice(name))}"
            faults.at_parameter(name, detail, "search_too_slow")
        faults.raise_any()
        detail = f"The list takes more than {limit_ms:,} ms. {_NARROW}"
        raise Refused("list_too_slow", detail, retry_after=TOO_SLOW_RETRY_AFTER_S) from None


def add_slow_pattern(name: str, faults: Faults) -> None:
    """Add the fault of a pattern that was not matched in time."""
    detail = f"Matching took more than {PATTERN_TIME_MAX_MS} ms. Write a simpler pattern, or filter by more besides."
    faults.at_parameter(name, detail, "regex_too_slow")


def _advice(name: str) -> str:
    return _LONGER_WORDS if name == "q" or name.endswith(("__ic", "__isw", "__iew")) else _NARROW
