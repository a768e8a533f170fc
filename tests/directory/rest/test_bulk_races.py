"""Many rows by several calls at the same moment: no two wait for each other, and of one state one change is made."""

from contextlib import contextmanager
from functools import partial
from time import monotonic
from typing import Any

import pytest
from django.db import transaction

from config.foundation.locks import BULK_WAIT_MS, LARGE_BULK, lock_bulk
from directory.models import Capability, Edge, Endpoint, Identifier, Participant, PrefixRule, RoutingArtifact
from directory.operations import save_row
from tests import cast
from tests.cast import ACTOR
from tests.directory.rest.bodies import RULE
from tests.directory.rest.calling import Api, places, problem_of
from tests.together import count_deadlocks, run_together

pytestmark = pytest.mark.race
WRITE = ("directory.read", "directory.manage")
ROUNDS = 4


class Writer:
    """A caller of acme's API; each call may be made in a thread of its own."""

    def __init__(self) -> None:
        self.token = cast.make_token("acme", *WRITE, may_write=True)

    def later(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Return a function that sends the request by a client of its own."""
        return partial(Api("acme", self.token).send, method, f"directory/{path}", body, **headers)


@pytest.fixture
def writer(committed):
    yield Writer()
    assert count_deadlocks() == 0


def made(row):
    with cast.tenant("acme"):
        return save_row(actor=ACTOR, row=row)


def stored(model):
    with cast.tenant("acme"):
        return list(model.objects.order_by("pk"))


def statuses(answers):
    return sorted(getattr(answer, "status_code", answer) for answer in answers)


def items(rows, **change):
    return [{"id": row.display_id, "etag": "*"} | change for row in rows]


def test_changes_of_the_same_rows_crosswise_all_stand(writer):
    for model, table in ((Participant, "participants"), (RoutingArtifact, "routing-artifacts")):
        columns: dict[str, Any] = {"kind": "bin_table"} if model is RoutingArtifact else {}
        rows = [made(model(name=f"row {number}", **columns)) for number in range(12)]
        orders = (rows, rows[::-1], rows[6:] + rows[:6], rows[::2] + rows[1::2])
        answers = run_together(
            *(
                writer.later("PATCH", table, items(order, source=f"feed{number}"))
                for number, order in enumerate(orders)
            )
        )
        assert statuses(answers) == [200] * 4
        for number, (order, answer) in enumerate(zip(orders, answers, strict=True)):
            assert [one["id"] for one in answer.json()] == [row.display_id for row in order]
            assert {one["source"] for one in answer.json()} == {f"feed{number}"}


def test_the_same_names_crosswise_are_made_once(writer):
    bodies = [{"name": f"policy {n}", "rule_json": RULE, "effect": "deny"} for n in range(12)]
    answers = run_together(
        *(
            writer.later("POST", "policies", order)
            for order in (bodies, bodies[::-1], bodies[6:] + bodies[:6])
        )
    )
    assert statuses(answers) == [201, 409, 409]
    for answer in answers:
        if answer.status_code == 409:
            assert [code for _, code in places(answer)] == ["duplicate"] * 12


def test_parts_owners_and_what_names_them_are_written_and_deleted_crosswise(writer):
    for round_ in range(ROUNDS):
        banks = [made(Participant(name=f"Bank {round_} {n}")) for n in range(6)]
        parts = [
            made(Endpoint(participant=bank, protocol="as4", address=f"https://as4.example/{bank.pk}"))
            for bank in banks
        ]
        uses = [
            made(Capability(participant=part.participant, endpoint=part, service=f"s{n}"))
            for n, part in enumerate(parts)
        ]
        table = made(RoutingArtifact(kind="bin_table", name=f"t{round_}"))
        rules = [
            made(PrefixRule(artifact=table, prefix=f"4111{n}", participant=bank))
            for n, bank in enumerate(banks[:3])
        ]
        edges = [
            {"from_id": bank.display_id, "to_id": part.display_id, "relation": "translates_to"}
            for bank, part in zip(banks, parts[::-1], strict=True)
        ]
        names = [
            {
                "participant_id": bank.display_id,
                "identifier_type": "mid",
                "value": f"MERCHANT{bank.pk.hex[:8]}",
            }
            for bank in banks[::-1]
        ]
        moved = [
            {"id": rule.display_id, "participant_id": bank.display_id}
            for rule, bank in zip(rules, banks[:3][::-1], strict=True)
        ]
        answers = run_together(
            writer.later("PATCH", "participants", items(banks[::-1], notes="n")),
            writer.later("PATCH", "endpoints", items(parts[::-1], priority=3)),
            writer.later("PATCH", "capabilities", items(uses, action="a")),
            writer.later("POST", "participants/bulk-delete", [one.display_id for one in banks[3:][::-1]]),
            writer.later("POST", "endpoints/bulk-delete", [one.display_id for one in parts[2:4][::-1]]),
            writer.later("POST", "edges", edges),
            writer.later("POST", "identifiers", names),
            writer.later("PATCH", "prefix-rules", moved),
        )
        assert set(statuses(answers)) <= {200, 201, 204, 400}, [one.content[:300] for one in answers]
        assert {one.status_code for one in answers} & {200, 201, 204}
    assert stored(Identifier) or stored(Edge) or stored(Participant)


def test_changes_of_versions_and_their_activation_do_not_wait_for_each_other(writer):
    for round_ in range(ROUNDS):
        versions = [
            made(RoutingArtifact(kind="bin_table", name=f"t{round_}", version=n)) for n in range(9, 1, -1)
        ]
        answers = run_together(
            writer.later("PATCH", "routing-artifacts", items(versions, signature="a")),
            writer.later("PATCH", "routing-artifacts", items(versions[::-1], signature="b")),
            *(
                writer.later("POST", f"routing-artifacts/{one.display_id}/activate", {})
                for one in versions[:3]
            ),
        )
        assert set(statuses(answers)) <= {200, 409}, [one.content[:300] for one in answers]


def test_of_changes_of_one_state_one_is_made(writer):
    banks = [made(Participant(name=f"Bank {n}")) for n in range(4)]
    api = Api("acme", writer.token)
    tagged = [
        {"id": bank.display_id, "etag": api.get(f"directory/participants/{bank.display_id}")["ETag"]}
        for bank in banks
    ]
    orders = (tagged, tagged[::-1], tagged[2:] + tagged[:2])
    answers = run_together(
        *(
            writer.later("PATCH", "participants", [one | {"notes": str(number)} for one in order])
            for number, order in enumerate(orders)
        )
    )
    assert statuses(answers) == [200, 412, 412]
    (won,) = [number for number, answer in enumerate(answers) if answer.status_code == 200]
    assert {(row.notes, row.row_version) for row in stored(Participant)} == {(str(won), 2)}
    for answer in answers:
        if answer.status_code == 412:
            assert places(answer) == [(f"#/{n}/etag", "precondition_failed") for n in range(4)]


@contextmanager
def another_bulk(model, count):
    """Hold what a bulk write of so many rows of acme's holds while it runs."""
    with cast.tenant("acme"), transaction.atomic():
        lock_bulk(model, count=count)
        yield


def test_callers_who_come_while_many_rows_are_written_keep_no_other_tenant_waiting(writer):
    large = [{"name": f"Bank {number}"} for number in range(LARGE_BULK + 1)]
    calls = [
        writer.later("POST", "participants", large),
        writer.later("POST", "participants?dry_run=true", large),
        writer.later("PATCH", "endpoints", [{"id": f"end_{n:032x}", "priority": 1} for n in range(101)]),
        writer.later(
            "POST", "policies/bulk-delete", [{"id": f"pol_{n:032x}", "etag": "*"} for n in range(101)]
        ),
    ]
    with another_bulk(Participant, LARGE_BULK + 1):
        began = monotonic()
        answers = run_together(*calls * 3)
        assert monotonic() - began < BULK_WAIT_MS / 1000
        assert [(one.status_code, one["Retry-After"]) for one in answers] == [(503, "5")] * 12
        assert {problem_of(one)["code"] for one in answers} == {"busy"}
        other = Api("globex", cast.make_token("globex", *WRITE, may_write=True))
        assert other.send("POST", "directory/participants", large).status_code == 201
        (small,) = run_together(writer.later("POST", "endpoints/bulk-delete", [f"end_{0:032x}"]))
        assert places(small) == [("#/0", "not_found")]
    assert stored(Participant) == []
    assert writer.later("POST", "participants", large)().status_code == 201


def test_a_few_rows_wait_for_those_of_the_same_table_and_not_for_long(writer):
    with another_bulk(Participant, 1):
        began = monotonic()
        answers = run_together(*[writer.later("POST", "participants", [{"name": "Bank"}])] * 4)
        assert monotonic() - began < 2 * BULK_WAIT_MS / 1000
    assert statuses(answers) == [503] * 4
    assert stored(Participant) == []


def test_many_copies_of_one_call_with_a_key_have_one_effect(writer):
    body = [{"name": f"Bank {n}"} for n in range(5)]
    answers = run_together(
        *(writer.later("POST", "participants", body, idempotency_key="k") for _ in range(6))
    )
    assert set(statuses(answers)) <= {201, 409}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert len(stored(Participant)) == 5
