"""Pages by number, and how many rows there are: on request alone."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from directory.models import Participant
from tests.directory.rest.calling import places


@pytest.fixture
def seven(acme, globex):
    with acme:
        for number in range(7):
            Participant.objects.create(name=f"P{number}")
    with globex:
        Participant.objects.create(name="P of globex")


def page_of(api, query):
    response = api.get("directory/participants", {"name__isw": "P", **query})
    assert response.status_code == 200, response.content
    return response, response.json()


def links_of(response):
    return {
        part.split('rel="')[1].rstrip('"'): part.split(">")[0].lstrip(" <")
        for part in response["Link"].split(",")
    }


def test_pages_by_offset_follow_each_other_to_the_last(acme_api, seven):
    response, body = page_of(acme_api, {"offset": 0, "limit": 3})
    assert body["count"] == 7
    assert body["previous"] is None
    assert "count_is_estimate" not in body
    names = [row["name"] for row in body["results"]]
    while body["next"]:
        assert "cursor=" not in body["next"]
        links = links_of(response)
        response = acme_api.get(body["next"].removeprefix("http://testserver"))
        body = response.json()
        names += [row["name"] for row in body["results"]]
    assert names == [f"P{number}" for number in range(7)]
    assert links_of(response)["self"] == links["last"]
    assert "offset=3" in body["previous"]
    assert "offset=0" in links["first"]


def test_only_who_asks_for_it_is_told_a_count_and_pays_for_it(acme_api, seven):
    def statements(query):
        with CaptureQueriesContext(connection) as captured:
            _response, body = page_of(acme_api, query)
        return len(captured), {key for key in body if key.startswith("count")}

    statements({})
    cost, told = statements({})
    assert told == set()
    assert statements({"offset": 0}) == (cost + 1, {"count"})
    # An estimate has no tag, whose version would be another statement.
    assert statements({"count": "estimate"}) == (cost, {"count", "count_is_estimate"})
    assert statements({"count": "estimate", "offset": 0}) == (cost, {"count", "count_is_estimate"})


def test_an_estimate_is_marked_and_names_no_last_page(acme_api, seven):
    response, body = page_of(acme_api, {"count": "estimate", "offset": 0, "limit": 2})
    assert isinstance(body["count"], int)
    assert body["count_is_estimate"] is True
    assert "last" not in links_of(response)
    _response, body = page_of(acme_api, {"count": "estimate", "limit": 2})
    assert "cursor=" in body["next"]
    assert "count=estimate" in body["next"]


def test_an_estimate_counts_what_is_filtered(acme_api, seven):
    _response, body = page_of(acme_api, {"count": "estimate", "created_at__lt": "1990-01-01T00:00:00Z"})
    assert body["count"] <= 1


def test_beyond_the_end_a_page_is_empty_and_counted(acme_api, seven):
    _response, body = page_of(acme_api, {"offset": 10_000})
    assert (body["results"], body["count"], body["next"]) == ([], 7, None)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"offset": "-1"}, ("offset", "offset_out_of_range")),
        ({"offset": "10001"}, ("offset", "offset_out_of_range")),
        ({"offset": ""}, ("offset", "offset_out_of_range")),
        ({"offset": "1.0"}, ("offset", "offset_out_of_range")),
        ({"count": "exact"}, ("count", "invalid_choice")),
        ({"count": ""}, ("count", "invalid_choice")),
    ],
)
def test_a_malformed_offset_or_count_is_named(acme_api, acme, query, expected):
    assert places(acme_api.get("directory/participants", query)) == [expected]


def test_a_page_is_named_by_cursor_or_offset_not_both(acme_api, seven):
    _response, body = page_of(acme_api, {"limit": 2})
    response = acme_api.get(body["next"].removeprefix("http://testserver") + "&offset=0")
    assert places(response) == [("offset", "exclusive")]
