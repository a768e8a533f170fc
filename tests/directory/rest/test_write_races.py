"""Writes of the same rows at the same moment: the second waits, is refused in words, or adds to the first."""

from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import UniqueConstraint

from config.foundation.rest.views import WritableResource
from directory.models import (
    Capability,
    Endpoint,
    Identifier,
    Participant,
    Policy,
    PrefixRule,
    RoutingArtifact,
)
from directory.operations import save_row
from directory.rest.resources import RESOURCES
from tests import cast
from tests.cast import ACTOR
from tests.directory.rest.calling import Api, places, problem_of
from tests.together import count_deadlocks, run_in_line, run_together

pytestmark = pytest.mark.race
WRITE = ("directory.read", "directory.manage")
RULE = {"when": {"attr": "time.hour", "op": "gte", "value": 22}}


class Writer:
    """A caller of acme's API; each call may be made in a thread of its own."""

    def __init__(self) -> None:
        self.token = cast.make_token("acme", *WRITE, may_write=True)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request by a client of its own."""
        return Api("acme", self.token).send(method, f"directory/{path}", body)

    def later(self, method: str, path: str, body: Any = None) -> Any:
        """Return a function that sends the request."""
        return partial(self.call, method, path, body)


@pytest.fixture
def writer(committed):
    yield Writer()
    assert count_deadlocks() == 0


def made(row):
    with cast.tenant("acme"):
        return save_row(actor=ACTOR, row=row)


def stored(model, **only):
    with cast.tenant("acme"):
        return list(model.objects.filter(**only).order_by("pk"))


@contextmanager
def holding(row):
    """Lock a row, so that whoever writes it, or refers to it, waits."""
    with cast.tenant("acme"), transaction.atomic():
        type(row).objects.select_for_update().get(pk=row.pk)
        yield


def path_of(row):
    table = next(one.plural.replace(" ", "-") for one in RESOURCES if one.model is type(row))
    return f"{table}/{row.display_id}"


def statuses(answers):
    return sorted(answer.status_code for answer in answers)


def has_key(model):
    return any(isinstance(one, UniqueConstraint) for one in model._meta.constraints) or any(
        field.unique and not field.primary_key for field in model._meta.concrete_fields
    )


def keyed_bodies():
    """Return, for each table whose rows have a key besides their id, a body, and where a second one is refused."""
    party, node = made(Participant(name="Bank")), made(Participant(name="Node"))
    table = made(RoutingArtifact(kind="bin_table", name="of the rules"))
    mine = {"participant_id": party.display_id}
    return {
        "participants": ({"name": "Twin", "source": "feed", "external_id": "7"}, "#"),
        "identifiers": (mine | {"identifier_type": "bic", "value": "BANKUS33"}, "#"),
        "endpoints": (mine | {"protocol": "as4", "address": "https://as4.example/x"}, "#"),
        "policies": ({"name": "n", "rule_json": RULE, "effect": "deny"}, "#/name"),
        "edges": ({"from_id": party.display_id, "to_id": node.display_id, "relation": "same_as"}, "#"),
        "routing-artifacts": ({"kind": "bin_table", "name": "t"}, "#"),
        "prefix-rules": ({"artifact_id": table.display_id, "prefix": "411111"}, "#"),
        "sources": ({"name": "n", "kind": "file", "settings": {"path": "x"}}, "#/name"),
        "probes": ({"name": "n", "request": {"identifiers": []}, "expected": {"directives": []}}, "#/name"),
    }


def test_of_eight_that_create_the_same_one_does_and_seven_are_told_where_it_collides(writer):
    bodies = keyed_bodies()
    assert bodies.keys() == {
        one.plural.replace(" ", "-")
        for one in RESOURCES
        if issubclass(one, WritableResource) and has_key(one.model)
    }
    for table, (body, pointer) in bodies.items():
        answers = run_together(*[writer.later("POST", table, body)] * 8)
        assert statuses(answers) == [201] + [409] * 7, table
        refused = [one for one in answers if one.status_code == 409]
        assert [problem_of(one)["code"] for one in refused] == ["duplicate"] * 7
        assert [places(one) for one in refused] == [[(pointer, "duplicate")]] * 7, table


def test_a_name_that_two_rows_are_given_at_once_is_one_rows(writer):
    for turn in range(3):
        rows = [made(Policy(name=f"{turn}-{n}", rule_json=RULE, effect="deny")) for n in range(8)]
        answers = run_together(*[writer.later("PATCH", path_of(row), {"name": f"{turn}"}) for row in rows])
        assert statuses(answers) == [200] + [409] * 7
        assert len(stored(Policy, name=f"{turn}")) == 1


def test_a_participant_is_deleted_once(writer):
    answers = run_together(*[writer.later("DELETE", path_of(made(Participant(name="Bank"))))] * 8)
    assert statuses(answers) == [204] + [404] * 7


CHILDREN: dict[str, dict[str, Any]] = {
    "identifiers": {"identifier_type": "bic", "value": "BANKUS33"},
    "endpoints": {"protocol": "as4", "address": "https://as4.example/x"},
    "capabilities": {"service": "iso20022.fi"},
    "credentials": {"credential_type": "sign", "vault_ref": "vault://a/b"},
}


@pytest.mark.parametrize("table", CHILDREN)
def test_what_is_created_for_a_participant_that_goes_is_refused_or_goes_with_it(writer, table):
    model = next(one.model for one in RESOURCES if one.plural == table)
    party = made(Participant(name="Bank"))
    body = CHILDREN[table] | {"participant_id": party.display_id}
    removal, creation = writer.later("DELETE", path_of(party)), writer.later("POST", table, body)
    gone, refused = run_in_line(holding(party), removal, creation)
    assert (gone.status_code, places(refused)) == (204, [("#/participant_id", "not_found")])
    party = made(Participant(name="Bank"))
    body = CHILDREN[table] | {"participant_id": party.display_id}
    removal, creation = writer.later("DELETE", path_of(party)), writer.later("POST", table, body)
    created, gone = run_in_line(holding(party), creation, removal)
    assert (created.status_code, gone.status_code) == (201, 204)
    assert stored(model) == []


def test_a_rule_for_a_participant_that_goes_is_refused_or_keeps_it(writer):
    table = made(RoutingArtifact(kind="bin_table", name="cards"))
    for is_first in (True, False):
        party = made(Participant(name="Issuer"))
        body = {
            "artifact_id": table.display_id,
            "prefix": "411111",
            "participant_id": party.display_id,
        }
        removal, creation = writer.later("DELETE", path_of(party)), writer.later("POST", "prefix-rules", body)
        calls = (creation, removal) if is_first else (removal, creation)
        first, second = run_in_line(holding(party), *calls)
        if is_first:
            assert first.status_code == 201
            assert problem_of(second)["used_by"] == [{"kind": "prefix rule", "count": 1}]
        else:
            assert (first.status_code, places(second)) == (204, [("#/participant_id", "not_found")])


def test_an_edge_to_a_row_that_goes_is_refused_or_was_there_when_it_was_written(writer):
    bank = made(Participant(name="Bank"))
    for is_first in (True, False):
        twin = made(Participant(name="Twin"))
        body = {"from_id": bank.display_id, "to_id": twin.display_id, "relation": "same_as"}
        removal, creation = writer.later("DELETE", path_of(twin)), writer.later("POST", "edges", body)
        calls = (creation, removal) if is_first else (removal, creation)
        first, second = run_in_line(holding(twin), *calls)
        if is_first:
            assert (first.status_code, second.status_code) == (201, 204)
        else:
            assert (first.status_code, places(second)) == (204, [("#/to_id", "not_found")])


def test_a_capability_and_its_endpoint_stay_with_one_participant(writer):
    bank, other = made(Participant(name="Bank")), made(Participant(name="Other"))
    for is_first in (True, False):
        endpoint = made(Endpoint(participant=bank, protocol="as4", address=f"https://as4.example/{is_first}"))
        body = {"participant_id": bank.display_id, "endpoint_id": endpoint.display_id}
        move = writer.later("PATCH", path_of(endpoint), {"participant_id": other.display_id})
        creation = writer.later("POST", "capabilities", body)
        calls = (creation, move) if is_first else (move, creation)
        run_in_line(holding(endpoint), *calls)
    for capability in stored(Capability):
        (endpoint,) = stored(Endpoint, pk=capability.endpoint_id)
        assert endpoint.participant_id == capability.participant_id


def test_writes_of_parts_and_deletions_of_what_owns_them_wait_in_one_order(writer):
    for _ in range(4):
        bank, table = made(Participant(name="Bank")), made(RoutingArtifact(kind="bin_table", name="t"))
        endpoints = [
            made(Endpoint(participant=bank, protocol="as4", address=f"https://as4.example/{n}"))
            for n in (1, 2)
        ]
        name = made(Identifier(participant=bank, identifier_type="bic", value="BANKUS33"))
        capability = made(Capability(participant=bank, endpoint=endpoints[0], service="a"))
        rule = made(PrefixRule(artifact=table, prefix="411111"))
        second = {"endpoint_id": endpoints[1].display_id}
        edge = {"from_id": name.display_id, "to_id": endpoints[1].display_id, "relation": "translates_to"}
        answers = run_together(
            writer.later("DELETE", path_of(bank)),
            writer.later("DELETE", path_of(endpoints[1])),
            writer.later("DELETE", path_of(table)),
            writer.later("PATCH", path_of(capability), second),
            writer.later("PATCH", path_of(rule), {"priority": 7}),
            writer.later("DELETE", path_of(rule)),
            writer.later("POST", "edges", edge),
            writer.later("POST", "capabilities", second | {"participant_id": bank.display_id}),
        )
        assert {one.status_code for one in answers} <= {200, 201, 204, 400, 404}


def test_a_change_of_a_row_that_goes_is_refused_or_comes_first(writer):
    for is_first in (True, False):
        party = made(Participant(name="Bank"))
        change = writer.later("PATCH", path_of(party), {"name": "New"})
        removal = writer.later("DELETE", path_of(party))
        calls = (change, removal) if is_first else (removal, change)
        answers = run_in_line(holding(party), *calls)
        assert [one.status_code for one in answers] == ([200, 204] if is_first else [204, 404])


def test_changes_of_different_columns_all_stand(writer):
    party = made(Participant(name="Bank"))
    changes: list[dict[str, Any]] = [
        {"name": "New"}, {"country": "SE"}, {"tags": ["a"]}, {"notes": "n"}, {"kind": "node"},
        {"confidence": 0.5}, {"external_id": "7"}, {"source": "feed"},
    ]  # fmt: skip
    answers = run_in_line(holding(party), *[writer.later("PATCH", path_of(party), one) for one in changes])
    assert statuses(answers) == [200] * 8
    assert sorted(one.json()["row_version"] for one in answers) == list(range(2, 10))
    (left,) = stored(Participant)
    assert {name: getattr(left, name) for one in changes for name in one} == {
        name: value for one in changes for name, value in one.items()
    }


def test_merges_into_one_document_all_stand(writer):
    bank = made(Participant(name="Bank"))
    endpoint = made(Endpoint(participant=bank, protocol="as4", address="https://as4.example/x"))
    parts = ({"retries": 5}, {"receiptsRequired": True}, {"ordering": "fifo"})
    changes = [writer.later("PATCH", path_of(endpoint), {"qos": part}) for part in parts]
    assert statuses(run_in_line(holding(endpoint), *changes)) == [200] * 3
    (left,) = stored(Endpoint)
    assert left.qos == {name: value for part in parts for name, value in part.items()}


def test_a_whole_row_that_was_read_before_another_change_is_not_written_over_it(writer):
    party = made(Participant(name="Bank"))
    (read,) = stored(Participant)
    assert writer.call("PATCH", path_of(party), {"country": "SE"}).status_code == 200
    read.name = "New"
    with pytest.raises(ValidationError) as refused:
        made(read)
    assert refused.value.code == "conflict"
    assert [(one.name, one.country) for one in stored(Participant)] == [("Bank", "SE")]


def test_of_versions_activated_at_once_one_is_in_force(writer):
    versions = [made(RoutingArtifact(kind="bin_table", name="t", version=n)) for n in range(1, 9)]
    answers = run_together(*[writer.later("POST", f"{path_of(one)}/activate") for one in versions])
    assert statuses(answers) == [200] * 8
    left = [one.status for one in stored(RoutingArtifact)]
    assert sorted(left) == ["active"] + ["retired"] * 7


def test_a_rule_is_in_the_version_before_it_is_in_force_or_not_at_all(writer):
    for is_first in (True, False):
        table = made(RoutingArtifact(kind="bin_table", name=f"{is_first}"))
        body = {"artifact_id": table.display_id, "prefix": "411111"}
        creation = writer.later("POST", "prefix-rules", body)
        activation = writer.later("POST", f"{path_of(table)}/activate")
        calls = (creation, activation) if is_first else (activation, creation)
        first, second = run_in_line(holding(table), *calls)
        if is_first:
            assert (first.status_code, second.status_code) == (201, 200)
        else:
            assert (first.status_code, problem_of(second)["code"]) == (200, "artifact_not_draft")


def test_a_version_that_is_changed_or_deleted_is_not_in_force(writer):
    for method, body in (("PATCH", {"payload": {}, "signature": "s"}), ("DELETE", None)):
        for is_first in (True, False):
            table = made(RoutingArtifact(kind="bin_table", name=f"{method}{is_first}"))
            write = writer.later(method, path_of(table), body)
            activation = writer.later("POST", f"{path_of(table)}/activate")
            calls = (write, activation) if is_first else (activation, write)
            first, second = run_in_line(holding(table), *calls)
            if not is_first:
                assert (first.status_code, problem_of(second)["code"]) == (200, "artifact_not_draft")
            elif method == "DELETE":
                assert (first.status_code, problem_of(second)["code"]) == (204, "not_found")
            else:
                assert (first.status_code, second.json()["signature"]) == (200, "s")


def test_a_version_that_is_renamed_meanwhile_is_put_in_force_under_its_new_name(writer):
    table = made(RoutingArtifact(kind="bin_table", name="old"))
    rename = writer.later("PATCH", path_of(table), {"name": "new"})
    activation = writer.later("POST", f"{path_of(table)}/activate")
    first, second = run_in_line(holding(table), rename, activation)
    assert (first.status_code, second.status_code) == (200, 200), second.content
    assert [(one.name, one.status) for one in stored(RoutingArtifact)] == [("new", "active")]
