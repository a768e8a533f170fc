"""Two tenants with a row of everything, made once a module, and a watch over what the first one has."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from tests import cast
from tests.journeys.isolation.estate import ACME, GLOBEX, Estate, furnish
from tests.journeys.isolation.walk import Walk
from tests.sealing import seal


@pytest.fixture(scope="module")
def estates(django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[Estate, Estate]]:
    """Return acme's and globex's; they go when the module is done, and what a test adds goes with the test."""
    with django_db_blocker.unblock(), transaction.atomic():
        others = furnish(cast.tenant("globex"), GLOBEX)
        made = furnish(cast.tenant("acme"), ACME)
        seal()
        yield made, others
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def prepared(estates: tuple[Estate, Estate]) -> Walk:
    """Return a walk whose calls are made: acme's owner reads for them."""
    return Walk(*estates)


@pytest.fixture
def walk(prepared: Walk) -> Iterator[Walk]:
    """Return who walks; in the end, nothing of acme has changed."""
    with transaction.atomic():
        made = prepared.anew()
        yield made
        assert made.changes() == []
        transaction.set_rollback(True)
