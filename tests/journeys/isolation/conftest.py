"""Two tenants with a row of everything, and a watch over what the first one has."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.journeys.isolation.estate import ACME, GLOBEX, Estate, furnish
from tests.journeys.isolation.walk import Walk
from tests.sealing import seal


@pytest.fixture
def globex_estate(globex: Any) -> Estate:
    return furnish(globex, GLOBEX)


@pytest.fixture
def estate(acme: Any, globex_estate: Estate) -> Estate:
    made = furnish(acme, ACME)
    seal()
    return made


@pytest.fixture
def walk(estate: Estate, globex: Any) -> Iterator[Walk]:
    """Return who walks; in the end, nothing of acme has changed."""
    made = Walk(estate, globex)
    yield made
    assert made.changes() == []
