"""Two tenants with a row of everything, and a watch over what the first one has."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from directory.resolution.cache import AnswerCache
from directory.rest import resolve
from tests.journeys.isolation.digests import digest_of
from tests.journeys.isolation.estate import ACME, GLOBEX, Estate, furnish
from tests.sealing import seal


@pytest.fixture(autouse=True)
def no_answers_of_other_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin with nothing kept: a rolled-back test leaves answers to versions that come again."""
    monkeypatch.setattr(resolve, "ANSWERS", AnswerCache())


@pytest.fixture
def globex_estate(globex: Any) -> Estate:
    return furnish(globex, GLOBEX)


@pytest.fixture
def estate(acme: Any, globex_estate: Estate) -> Estate:
    made = furnish(acme, ACME)
    seal()
    return made


@pytest.fixture
def unchanged(estate: Estate) -> Iterator[Callable[[], None]]:
    """Return a check that acme is as it was when the test began; it is made once more when the test ends."""
    before = digest_of(estate.schema, estate.tenant.pk)

    def check() -> None:
        after = digest_of(estate.schema, estate.tenant.pk)
        assert [name for name in before if before[name] != after.get(name)] == []

    yield check
    check()
