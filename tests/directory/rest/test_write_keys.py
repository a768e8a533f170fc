"""Rows under the id that their source knows them by: read, and written as a whole, new or not."""

from typing import Any
from urllib.parse import quote

import pytest

from audit.models import AuditEvent
from directory.models import Capability, Credential, Endpoint, Identifier, Participant, Source
from directory.rest.resources import RESOURCES, SourcedResource
from tests.cast import make_token
from tests.directory.rest.calling import Api, places, problem_of
from tests.directory.rest.conftest import saved
from tests.directory.rest.test_preconditions import OTHER_TAG, count_events
from tests.sealing import seal

WRITE = ("directory.read", "directory.manage")
PATH = "directory/participants/by/crm/4711"
ONE = {"name": "Bank US", "country": "US", "tags": ["a", "b"]}


@pytest.fixture
def writer(db):
    return Api("acme", make_token("acme", *WRITE, may_write=True))


@pytest.fixture
def bank(acme):
    with acme:
        return saved(Participant(name="Bank"))


def put(api, path, body, **headers):
    return api.send("PUT", path, body, **({"if_match": ""} | headers))


def bodies(bank) -> dict[str, tuple[Any, dict[str, Any], dict[str, Any]]]:
    """Return, by table, its model, a body, and what another body says besides."""
    mine = {"participant_id": bank.display_id}
    return {
        "participants": (Participant, {"name": "Twin"}, {"tags": ["x"], "confidence": 0.5}),
        "identifiers": (
            Identifier,
            mine | {"identifier_type": "mid", "value": "MERCHANT-1"},
            {"priority": 3},
        ),
        "endpoints": (
            Endpoint,
            mine | {"protocol": "as4", "address": "https://as4.example/x", "qos": {"retries": 3}},
            {"qos": {"receiptsRequired": True}},
        ),
        "capabilities": (Capability, mine | {"service": "iso20022.fi"}, {"action": "credit.transfer"}),
        "credentials": (
            Credential,
            mine | {"credential_type": "sign", "vault_ref": "vault://a/b"},
            {"valid_to": "2031-01-01T00:00:00Z"},
        ),
    }


def test_each_table_of_sourced_rows_has_a_body_here(bank):
    assert bodies(bank).keys() == {one.plural for one in RESOURCES if issubclass(one, SourcedResource)}


@pytest.mark.parametrize("table", ["participants", "identifiers", "endpoints", "capabilities", "credentials"])
def test_a_row_is_created_written_and_left_alone_under_its_key(writer, acme, bank, table):
    model, body, more = bodies(bank)[table]
    path = f"directory/{table}/by/crm/4711"
    assert writer.get(path).status_code == 404
    made = put(writer, path, body)
    assert made.status_code == 201, made.content
    assert (made.json()["source"], made.json()["external_id"]) == ("crm", "4711")
    assert made["Location"] == made.json()["url"]
    assert made["Location"].endswith(f"/directory/{table}/{made.json()['id']}")
    by_id = writer.get(made["Location"].removeprefix("http://testserver"))
    by_key = writer.get(path)
    assert by_id.json() == by_key.json() == made.json()
    assert by_id["ETag"] == by_key["ETag"] == made["ETag"]
    assert writer.get(path, if_none_match=made["ETag"]).status_code == 304
    before = count_events(acme)
    again = put(writer, path, body)
    assert (again.status_code, again.json(), again["ETag"]) == (200, made.json(), made["ETag"])
    assert "Location" not in again
    assert count_events(acme) == before
    changed = put(writer, path, body | more)
    assert (changed.status_code, changed.json()["row_version"]) == (200, 2), changed.content
    assert changed.json() == made.json() | more | {
        name: changed.json()[name] for name in ("row_version", "updated_at")
    }
    assert count_events(acme) == before + 1
    back = put(writer, path, body)
    assert {**back.json(), "row_version": 1, "updated_at": ""} == made.json() | {"updated_at": ""}
    with acme:
        assert model.objects.filter(source="crm").count() == 1


def test_what_a_body_leaves_out_takes_its_default_and_what_is_not_written_stays(writer, acme):
    put(writer, PATH, ONE | {"notes": "n", "confidence": 0.5, "kind": "node"})
    with acme:
        row = Participant.objects.get()
        row.superseded_at = row.created_at
        row.save()
    shown = put(writer, PATH, {"name": "Bank US"}).json()
    assert [shown[name] for name in ("notes", "confidence", "kind", "tags", "country")] == [
        "",
        1.0,
        "organization",
        [],
        "",
    ]
    assert shown["superseded_at"] is not None


def test_the_key_is_the_addresss_and_may_only_be_repeated(writer):
    assert put(writer, PATH, ONE | {"source": "crm", "external_id": "4711"}).status_code == 201
    refused = put(writer, PATH, ONE | {"source": "other", "external_id": "4712", "id": "par_1", "nmae": 1})
    assert sorted(places(refused)) == [
        ("#/external_id", "differs_from_address"),
        ("#/id", "field_not_editable"),
        ("#/nmae", "unknown_field"),
        ("#/source", "differs_from_address"),
    ]
    assert writer.get(PATH).json()["row_version"] == 1


def test_a_source_is_named_by_its_name_or_its_id(writer, acme, globex):
    with acme:
        source = saved(Source(name="crm", kind="file", settings={"path": "x"}))
    with globex:
        foreign = saved(Source(name="crm", kind="file", settings={"path": "x"}))
    assert put(writer, PATH, ONE).status_code == 201
    by_id = f"directory/participants/by/{source.display_id}/4711"
    assert put(writer, by_id, ONE).status_code == 200
    assert writer.get(by_id).json() == writer.get(PATH).json()
    for unknown in (foreign.display_id, f"src_{'0' * 32}"):
        path = f"directory/participants/by/{unknown}/4711"
        assert problem_of(writer.get(path))["code"] == "not_found"
        assert problem_of(put(writer, path, ONE))["code"] == "not_found"


@pytest.mark.parametrize(
    "external_id", ["a/b", "a//b/", "/a", "100%", "ä ö", "a?b#c", "by/x", "%2F", "..a", "0", "x" * 255]
)
def test_an_external_id_may_be_any_text_that_is_escaped(writer, external_id):
    path = f"directory/participants/by/crm/{quote(external_id, safe='')}"
    made = put(writer, path, ONE)
    assert (made.status_code, made.json()["external_id"]) == (201, external_id)
    assert made.json()["url"].endswith(f"/directory/participants/{made.json()['id']}")
    assert put(writer, path, ONE).status_code == 200
    assert writer.get(path).json()["id"] == made.json()["id"]


@pytest.mark.parametrize("external_id", ["a%00b", "%20a", "a%20", "x" * 256, "%07", "x" * 100_000])
def test_an_external_id_that_no_row_can_have_is_refused(writer, external_id):
    path = f"directory/participants/by/crm/{external_id}"
    for answer in (writer.get(path), put(writer, path, ONE)):
        assert (answer.status_code, places(answer)) == (400, [("external_id", "invalid_text")])
        assert len(answer.content) < 20_000


def test_an_external_id_that_the_row_refuses_is_refused_at_the_address(writer):
    answer = put(writer, "directory/participants/by/crm/4111111111111111", ONE)
    assert places(answer) == [("external_id", "possible_card_number")]
    assert b"4111111111111111" not in answer.content


def test_preconditions_are_those_of_the_row_under_its_key(writer, acme):
    absent = put(writer, PATH, ONE, if_match="*")
    assert (absent.status_code, problem_of(absent)["code"], "ETag" in absent) == (
        412,
        "precondition_failed",
        False,
    )
    assert put(writer, PATH, ONE, if_match=OTHER_TAG).status_code == 412
    made = put(writer, PATH, ONE, if_none_match="*")
    assert made.status_code == 201
    before = count_events(acme)
    other = ONE | {"name": "Other"}
    for headers in (
        {"if_none_match": "*"},
        {"if_none_match": made["ETag"]},
        {"if_match": OTHER_TAG},
        {"if_match": f"W/{made['ETag']}"},
        {"if_match": made["ETag"], "if_none_match": "*"},
    ):
        refused = put(writer, PATH, other, **headers)
        assert (refused.status_code, refused["ETag"]) == (412, made["ETag"]), headers
    assert count_events(acme) == before
    changed = put(writer, PATH, other, if_match=made["ETag"])
    assert changed.status_code == 200
    assert put(writer, PATH, ONE, if_none_match=OTHER_TAG).status_code == 200
    assert put(writer, PATH, ONE, if_match="*").status_code == 200


def test_a_key_that_several_rows_have_names_none_of_them(writer, acme, bank):
    with acme:
        for value in ("BANKUS33", "NDEASESS"):
            row = Identifier(participant=bank, identifier_type="bic", value=value)
            row.source, row.external_id = "feed", "7"
            saved(row)
    path = "directory/identifiers/by/feed/7"
    body = {"participant_id": bank.display_id, "identifier_type": "bic", "value": "DEUTDEFF"}
    for answer in (writer.get(path), put(writer, path, body)):
        assert (answer.status_code, problem_of(answer)["code"]) == (409, "key_ambiguous")
    with acme:
        assert Identifier.objects.count() == 2


def test_another_tenants_row_is_neither_read_nor_written_under_its_key(writer, globex):
    with globex:
        row = Participant(name="Foreign")
        row.source, row.external_id = "crm", "4711"
        saved(row)
    assert writer.get(PATH).status_code == 404
    assert put(writer, PATH, ONE, if_match="*").status_code == 412
    assert put(writer, PATH, ONE, if_none_match="*").status_code == 201
    with globex:
        assert Participant.objects.get().name == "Foreign"


def test_who_may_not_write_does_not_put_and_the_global_directory_is_only_read(writer, acme):
    reader = Api("acme", make_token("acme", "directory.read", may_write=True))
    assert problem_of(put(reader, PATH, ONE))["needed"] == "directory.manage"
    flagless = Api("acme", make_token("acme", *WRITE))
    assert problem_of(put(flagless, PATH, ONE))["code"] == "write_not_allowed"
    assert problem_of(put(writer, f"{PATH}?directory=global", ONE))["code"] == "permission_denied"
    assert writer.get(f"{PATH}?directory=global").status_code == 404
    assert places(writer.get(f"{PATH}?nmae=1")) == [("nmae", "unknown_parameter")]
    assert writer.send("POST", PATH, ONE).status_code == 405
    assert put(writer, "directory/policies/by/crm/1", {}).status_code == 404


def test_a_put_says_who_and_why_in_the_chain(writer, acme):
    put(writer, PATH, ONE, audit_reason="onboarding")
    put(writer, PATH, ONE | {"name": "Other"}, audit_reason="renamed")
    seal()
    with acme:
        events = AuditEvent.objects.filter(resource="directory.participant").order_by("pk")
        told = [(one.action, one.reason) for one in events]
    assert told == [("create", "onboarding"), ("update", "renamed")]


def test_the_id_of_a_new_row_is_not_the_callers(writer):
    refused = writer.post("directory/participants", {"name": "x", "id": f"par_{'0' * 32}"})
    assert (refused.status_code, places(refused)) == (400, [("#/id", "read_only")])


def test_a_participant_is_named_under_a_key_as_well(writer, bank):
    path = "directory/identifiers/by/crm/1"
    body = {"identifier_type": "bic", "value": "BANKUS33"}
    assert put(writer, path, body | {"participant": {"name": "Bank"}}).status_code == 201
    assert put(writer, path, body | {"participant_id": bank.display_id}).json()["row_version"] == 1
    assert places(put(writer, path, body)) == [("#/participant_id", "required")]


@pytest.mark.parametrize(
    ("table", "name", "owner"),
    [
        ("participants", "superseded_at", "imports of the source"),
        ("participants", "row_version", "the server"),
        ("identifiers", "normalized", "type and value"),
        ("routing-artifacts", "status", "activation"),
        ("probes", "last_result", "runs of the probe"),
    ],
)
def test_what_an_act_of_its_own_sets_is_not_edited_and_the_refusal_names_the_owner(
    writer, full_directory, table, name, owner
):
    row = writer.list(table)[0]
    refused = writer.send("PATCH", f"directory/{table}/{row['id']}", {name: row[name]})
    assert (refused.status_code, problem_of(refused)["code"]) == (409, "field_not_editable")
    assert places(refused) == [(f"#/{name}", "field_not_editable")]
    assert owner in problem_of(refused)["detail"]
