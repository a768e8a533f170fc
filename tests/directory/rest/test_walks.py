"""A list is walked to its end while others insert and delete: each row that stays is met exactly once.

``WALKED_ROWS=100000`` makes it long.
"""

import os
import random
from collections import Counter
from threading import Event, Thread

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from directory.models import Participant
from tests import cast
from tests.directory.rest.calling import Api

ROW_COUNT = int(os.environ.get("WALKED_ROWS", "5000"))
LIMIT = 200
NAMES = 40  # so that many rows have the same


@pytest.fixture
def api(committed):
    return Api("acme", cast.make_token("acme", "directory.read"))


def filled(tenant):
    with tenant:
        rows = [Participant(name=f"name {number % NAMES:02}") for number in range(ROW_COUNT)]
        Participant.objects.bulk_create(rows, batch_size=5_000)
    return [row.pk for row in rows]


class Writer(Thread):
    """Inserts and deletes rows all over the list until it is told to stop, each in a transaction of its own."""

    def __init__(self, tenant, deletable):
        super().__init__()
        self.tenant, self.deletable, self.is_over = tenant, deletable, Event()
        self.inserted_count, self.deleted, self.error = 0, [], None

    def run(self):
        chance = random.Random(7)
        try:
            with self.tenant:
                while not self.is_over.is_set():
                    Participant.objects.create(name=f"name {chance.randrange(NAMES):02}")
                    self.inserted_count += 1
                    if self.deletable:
                        self.deleted.append(self.deletable.pop())
                        Participant.objects.filter(pk=self.deleted[-1]).delete()
        except Exception as error:  # noqa: BLE001 -- told by the test
            self.error = error
        finally:
            connections.close_all()


def walk(api, **query):
    """Return how often each id is met, and the statements of each page."""
    met: Counter[str] = Counter()
    costs = []
    url = api.address("directory/participants")
    query |= {"limit": LIMIT, "fields": "id,name"}
    while url:
        with CaptureQueriesContext(connection) as captured:
            body = api.get(url.removeprefix("http://testserver"), query).json()
        costs.append(len(captured))
        met.update(row["id"] for row in body["results"])
        url, query = body["next"], {}
    return met, costs


@pytest.mark.parametrize("ordering", [None, "kind,-updated_at"])
def test_each_row_that_stays_is_met_once_while_others_insert_and_delete(api, ordering):
    tenant = cast.tenant("acme")
    kept = filled(tenant)
    random.Random(11).shuffle(kept)
    deletable, kept = kept[: ROW_COUNT // 4], kept[ROW_COUNT // 4 :]
    writer = Writer(tenant, deletable)
    writer.start()
    try:
        met, costs = walk(api, **({"ordering": ordering} if ordering else {}))
    finally:
        writer.is_over.set()
        writer.join()
    assert writer.error is None
    assert {met[f"par_{pk.hex}"] for pk in (*kept, *deletable)} == {1}
    assert max(met.values()) == 1
    assert min(writer.inserted_count, len(writer.deleted)) > 3
    assert len(costs) >= ROW_COUNT * 3 // 4 // LIMIT
    assert len(set(costs[1:])) == 1  # what is kept after the first request is not counted
