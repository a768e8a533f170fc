"""Small quotas, and buckets that nobody has used."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from config.foundation.jobs import JobKind, Running, job_kinds
from config.foundation.limits import process_leases
from config.foundation.watch import own_connection

WINDOW_S = 60
Work = Callable[[Running], Any]


class SharedTable:
    """The table of buckets as every process sees it: leases are committed, whatever becomes of the test."""

    def rows(self) -> dict[tuple[str, str], tuple[int, int, str]]:
        """Return used, quota and the version of each row, by policy and subject."""
        statement = "SELECT policy, subject, used, quota, xmin::text FROM public.rate_bucket"
        with own_connection("tests") as client:
            return {(policy, subject): tuple(rest) for policy, subject, *rest in client.execute(statement)}

    def used(self, policy: str) -> dict[str, int]:
        """Return what was leased of a policy, by subject."""
        return {subject: used for (name, subject), (used, *_) in self.rows().items() if name == policy}

    def empty(self) -> None:
        """Leave no bucket, and this process without a lease."""
        self._change("DELETE FROM public.rate_bucket")

    def end_windows(self) -> None:
        """Let every window end now."""
        self._change("UPDATE public.rate_bucket SET starts_at = now() - interval '1 minute', ends_at = now()")

    def _change(self, statement: str) -> None:
        with own_connection("tests") as client:
            client.execute(statement)
        process_leases.forget()


@pytest.fixture
def table(db: None) -> Iterator[SharedTable]:
    """Return the table of buckets, empty."""
    shared = SharedTable()
    shared.empty()
    yield shared
    shared.empty()


@pytest.fixture
def limit(table: SharedTable, settings: Any) -> Callable[..., None]:
    """Return a function that sets quotas of a minute: ``limit(token=3)``; what it does not name has plenty."""

    def set_quotas(**quotas: int) -> None:
        plenty = dict.fromkeys(("token", "user", "tenant", "address"), 1000)
        settings.RATE_LIMITS = {name: (quota, WINDOW_S) for name, quota in (plenty | quotas).items()}

    set_quotas()
    return set_quotas


@pytest.fixture
def make_kind() -> Iterator[Callable[..., JobKind]]:
    """Return a function that enters a kind of job for the test; it is gone after it."""
    known = dict(job_kinds._kinds)

    def make(work: Work, name: str = "test_work", **options: Any) -> JobKind:
        kind = JobKind(
            name, "Work of a test", "directory.manage", work, "directory.change_participant", **options
        )
        job_kinds.register(kind)
        return kind

    yield make
    job_kinds._kinds = known
