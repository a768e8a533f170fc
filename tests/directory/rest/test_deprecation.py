import json
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.core.checks import run_checks
from django.test import Client
from openapi_spec_validator import validate

from config.foundation.rest.deprecation import Deprecation, months_later
from config.openapi import DocumentGenerator
from directory.models import Participant
from tests.cast import make_token
from tests.directory.rest import aged
from tests.directory.rest.calling import Api, problem_of

KNOWN = {"type": "bic", "value": "NDEASESS"}
LAST_MOMENT = aged.SUNSET - timedelta(microseconds=1)
DATES = {"Deprecation": f"@{int(aged.SINCE.timestamp())}", "Sunset": "Fri, 31 Jul 2026 00:00:00 GMT"}


@pytest.fixture(autouse=True)
def aged_addresses(settings):
    settings.TENANT_URLCONF = "tests.directory.rest.aged"


@pytest.fixture
def at(monkeypatch):
    """Return a function that sets the clock of the aged views."""

    def set_clock(moment):
        for view in (aged.AgedResolve, aged.AgedParticipants):
            monkeypatch.setattr(view, "clock", staticmethod(lambda: moment))

    set_clock(LAST_MOMENT)
    return set_clock


@pytest.fixture
def api(at, acme):
    with acme:
        Participant.objects.create(name="Bank US", country="US", notes="A note.")
    return Api("acme", make_token("acme", "directory.read", "directory.resolve"))


@pytest.fixture
def writing_api(at, acme):
    return Api("acme", make_token("acme", "directory.read", "directory.manage", may_write=True))


def announced(response):
    """Return the dates that an answer announces."""
    return {name: response[name] for name in DATES if name in response}


def document():
    return json.loads(
        json.dumps(DocumentGenerator(urlconf="tests.directory.rest.aged").get_schema(public=True))
    )


def test_a_deprecated_operation_says_so_until_its_sunset_and_where_to_read_on(api):
    response = api.get("resolve", KNOWN)
    assert (response.status_code, announced(response)) == (200, DATES)
    link = '<http://localhost:8000/deprecations#resolve_get>; rel="deprecation"; type="text/html"'
    assert link in response["Link"]
    page = Client().get("/deprecations").content.decode()
    assert 'id="resolve_get"' in page
    assert aged.RESOLVED.replacement in page


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_after_its_sunset_an_operation_is_gone_and_names_what_to_use(api, at, method):
    at(aged.SUNSET)
    response = api.request(method, "resolve?type=bic&value=NDEASESS&nonsense=1")
    assert (response.status_code, announced(response)) == (410, DATES)
    if method == "GET":
        problem = problem_of(response)
        assert (problem["code"], problem["replacement"]) == ("gone", aged.RESOLVED.replacement)
        assert "2026-07-31" in problem["detail"]


def test_other_operations_of_the_same_address_are_as_they_were(api, at):
    at(aged.SUNSET)
    response = api.post("resolve", {"identifiers": [KNOWN]})
    assert (response.status_code, announced(response)) == (200, {})
    assert api.request("OPTIONS", "resolve").status_code == 200


def test_a_method_that_was_never_offered_is_not_gone(api, at):
    at(aged.SUNSET)
    response = api.request("PUT", "directory/participants")
    assert (response.status_code, announced(response)) == (405, {})


def test_a_refusal_shows_no_field_and_announces_none(api):
    response = api.get("directory/participants?nonsense=1")
    assert (response.status_code, announced(response)) == (400, {})


def test_who_is_not_let_in_does_not_learn_that_something_is_gone(at, acme):
    at(aged.SUNSET)
    response = Api("acme").get("resolve", KNOWN)
    assert (response.status_code, announced(response)) == (401, {})


@pytest.mark.parametrize(
    ("query", "is_announced"),
    [
        ("omit=notes", False),
        ("omit=notes&country=US", True),
        ("", True),
        ("fields=notes", True),
        ("brief=true", False),
    ],
)
def test_a_parameter_is_announced_where_it_is_used_and_a_field_where_it_is_shown(api, query, is_announced):
    response = api.get(f"directory/participants?{query}")
    assert (response.status_code, announced(response)) == (200, DATES if is_announced else {})


def test_after_its_sunset_a_parameter_is_gone_and_lists_go_on_without_it(api, at):
    at(aged.SUNSET)
    problem = problem_of(api.get("directory/participants?country=US"))
    assert (problem["status"], problem["replacement"]) == (410, aged.COUNTRY.replacement)
    assert len(api.list("participants")) == 1


def test_after_its_sunset_a_field_is_left_out_and_is_gone_to_who_asks_for_it(api, at):
    (before,) = api.list("participants")
    tag = api.get(f"directory/participants/{before['id']}")["ETag"]
    assert before["notes"] == "A note."
    at(aged.SUNSET)
    response = api.get("directory/participants")
    (after,) = response.json()["results"]
    assert after == {name: value for name, value in before.items() if name != "notes"}
    assert announced(response) == {}
    assert api.get(f"directory/participants/{before['id']}", if_none_match=tag).status_code == 200
    asked = problem_of(api.get("directory/participants?fields=id,notes"))
    assert (asked["status"], asked["replacement"]) == (410, aged.NOTES.replacement)
    exported = api.get("directory/participants", accept="text/csv")
    assert "notes" not in b"".join(exported.streaming_content).decode().splitlines()[0]


def test_a_list_held_from_before_the_sunset_of_a_field_is_read_again(api, at):
    tag = api.get("directory/participants")["ETag"]
    assert api.get("directory/participants", if_none_match=tag).status_code == 304
    at(aged.SUNSET)
    assert api.get("directory/participants", if_none_match=tag).status_code == 200


def test_a_write_that_is_gone_writes_nothing(writing_api, at, acme):
    response = writing_api.post("directory/participants", {"name": "One"})
    assert (response.status_code, announced(response)) == (201, DATES)
    at(aged.SUNSET)
    assert writing_api.post("directory/participants", {"name": "Two"}).status_code == 410
    with acme:
        assert not Participant.objects.filter(name="Two").exists()


def test_each_use_is_a_line_of_the_log_that_names_the_token(api, at, caplog):
    caplog.set_level(logging.WARNING, "config.foundation.rest.deprecation")
    key_id = api.token.partition(".")[0].removeprefix("sbt_")
    api.get("directory/participants?country=US&omit=notes")
    at(aged.SUNSET)
    api.get("resolve", KNOWN)
    lines = [one.getMessage() for one in caplog.records if one.name == "config.foundation.rest.deprecation"]
    assert [line.replace(key_id, "the key") for line in lines] == [
        f"deprecated operation={of} caller=token:the key tenant=acme method=GET {end} sunset=2026-07-31"
        for of, end in (
            ("participants_list part=parameter:country", "status=200"),
            ("resolve_get part=operation", "status=410"),
        )
    ]


def test_the_document_says_what_is_deprecated_until_when_and_how_it_is_answered():
    paths = document()["paths"]
    operation = paths["/api/v1/resolve"]["get"]
    assert (operation["deprecated"], operation["x-sunset"]) == (True, "2026-07-31T00:00:00Z")
    assert operation["x-replacement"] == aged.RESOLVED.replacement
    assert {"Deprecation", "Sunset", "Link"} <= operation["responses"]["200"]["headers"].keys()
    assert "`gone`" in operation["responses"]["410"]["description"]
    assert "deprecated" not in paths["/api/v1/resolve"]["post"]
    assert "410" not in paths["/api/v1/resolve"]["post"]["responses"]
    listing = paths["/api/v1/directory/participants"]["get"]
    marked = [one["name"] for one in listing["parameters"] if one.get("deprecated")]
    assert ("deprecated" in listing, marked) == (False, ["country"])


def test_a_deprecated_field_is_marked_in_the_schema_and_no_longer_promised():
    made = document()
    validate(made)
    schemas = made["components"]["schemas"]
    assert schemas["ParticipantPart"]["properties"]["notes"]["deprecated"] is True
    whole = schemas["Participant"]
    assert "notes" not in whole["required"]
    assert "name" in whole["required"]


def test_a_field_that_is_not_there_cannot_be_deprecated(monkeypatch):
    monkeypatch.setattr(
        aged.AgedResolve,
        "operations",
        {"get": replace(aged.AgedResolve.operations["get"], deprecated_fields={"nothing": aged.NOTES})},
    )
    with pytest.raises(LookupError, match="nothing"):
        document()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"sunset": datetime(2026, 7, 30, tzinfo=UTC)}, "less than 6 months"),
        ({"since": datetime(2026, 1, 1)}, "offset"),  # noqa: DTZ001 -- that is what is wrong
        ({"replacement": ""}, "replacement"),
    ],
)
def test_the_check_at_the_start_refuses_an_ill_declared_deprecation(monkeypatch, wrong, said):
    assert [one for one in run_checks(tags=["api"]) if one.id == "switchboard.E003"] == []
    ill = replace(aged.AgedResolve.operations["get"], deprecated=replace(aged.RESOLVED, **wrong))
    monkeypatch.setattr(aged.AgedResolve, "operations", aged.AgedResolve.operations | {"get": ill})
    (found,) = run_checks(tags=["api"])
    assert (found.id, found.is_serious()) == ("switchboard.E003", True)
    assert "resolve_get" in found.msg
    assert said in found.msg


@pytest.mark.parametrize(
    ("since", "later"),
    [("2026-08-31", "2027-02-28"), ("2026-01-31", "2026-07-31"), ("2027-12-01", "2028-06-01")],
)
def test_six_months_later_is_a_day_that_there_is(since, later):
    moment = datetime.fromisoformat(since).replace(tzinfo=UTC)
    assert months_later(moment, 6).date().isoformat() == later
    assert Deprecation(since=moment, sunset=months_later(moment, 6), replacement="Use it.").fault() == ""
