"""No list keeps a worker waiting: a table that cannot be read is what a statement waits for here."""

import time
from contextlib import contextmanager, suppress

import psycopg
import pytest
from django.db import connections

from config.foundation.rest import exports, time_limits
from config.foundation.rest.exports import UNFINISHED
from config.foundation.rest.time_limits import StatementTooSlow
from config.foundation.rest.views import exporting, reading
from directory.models import Participant
from tests import cast, database
from tests.directory.rest.calling import Api, places, problem_of

PATH = "directory/participants"
LIMIT_MS = 300
CSV = "text/csv"


@pytest.fixture
def api(committed, monkeypatch):
    for module, name in (
        (reading, "LIST_TIME_MAX_MS"),
        (exporting, "FILE_TIME_MAX_MS"),
        (exports, "FILE_TIME_MAX_MS"),
        (time_limits, "PATTERN_TIME_MAX_MS"),
    ):
        monkeypatch.setattr(module, name, LIMIT_MS)
    return Api("acme", cast.make_token("acme", "directory.read"))


@contextmanager
def unreadable(table="directory_participant"):
    """Let nobody read acme's table for the block, or for ten seconds."""
    name = connections["default"].settings_dict["NAME"]
    with suppress(psycopg.OperationalError), psycopg.connect(database.conninfo(name)) as other:
        other.execute("SET idle_in_transaction_session_timeout = '10s'")
        other.execute(f'LOCK TABLE "{cast.tenant("acme").schema_name}"."{table}" IN ACCESS EXCLUSIVE MODE')
        yield
        other.rollback()


SLOW = [
    ({"q": "bank"}, [("q", "search_too_slow")]),
    ({"name__ic": "bank"}, [("name__ic", "search_too_slow")]),
    ({"name__isw": "bank", "kind": "node"}, [("name__isw", "search_too_slow")]),
    ({"name__nic": "bank"}, [("name__nic", "search_too_slow")]),
    ({"kind__n": "node"}, [("kind__n", "search_too_slow")]),
    ({"tags__n": "a"}, [("tags__n", "search_too_slow")]),
    ({"kind": "node"}, [("kind", "search_too_slow")]),
    ({"name__regex": "bank", "q": "bank"}, [("name__regex", "regex_too_slow")]),
]
SLOW_PAGES = [
    ({"offset": "0"}, [("offset", "search_too_slow")]),
    ({"ordering": "-name"}, [("ordering", "search_too_slow")]),
    ({"q": "bank", "offset": "0"}, [("q", "search_too_slow"), ("offset", "search_too_slow")]),
]


@pytest.mark.parametrize(
    ("query", "expected", "accept"),
    [*((*one, "application/json") for one in (*SLOW, *SLOW_PAGES)), *((*one, CSV) for one in SLOW)],
)
def test_a_list_that_takes_too_long_names_what_to_change(api, query, expected, accept):
    with unreadable():
        start = time.monotonic()
        response = api.get(PATH, query, Accept=accept)
        took_s = time.monotonic() - start
    assert problem_of(response)["status"] == 400
    assert places(response) == expected
    assert all(
        one["detail"].startswith(("The list takes", "Matching took")) for one in response.json()["errors"]
    )
    assert took_s < 10
    assert api.get(PATH, query).status_code == 200


def test_a_file_of_all_rows_that_cannot_be_counted_is_to_be_asked_for_again(api):
    with unreadable():
        response = api.get(PATH, Accept=CSV)
    body = problem_of(response)
    assert (body["code"], body["status"]) == ("list_too_slow", 503)
    assert int(response["Retry-After"]) > 0


def test_each_page_of_a_file_has_its_limit(api, monkeypatch):
    monkeypatch.setattr(exporting, "PAGE_SIZE", 1)
    with cast.tenant("acme"):
        for name in ("One", "Two"):
            Participant.objects.create(name=name)
    pages = iter(api.get(PATH, {"fields": "name"}, Accept=CSV))
    assert [next(pages), next(pages)] == [b"name\r\n", b"One\r\n"]
    with unreadable():
        assert next(pages).decode() == f'"{UNFINISHED}'
        with pytest.raises(StatementTooSlow):
            next(pages)


def test_a_refused_list_of_one_tenant_leaves_another_alone(api):
    other = Api("globex", cast.make_token("globex", "directory.read"))
    with unreadable():
        assert api.get(PATH, {"q": "bank"}).status_code == 400
        assert other.get(PATH, {"q": "bank"}).status_code == 200
