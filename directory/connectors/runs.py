"""The record of a run: what others watch while it goes on, and what keeps two runs of a source apart."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, OperationalError, connections
from django.db.models.functions import Now

from config.foundation.actor import LOCK_TIMEOUT_MS, Actor, acting
from config.foundation.errors import Refused
from config.foundation.rows import TenantQuerySet
from directory.connectors.records import Connector, Rejection
from directory.enums import RunState
from directory.models import Source, SourceRun

ERRORS_MAX = 1_000
RECORDED_STEP_PERCENT = 10
PROGRESS_CONNECTION = "import-progress"
PROGRESS_PATIENCE_MS = 200
VERB = "import"
CUT_OFF = "The process ended before the run did; nothing was written."

Report = Callable[[int, str], None]
Finish = Callable[["Outcome", UUID], None]


class RejectedRow(TypedDict):
    """An entry of ``SourceRun.errors``."""

    row: int
    reason: str


@dataclass(slots=True)
class Outcome:
    """What a run read and wrote.

    Read and rejected count rows of the source, the others rows of the directory.
    """

    source: str
    rows_read: int = 0
    rows_created: int = 0
    rows_updated: int = 0
    rows_unchanged: int = 0
    rows_superseded: int = 0
    rows_rejected: int = 0
    errors: list[RejectedRow] = field(default_factory=list)

    def reject(self, rejection: Rejection) -> None:
        """Count a refused row and keep it, up to the first thousand."""
        self.rows_rejected += 1
        if len(self.errors) < ERRORS_MAX:
            self.errors.append({"row": rejection.row, "reason": rejection.reason})

    def count(self, created: int, updated: int, unchanged: int, superseded: int) -> None:
        """Add what a merge of one table did."""
        self.rows_created += created
        self.rows_updated += updated
        self.rows_unchanged += unchanged
        self.rows_superseded += superseded

    @property
    def has_changed(self) -> bool:
        """Tell whether any row of the directory is another now."""
        return bool(self.rows_created or self.rows_updated or self.rows_superseded)

    def __str__(self) -> str:
        return (
            f"{self.source}: read {self.rows_read:,}, created {self.rows_created:,}, "
            f"updated {self.rows_updated:,}, unchanged {self.rows_unchanged:,}, "
            f"superseded {self.rows_superseded:,}, rejected {self.rows_rejected:,}"
        )


def lock_key(schema: str, source: str) -> str:
    """Return the text whose hash is the advisory lock of a source in a directory."""
    return f"switchboard/import/{schema}/{source}"


@contextmanager
def source_locked(schema: str, source: str) -> Iterator[None]:
    """Hold the source for this session, so that two runs of it never meet."""
    key = lock_key(schema, source)
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [key])
        if not cursor.fetchone()[0]:
            raise Refused(
                "import_running", f"Another import of {source} is running; wait until it has ended."
            )
    try:
        yield
    finally:
        if connections[DEFAULT_DB_ALIAS].is_usable():  # a lost session has released it
            with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [key])


class RunLog:
    """The SourceRun row of one run, written beside the run's own transaction until that succeeds."""

    def __init__(
        self, actor: Actor, connector: Connector, now: datetime, beside: str, report: Report
    ) -> None:
        self._actor = actor
        self._beside = beside
        self._report = report
        self._percent = 0
        with acting(actor, verb=VERB, using=beside):
            source, _ = Source.objects.using(beside).get_or_create(
                name=connector.name, defaults={"kind": connector.kind}
            )
            self._runs.filter(source=source, state=RunState.RUNNING).update(
                state=RunState.FAILED, finished_at=now, errors=[{"row": 0, "reason": CUT_OFF}]
            )
            self.run_id: UUID = self._runs.create(source=source, started_at=now).pk

    @property
    def _runs(self) -> TenantQuerySet:
        runs: TenantQuerySet = SourceRun.objects.using(self._beside)
        return runs

    def note(self, percent: int, doing: str) -> None:
        """Report a step, and record it where it is a large one: each record is an event of the chain."""
        self._report(percent, doing)
        if percent - self._percent >= RECORDED_STEP_PERCENT:
            self._percent = percent
            with suppress(OperationalError):  # rather lost than waited for: the data may hold what it needs
                self._write(lock_timeout_ms=PROGRESS_PATIENCE_MS, progress_percent=percent)

    def succeed(self, outcome: Outcome) -> None:
        """Record success in the transaction of the data itself: neither is there without the other."""
        counts = {f.name: getattr(outcome, f.name) for f in fields(outcome) if f.name != "source"}
        SourceRun.objects.filter(pk=self.run_id).update(
            state=RunState.SUCCEEDED, finished_at=Now(), progress_percent=100, **counts
        )

    def fail(self, error: BaseException) -> None:
        """Record what broke the run off, in one line: the database's further lines may show values."""
        reason = str(error).partition("\n")[0][:500]
        told = reason if isinstance(error, Refused) else f"{type(error).__name__}: {reason}".rstrip(": ")
        self._write(state=RunState.FAILED, finished_at=Now(), errors=[{"row": 0, "reason": told}])

    def _write(self, *, lock_timeout_ms: int = LOCK_TIMEOUT_MS, **values: object) -> None:
        with acting(self._actor, verb=VERB, using=self._beside):
            with connections[self._beside].cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = {lock_timeout_ms:d}")
            self._runs.filter(pk=self.run_id).update(**values)
