"""Two tenants with a row of everything, made once a module."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from tests import cast
from tests.journeys.isolation.estate import ACME, GLOBEX, Estate, furnish
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
