from collections.abc import Callable, Iterator
from typing import Any

import pytest

from config.foundation.jobs import JobKind, Running, job_kinds

Work = Callable[[Running], Any]


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
