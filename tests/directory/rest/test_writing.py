"""Participants, and then every table, written through the API."""

import pytest
from django.db import IntegrityError, transaction

from audit.models import AuditEvent
from directory.models import Identifier, Participant, PrefixRule, RoutingArtifact
from directory.operations import activate_artifact, save_row
from tests.cast import ACTOR, make_token
from tests.directory.rest.calling import Api, places, problem_of
from tests.directory.rest.conftest import saved
from tests.sealing import seal

WRITE = ("directory.read", "directory.manage")


@pytest.fixture
def writer(db):
    return Api("acme", make_token("acme", *WRITE, may_write=True))


def test_a_participant_is_created_changed_and_deleted_in_the_name_of_the_token(writer, acme):
    made = writer.post(
        "directory/participants", {"name": "Bank US", "country": "US"}, audit_reason="onboarding"
    )
    assert made.status_code == 201, made.content
    assert made["Location"] == made.json()["url"]
    read = writer.get(made["Location"].removeprefix("http://testserver"))
    assert (read.json(), read["ETag"]) == (made.json(), made["ETag"])
    path = f"directory/participants/{made.json()['id']}"
    changed = writer.send("PATCH", path, {"tags": ["a"]})
    assert (changed.status_code, changed.json()["row_version"]) == (200, 2)
    again = writer.send("PATCH", path, {"tags": ["a"]})
    assert (again.json(), again["ETag"]) == (changed.json(), changed["ETag"])
    gone = writer.send("DELETE", path)
    assert (gone.status_code, gone.content) == (204, b"")
    assert writer.send("DELETE", path).status_code == 404
    seal()
    with acme:
        events = list(AuditEvent.objects.filter(resource="directory.participant").order_by("pk"))
    assert [event.action for event in events] == ["create", "update", "delete"]
    assert {event.actor.partition(":")[0] for event in events} == {"token"}
    assert events[0].reason == "onboarding"


def test_every_fault_of_a_body_is_told_at_once(writer):
    body = {"nmae": "x", "id": "par_1", "tags": "a", "confidence": 7, "country": "XX"}
    assert sorted(places(writer.post("directory/participants", body))) == [
        ("#/confidence", "max_value"),
        ("#/country", "country_unknown"),
        ("#/id", "read_only"),
        ("#/name", "required"),
        ("#/nmae", "unknown_field"),
        ("#/tags", "invalid_type"),
    ]


def test_a_token_without_the_flag_writes_nothing_whatever_the_body(acme):
    reader = Api("acme", make_token("acme", *WRITE))
    for method, path in (("POST", "directory/participants"), ("DELETE", "directory/participants/par_x")):
        assert problem_of(reader.send(method, path, {"nmae": 1}))["code"] == "write_not_allowed"


def test_who_lacks_the_privilege_is_told_which(acme):
    api = Api("acme", make_token("acme", "directory.read", may_write=True))
    assert problem_of(api.post("directory/participants", {}))["needed"] == "directory.manage"


def test_the_global_directory_is_not_written_from_a_tenant(writer):
    response = writer.post("directory/participants?directory=global", {"name": "x"})
    assert problem_of(response)["code"] == "permission_denied"


def test_ids_of_another_tenant_unknown_and_of_another_kind_are_one_fault(writer, globex):
    with globex:
        foreign = saved(Participant(name="Foreign"))
    for given in (foreign.display_id, f"par_{'0' * 32}", f"ept_{'0' * 32}", 7):
        body = {"participant_id": given, "identifier_type": "bic", "value": "BANKUS33"}
        assert places(writer.post("directory/identifiers", body)) == [("#/participant_id", "not_found")]
    path = f"directory/participants/{foreign.display_id}"
    assert writer.send("PATCH", path, {"name": "Mine"}).status_code == 404
    with globex:
        assert Participant.objects.get().name == "Foreign"


def test_a_second_of_a_kind_is_a_conflict(writer, acme):
    assert writer.post("directory/policies", POLICY).status_code == 201
    response = writer.post("directory/policies", POLICY)
    assert (response.status_code, problem_of(response)["code"]) == (409, "duplicate")


def test_what_is_in_force_is_not_edited_over_the_api(writer, acme):
    with acme:
        artifact = saved(RoutingArtifact(kind="bin_table", name="cards"))
        rule = saved(PrefixRule(artifact=artifact, prefix="411111"))
    activated = writer.send("POST", f"directory/routing-artifacts/{artifact.display_id}/activate")
    assert (activated.status_code, activated.json()["status"]) == (200, "active"), activated.content
    for method, path in (
        ("PATCH", f"directory/routing-artifacts/{artifact.display_id}"),
        ("DELETE", f"directory/routing-artifacts/{artifact.display_id}"),
        ("PATCH", f"directory/prefix-rules/{rule.display_id}"),
        ("DELETE", f"directory/prefix-rules/{rule.display_id}"),
    ):
        response = writer.send(method, path, {})
        assert (response.status_code, problem_of(response)["code"]) == (409, "artifact_not_draft")
    response = writer.post("directory/prefix-rules", {"artifact_id": artifact.display_id, "prefix": "42"})
    assert (response.status_code, places(response)) == (409, [("#/artifact_id", "artifact_not_draft")])


def test_a_participant_that_rules_name_stays(writer, acme):
    with acme:
        participant = saved(Participant(name="Issuer"))
        artifact = saved(RoutingArtifact(kind="bin_table", name="cards"))
        saved(PrefixRule(artifact=artifact, prefix="411111", participant=participant))
    response = writer.send("DELETE", f"directory/participants/{participant.display_id}")
    assert problem_of(response)["used_by"] == [{"kind": "prefix rule", "count": 1}]


def test_a_confidential_value_is_written_and_not_shown(writer, acme):
    with acme:
        shop = saved(Participant(name="Shop"))
    body = {"participant_id": shop.display_id, "identifier_type": "mid", "value": "MERCHANT0000001"}
    made = writer.post("directory/identifiers", body)
    assert (made.status_code, made.json()["value"]) == (201, "•••")
    with acme:
        assert "MERCHANT" not in Identifier.objects.get().value


POLICY = {
    "name": "night",
    "rule_json": {"when": {"attr": "time.hour", "op": "gte", "value": 22}},
    "effect": "deny",
}


def test_raw_sql_does_not_edit_what_is_in_force(acme):
    with acme:
        artifact = saved(RoutingArtifact(kind="bin_table", name="cards"))
        saved(PrefixRule(artifact=artifact, prefix="411111"))
        activate_artifact(actor=ACTOR, artifact=artifact)
        for write in (
            lambda: RoutingArtifact.objects.update(name="other"),
            lambda: RoutingArtifact.objects.update(status="draft"),
            lambda: PrefixRule.objects.update(prefix="4"),
            lambda: PrefixRule.objects.all().delete(),
            lambda: PrefixRule.objects.create(artifact=artifact, prefix="5"),
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                write()
        assert (
            save_row(actor=ACTOR, row=RoutingArtifact(kind="bin_table", name="cards", version=2)).version == 2
        )


def test_every_table_that_is_written_takes_its_documented_body(writer, acme):
    party = writer.post("directory/participants", {"name": "Bank"}).json()["id"]
    table = writer.post("directory/routing-artifacts", {"kind": "bin_table", "name": "t"}).json()["id"]
    endpoint = {"participant_id": party, "protocol": "as4", "address": "https://as4.example/x"}
    bodies = {
        "endpoints": endpoint,
        "capabilities": {"participant_id": party, "service": "iso20022.fi"},
        "credentials": {"participant_id": party, "credential_type": "sign", "vault_ref": "vault://a/b"},
        "identifiers": {"participant_id": party, "identifier_type": "bic", "value": "NDEASESS"},
        "prefix-rules": {"artifact_id": table, "prefix": "411111"},
        "sources": {"name": "feed", "kind": "file", "settings": {"path": "x"}},
        "probes": {"name": "p", "request": {"identifiers": []}, "expected": {"directives": []}},
    }
    ids = {}
    for name, body in bodies.items():
        made = writer.post(f"directory/{name}", body)
        assert made.status_code == 201, (name, made.content)
        ids[name] = made.json()["id"]
    edge = {"from_id": party, "to_id": ids["endpoints"], "relation": "has_endpoint"}
    made = writer.post("directory/edges", edge)
    assert made.status_code == 201, made.content
    wrong = edge | {"to_id": f"ept_{'0' * 32}"}
    assert places(writer.post("directory/edges", wrong)) == [("#/to_id", "not_found")]
    assert places(writer.post("directory/edges", edge | {"nmae": 1})) == [("#/nmae", "unknown_field")]
    for name, row_id in ids.items():
        assert writer.send("DELETE", f"directory/{name}/{row_id}").status_code == 204


def test_a_confidential_value_does_not_become_readable_by_another_type(writer, acme):
    with acme:
        shop = saved(Participant(name="Shop"))
        secret = saved(Identifier(participant=shop, identifier_type="mid", value="MERCHANT0000001"))
    path = f"directory/identifiers/{secret.display_id}"
    assert places(writer.send("PATCH", path, {"identifier_type": "ktt.id"})) == [("#/value", "required")]
