"""A walk through both documents, and a watch over what the first of the two tenants has."""

from collections.abc import Iterator

import pytest
from django.db import transaction

from tests.journeys.isolation.estate import Estate
from tests.journeys.isolation.walk import Walk


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
