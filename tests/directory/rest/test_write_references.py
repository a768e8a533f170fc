"""A relation is written by an id, or by what the one row that is meant is known by."""

import json
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.foundation.rest.references import natural_keys
from config.foundation.rows import public_schema
from directory.models import (
    Capability,
    Credential,
    Endpoint,
    Identifier,
    Participant,
    PrefixRule,
    RoutingArtifact,
)
from directory.rest.resources import RESOURCES, WrittenResource
from directory.serializers.writing import DirectoryWriteSerializer
from tests.cast import make_token
from tests.directory.rest.calling import Api, places, problem_of
from tests.directory.rest.conftest import saved
from tests.directory.rest.writes import document, tables, written
from tests.journeys.isolation.calls import LITERALS
from tests.openapi import checker, resolved

WRITE = ("directory.read", "directory.manage")
BIC = {"identifier_type": "bic", "value": "BANKUS33"}
ADDRESS = "https://as4.example/in"
OF_ANY_TYPE: tuple[Any, ...] = (True, 7, 1.5, "x", [], {}, [1], {"a": 1}, [[]], [None])


@pytest.fixture
def writer(db):
    return Api("acme", make_token("acme", *WRITE, may_write=True))


@pytest.fixture
def bank(acme):
    with acme:
        return saved(Participant(name="Bank US", country="US", source="feed", external_id="7"))


@pytest.fixture
def endpoint(acme, bank):
    with acme:
        return saved(Endpoint(participant=bank, protocol="as4", address=ADDRESS))


def identifiers(api, participant, **more):
    return api.post("directory/identifiers", BIC | {"participant": participant} | more)


@pytest.mark.parametrize(
    "named",
    [
        {"name": "Bank US"},
        {"name": "  Bank US "},
        {"source": "feed", "external_id": "7"},
        {"name": "Bank US", "kind": "organization", "country": "US", "confidence": 1},
    ],
)
def test_a_participant_is_named_by_what_it_alone_is_known_by(writer, acme, bank, named):
    with acme:
        saved(Participant(name="Bank SE", country="SE", external_id="7"))
    made = identifiers(writer, named)
    assert made.status_code == 201, made.content
    assert made.json()["participant_id"] == bank.display_id


def test_an_endpoint_is_named_with_its_participant_and_a_version_with_its_number(
    writer, acme, bank, endpoint
):
    with acme:
        other = saved(Participant(name="Other"))
        saved(Endpoint(participant=other, protocol="as4", address=ADDRESS))
        for version in (1, 2):
            saved(RoutingArtifact(kind="bin_table", name="cards", version=version))
    named = {"participant": {"name": "Bank US"}, "protocol": "as4", "address": ADDRESS}
    made = writer.post(
        "directory/capabilities", {"participant": {"name": "Bank US"}, "endpoint": named, "service": "s"}
    )
    assert made.json()["endpoint_id"] == endpoint.display_id, made.content
    by_id = named | {"participant_id": bank.display_id}
    del by_id["participant"]
    path = f"directory/capabilities/{made.json()['id']}"
    assert writer.send("PATCH", path, {"endpoint": by_id}).status_code == 200
    second = {"kind": "bin_table", "name": "cards", "version": 2}
    rule = writer.post("directory/prefix-rules", {"artifact": second, "prefix": "4", "participant": None})
    assert rule.status_code == 201, rule.content
    with acme:
        assert PrefixRule.objects.get().artifact.version == 2


def test_a_relation_is_changed_and_emptied_under_its_name(writer, acme, bank, endpoint):
    with acme:
        capability = saved(Capability(participant=bank, endpoint=endpoint, service="s"))
        saved(Participant(name="Other"))
    path = f"directory/capabilities/{capability.display_id}"
    emptied = writer.send("PATCH", path, {"endpoint": None})
    assert (emptied.status_code, emptied.json()["endpoint_id"]) == (200, None)
    again = writer.send("PATCH", path, {"participant": {"name": "Bank US"}})
    assert (again.json()["row_version"], again["ETag"]) == (2, emptied["ETag"])
    moved = writer.send("PATCH", path, {"participant": {"name": "Other"}})
    assert (moved.json()["participant"], moved.json()["row_version"]) == ({"name": "Other"}, 3)


def test_what_is_read_of_a_participant_is_written_back_as_it_is(writer, acme, bank):
    with acme:
        saved(Identifier(participant=bank, identifier_type="bic", value="NDEASESS"))
    (shown,) = writer.list("identifiers")
    assert identifiers(writer, shown["participant"]).status_code == 201


def test_of_several_rows_none_is_guessed(writer, acme, bank):
    with acme:
        for _ in range(2):
            saved(Participant(name="Bank US"))
    refused = identifiers(writer, {"name": "Bank US"})
    assert places(refused) == [("#/participant", "ambiguous")]
    assert refused.status_code == 400
    assert problem_of(refused)["detail"].startswith("More than one participant ")
    assert identifiers(writer, {"name": "Bank US", "external_id": "7"}).status_code == 201


def test_another_tenants_row_is_refused_in_the_words_and_statements_of_an_unknown_one(writer, globex, bank):
    with globex:
        saved(Participant(name="Foreign Bank", source="abroad", external_id="9"))
    assert (
        identifiers(writer, {"name": "Nobody"}).status_code == 400
    )  # a token's first call says that it is used
    answers, statements = [], []
    for name in ("Foreign Bank", "Nobody Bank."):
        with CaptureQueriesContext(connection) as queries:
            refused = identifiers(writer, {"name": name, "source": "abroad"})
        assert (refused.status_code, places(refused)) == (400, [("#/participant", "not_found")])
        answers.append(refused.json()["errors"])
        told = [one["sql"] for one in queries.captured_queries]
        assert any(name in one for one in told)
        statements.append([LITERALS.sub("?", one.replace(name, "?")) for one in told])
    assert answers[0] == answers[1]
    assert statements[0] == statements[1]


def test_the_global_directory_is_not_referred_to(writer, bank, acme):
    with public_schema():
        saved(Participant(name="Global Bank"))
    assert places(identifiers(writer, {"name": "Global Bank"})) == [("#/participant", "not_found")]


@pytest.mark.parametrize(
    ("named", "found"),
    [
        ({}, [("#/participant", "required")]),
        ([], [("#/participant", "invalid_type")]),
        ("Bank US", [("#/participant", "invalid_type")]),
        (None, [("#/participant", "null")]),
        ({"nmae": "x"}, [("#/participant/nmae", "unknown_field")]),
        ({"tags": ["a"]}, [("#/participant/tags", "unknown_field")]),
        ({"id": "par_1"}, [("#/participant/id", "unknown_field")]),
        ({"name__ic": "bank"}, [("#/participant/name__ic", "unknown_field")]),
        ({"notes": "x"}, [("#/participant/notes", "unknown_field")]),
        ({"name": None}, [("#/participant/name", "null")]),
        ({"name": 7}, [("#/participant/name", "invalid_type")]),
        ({"country": []}, [("#/participant/country", "invalid_type")]),
        ({"name": "x" * 1_000_000}, [("#/participant/name", "max_length")]),
        ({"name": "a\x00b"}, [("#/participant/name", "invalid_text")]),
        ({"name": "\ud800"}, [("#/participant/name", "invalid_text")]),
        ({"confidence": 2**53 + 1}, [("#/participant/confidence", "number_out_of_range")]),
        ({"kind": "bank"}, [("#/participant/kind", "invalid_choice")]),
        ({"country": "S" * 1_000_000}, [("#/participant/country", "max_length")]),
        ({"identifiers": {"value": "x"}}, [("#/participant/identifiers", "unknown_field")]),
    ],
)  # fmt: skip
def test_what_is_no_key_is_refused_where_it_stands(writer, bank, named, found):
    refused = identifiers(writer, named)
    assert (refused.status_code, sorted(places(refused))) == (400, found)
    assert len(refused.content) < 20_000


def test_a_row_is_not_named_twice(writer, bank, endpoint):
    twice = identifiers(writer, {"name": "Bank US"}, participant_id=bank.display_id)
    assert places(twice) == [("#/participant", "exclusive")]
    inner = {"participant": {"name": "Bank US"}, "participant_id": bank.display_id, "protocol": "as4"}
    body = {"participant_id": bank.display_id, "endpoint": inner, "service": "s"}
    assert places(writer.post("directory/capabilities", body)) == [("#/endpoint/participant", "exclusive")]


def test_objects_are_nested_one_level(writer, bank, endpoint):
    deep: Any = {"name": "Bank US"}
    for _ in range(50):
        deep = {"participant": deep}
    assert problem_of(identifiers(writer, deep))["code"] == "malformed_json"
    body = {"participant_id": bank.display_id, "service": "s"}
    nested = {"participant": {"participant": {"name": "Bank US"}}}
    refused = writer.post("directory/capabilities", body | {"endpoint": nested})
    assert places(refused) == [("#/endpoint/participant/participant", "unknown_field")]
    missing = {"participant": {"name": "Nobody"}, "protocol": "as4"}
    refused = writer.post("directory/capabilities", body | {"endpoint": missing})
    assert places(refused) == [("#/endpoint/participant", "not_found")]


def test_all_faults_are_told_at_once_with_those_of_a_reference(writer, bank):
    body = {"participant": {"nmae": 1, "name": 7}, "priority": "x", "confidence": 7, "value": 1}
    assert sorted(places(writer.post("directory/identifiers", body))) == [
        ("#/confidence", "max_value"),
        ("#/identifier_type", "required"),
        ("#/participant/name", "invalid_type"),
        ("#/participant/nmae", "unknown_field"),
        ("#/priority", "invalid_type"),
        ("#/value", "invalid_type"),
    ]


def test_what_the_model_refuses_of_a_row_stands_where_the_row_was_named(writer, acme, bank, endpoint):
    with acme:
        saved(Participant(name="Other"))
    body = {"participant": {"name": "Other"}, "endpoint": {"address": ADDRESS}, "service": "s"}
    refused = writer.post("directory/capabilities", body)
    assert places(refused) == [("#/endpoint", "endpoint_of_another_participant")]


def test_a_row_that_a_request_names_twice_is_asked_for_once(writer, bank, endpoint):
    named = {"name": "Bank US"}
    body = {"participant": named, "endpoint": {"participant": named, "protocol": "as4"}, "service": "s"}
    with CaptureQueriesContext(connection) as queries:
        assert writer.post("directory/capabilities", body).status_code == 201
    asked = [one for one in queries.captured_queries if "'Bank US'" in one["sql"] and "SELECT" in one["sql"]]
    assert len(asked) == 1


def test_rows_are_named_by_the_columns_that_their_lists_are_filtered_by_for_equality():
    resources = {one.model: one for one in RESOURCES if issubclass(one, WrittenResource)}
    for model, key in DirectoryWriteSerializer.natural_keys.items():
        declared = resources[model].filterset_class._meta.fields
        equal = {name for name, lookups in declared.items() if "exact" in lookups and "__" not in name}
        assert set(key.columns) == equal - {"tags"}, model
        assert set(resources[model].natural) <= set(key.columns), model


@pytest.mark.parametrize(
    ("model", "column"),
    [(Identifier, "value"), (Identifier, "normalized"), (Credential, "vault_ref"), (Participant, "tags")],
)
def test_no_row_is_named_by_what_is_confidential_or_has_many_values(model, column):
    with pytest.raises(ImproperlyConfigured, match=column):
        natural_keys({model: (column,)})


def references() -> list[Any]:
    """Return each relation of a table that may be named, with the schema of its object."""
    found = []
    for table in tables():
        for name, schema in table.schema["properties"].items():
            options = [resolved(document(), one) for one in (schema, *schema.get("anyOf", ()))]
            objects = [one for one in options if one.get("minProperties") == 1]
            found += [pytest.param(table, name, one, id=f"{table.path} {name}") for one in objects]
    return found


def test_each_relation_may_be_named():
    assert len(references()) == 8


@pytest.mark.parametrize(("table", "name", "schema"), references())
def test_each_attribute_takes_its_own_type_alone(acme, table, name, schema):
    world = written(Api("acme", make_token("acme", *WRITE, may_write=True)), acme)
    before, tried = world.stored(), 0
    body = world.body(table)
    body.pop(f"{name}_id", None)
    for attribute, one in schema["properties"].items():
        takes = checker(document(), one)
        for value in OF_ANY_TYPE:
            if takes.is_valid(value):
                continue
            for method, path in (("POST", table.path), ("PATCH", world.row_path(table))):
                sent = {name: {attribute: value}} | (body if method == "POST" else {})
                response = world.send(method, path, sent)
                pointers = [place for place, _ in places(response)]
                assert response.status_code == 400
                assert any(one.startswith(f"#/{name}/{attribute}") for one in pointers), (attribute, value)
                tried += 1
    assert tried > len(schema["properties"])
    assert world.stored() == before


def test_the_document_says_that_one_of_both_is_given():
    schema = {one.path: one.schema for one in tables()}["directory/identifiers"]
    takes = checker(document(), schema)
    by_id, by_name = {"participant_id": f"par_{'0' * 32}"}, {"participant": {"name": "x"}}
    assert takes.is_valid(BIC | by_id)
    assert takes.is_valid(BIC | by_name)
    assert not takes.is_valid(BIC)
    assert not takes.is_valid(BIC | by_id | by_name)
    assert "oneOf" not in json.dumps({k: v for k, v in schema.items() if k != "allOf"})
