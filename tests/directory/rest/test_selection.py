"""Fields that a caller chooses: what is left out is neither shown, nor joined, nor revealed."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from directory.models import Capability, Participant
from directory.rest.resources import RESOURCES
from tests.cast import make_token
from tests.directory.rest.calling import Api, places
from tests.sealing import seal

LISTED = [pytest.param(one, one.plural.replace(" ", "-"), id=one.plural) for one in RESOURCES]


def cost_of(api, path, query):
    with CaptureQueriesContext(connection) as captured:
        response = api.get(path, query)
    assert response.status_code == 200, response.content
    asked = [one["sql"] for one in captured.captured_queries if ' FROM "directory_' in one["sql"]]
    return len(captured), sum(len(re.findall(" JOIN ", sql)) for sql in asked)


@pytest.mark.parametrize(("resource", "table"), LISTED)
def test_each_field_is_shown_alone_or_left_out_with_no_statement_more(
    acme_api, full_directory, resource, table
):
    whole = acme_api.list(table)
    path = f"directory/{table}"
    statements, _joins = cost_of(acme_api, path, {})
    for name in resource.serializer_class.Meta.fields:
        assert acme_api.list(table, {"fields": name}) == [{name: row[name]} for row in whole]
        assert acme_api.list(table, {"omit": name}) == [
            {key: value for key, value in row.items() if key != name} for row in whole
        ]
        assert cost_of(acme_api, path, {"fields": name}) == (statements, int(name in resource.relations))


@pytest.mark.parametrize(("resource", "table"), LISTED)
def test_brief_shows_id_address_and_the_natural_name(acme_api, full_directory, resource, table):
    for row, brief in zip(acme_api.list(table), acme_api.list(table, {"brief": "true"}), strict=True):
        assert brief == {name: row[name] for name in ("id", "url", *resource.natural)}
    assert acme_api.list(table, {"brief": "false"}) == acme_api.list(table)


def test_a_relation_that_is_left_out_is_not_joined(acme_api, full_directory):
    (row, *_others) = acme_api.list("capabilities")
    detail = row["url"].removeprefix("http://testserver")
    for path in ("directory/capabilities", detail):
        statements, joins = cost_of(acme_api, path, {})
        assert joins == 2
        assert cost_of(acme_api, path, {"omit": "endpoint"}) == (statements, 1)
        assert cost_of(acme_api, path, {"fields": "id,participant_id,endpoint_id"}) == (statements, 0)


NESTED = [
    (one, one.plural.replace(" ", "-"), name)
    for one in RESOURCES
    for name in one.selectable_fields("list")
    if "." in name
]


@pytest.mark.parametrize(
    ("resource", "table", "name"), NESTED, ids=[f"{one} {name}" for _, one, name in NESTED]
)
def test_a_field_of_a_nested_object_is_shown_alone_or_left_out(
    acme_api, full_directory, resource, table, name
):
    whole, (outer, _, inner) = acme_api.list(table), name.partition(".")
    assert acme_api.list(table, {"fields": f"id,{name}"}) == [
        {"id": row["id"], outer: {inner: row[outer][inner]}} for row in whole
    ]
    left = [{key: value for key, value in row[outer].items() if key != inner} for row in whole]
    assert acme_api.list(table, {"omit": name}) == [
        {key: value for key, value in row.items() if key != outer} | ({outer: rest} if rest else {})
        for row, rest in zip(whole, left, strict=True)
    ]


def test_every_nested_object_can_be_chosen_from():
    assert {f"{table} {name}" for _resource, table, name in NESTED} >= {
        "identifiers participant.name",
        "capabilities endpoint.address",
        "prefix-rules artifact.version",
        "source-runs source.name",
    }
    relations = {(one, name) for one in RESOURCES for name in one.relations}
    assert {(one, name.partition(".")[0]) for one, _table, name in NESTED} == relations


def test_a_relation_of_which_nothing_is_left_is_not_joined(acme_api, full_directory):
    path = "directory/capabilities"
    acme_api.list("capabilities")  # what is kept after the first request is not counted
    statements, _joins = cost_of(acme_api, path, {})
    for query, joins in (
        ({"fields": "id,endpoint.address"}, 1),
        ({"omit": "participant.name"}, 1),
        ({"omit": "endpoint.protocol,endpoint.address"}, 2),
        ({"omit": "endpoint.protocol,endpoint.address,endpoint.profile"}, 1),
        ({"omit": "endpoint.protocol,endpoint,participant.name"}, 0),
        ({"fields": "participant_id"}, 0),
    ):
        assert cost_of(acme_api, path, query) == (statements, joins), query


def test_a_null_object_stays_null_whichever_of_its_fields_is_chosen(acme_api, acme):
    with acme:
        participant = Participant.objects.create(name="Here")
        Capability.objects.create(participant=participant, service="iso20022.fi")
    query = {"fields": "participant.name,endpoint.address"}
    assert acme_api.list("capabilities", query) == [{"participant": {"name": "Here"}, "endpoint": None}]


def test_an_object_of_free_form_is_chosen_whole(acme_api, full_directory):
    response = acme_api.get("directory/endpoints", {"fields": "qos.latency"})
    assert places(response) == [("fields", "unknown_field")]


@pytest.fixture
def writer(db):
    return Api("acme", make_token("acme", "directory.read", "directory.manage", may_write=True))


def test_the_tag_of_chosen_fields_is_good_for_those_alone(acme_api, acme, writer):
    with acme:
        row = Participant.objects.create(name="Before")
    path = f"directory/participants/{row.display_id}"
    whole, chosen = acme_api.get(path), acme_api.get(path, {"fields": "name"})
    assert chosen.json() == {"name": "Before"}
    assert whole["ETag"] != chosen["ETag"]
    assert acme_api.get(path, {"fields": "name"}, If_None_Match=chosen["ETag"]).status_code == 304
    assert acme_api.get(path, {"omit": "name"}, If_None_Match=chosen["ETag"]).status_code == 200
    assert acme_api.get(path, If_None_Match=chosen["ETag"]).status_code == 200
    refused = writer.send("PATCH", path, {"name": "After"}, If_Match=chosen["ETag"])
    assert refused.status_code == 412


def test_a_confidential_value_that_is_left_out_leaves_no_event_of_its_reading(
    make_api, acme, confidential_identifier
):
    def readings():
        with acme:
            seal()
            return AuditEvent.objects.filter(action="read").count()

    api = make_api("acme", "directory.read", "view_confidential")
    before = readings()
    (row,) = api.list("identifiers", {"fields": "id,scope"})
    assert "value" not in row
    assert readings() == before
    (row,) = api.list("identifiers", {"fields": "value"})
    assert row == {"value": "MERCHANT0000001"}
    assert readings() == before + 1


def test_chosen_fields_go_along_with_the_cursor(acme_api, full_directory):
    body = acme_api.get("directory/participants", {"fields": "name", "limit": 1}).json()
    assert "fields=name" in body["next"]
    rest = acme_api.get(body["next"].removeprefix("http://testserver")).json()
    assert rest["results"] == [{"name": "Bank 1"}]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("fields=nmae", [("fields", "unknown_field")]),
        ("omit=name,4111111111111111", [("omit", "unknown_field")]),
        ("fields=", [("fields", "unknown_field")]),
        ("fields=name,", [("fields", "unknown_field")]),
        ("fields=name.x", [("fields", "unknown_field")]),
        ("omit=.name", [("omit", "unknown_field")]),
        ("fields=name&omit=kind", [("omit", "exclusive")]),
        ("fields=name&omit=kind&brief=true", [("omit", "exclusive"), ("brief", "exclusive")]),
        ("brief=yes", [("brief", "invalid_choice")]),
        ("fields=name&fields=kind", [("fields", "repeated")]),
    ],
)
def test_a_choice_that_cannot_be_made_is_named(acme_api, acme, query, expected):
    with acme:
        row = Participant.objects.create(name="Here")
    for path in ("directory/participants", f"directory/participants/{row.display_id}"):
        response = acme_api.get(f"{path}?{query}")
        assert places(response) == expected
        assert b"4111" not in response.content


def test_a_write_takes_no_choice_of_fields(writer):
    response = writer.send("POST", "directory/participants?fields=name", {"name": "x"})
    assert places(response) == [("fields", "unknown_parameter")]
