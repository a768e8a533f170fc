"""Pages of the audit chain."""

import csv
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.admin import name_actors
from audit.models import AuditEvent
from config.foundation.actor import Actor
from customers.identity.models import RolePrivilege
from directory.models import Identifier, Participant
from directory.operations import delete_row, save_row
from tests.sealing import seal

LIST = "/t/acme/admin/audit/auditevent/"
MERCHANT = "MERCHANT-0042"


@pytest.fixture
def client(acme_admin: Any) -> Client:
    client = Client(headers={"Host": "localhost"})
    client.force_login(acme_admin)
    return client


@pytest.fixture
def party(acme: Any, acme_admin: Any) -> Participant:
    with acme:
        actor = Actor.user(acme_admin.pk)
        row: Participant = save_row(actor=actor, row=Participant(name="Bank US", country="US"))
        row.name = "Bank of US"
        save_row(actor=actor, row=row, reason="renamed by its owner")
        save_row(actor=actor, row=Identifier(participant=row, identifier_type="mid", value=MERCHANT))
    seal()
    return row


def rows(response: Any) -> list[AuditEvent]:
    return list(response.context["cl"].result_list)


def test_the_list_names_actor_and_row_and_says_the_change(client: Client, party: Participant) -> None:
    text = client.get(LIST).content.decode()
    assert "Acme Admin" in text
    assert "changed name from Bank US to Bank of US" in text
    assert f"/t/acme/admin/directory/participant/{party.pk}/change/" in text
    assert "The chain ends at event" in text
    assert MERCHANT not in text


def test_a_row_that_is_gone_is_named_without_a_link(client: Client, acme: Any, party: Participant) -> None:
    gone = str(party.pk)
    with acme:
        delete_row(actor=Actor.system("tests"), row=party)
    text = client.get(LIST, {"resource_id": gone}).content.decode()
    assert "participant Bank of US" in text
    assert f"directory/participant/{gone}/change/" not in text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"action": "update"}, 1),
        ({"resource": "directory.participant"}, 2),
        ({"actor": "user:nobody"}, 0),
        ({"request_id": "none"}, 0),
        ({"q": "Bank of US"}, 1),
    ],
)
def test_the_list_is_narrowed(
    query: dict[str, str], expected: int, client: Client, party: Participant
) -> None:
    assert len(rows(client.get(LIST, query))) == expected


def test_the_list_costs_as_much_with_many_events(client: Client, acme: Any, party: Participant) -> None:
    client.get(LIST)
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as asked:
            assert client.get(LIST).status_code == 200
        counts.append(len(asked))
        with acme:
            for number in range(5):
                save_row(actor=Actor.token(f"key{number}", uuid4()), row=Participant(name=f"Party {number}"))
    assert counts[1] <= counts[0] + 1, "the tokens' names cost one more statement"
    assert counts[1] <= 14


def test_an_event_shows_before_and_after_and_its_place_in_the_chain(
    client: Client, acme: Any, party: Participant
) -> None:
    with acme:
        event = AuditEvent.objects.get(action="update", resource_id=str(party.pk))
    text = client.get(f"{LIST}{event.pk}/change/").content.decode()
    assert "<del>Bank US</del>" in text
    assert "<ins>Bank of US</ins>" in text
    assert "renamed by its owner" in text
    assert bytes(event.hash).hex() in text
    assert f"{LIST}{event.pk - 1}/change/" in text
    assert f"resource=directory.participant&amp;resource_id={party.pk}" in text


def test_a_confidential_value_is_covered_in_its_event(client: Client, acme: Any, party: Participant) -> None:
    with acme:
        event = AuditEvent.objects.get(resource="directory.identifier")
    text = client.get(f"{LIST}{event.pk}/change/").content.decode()
    assert "•••" in text
    assert MERCHANT not in text


def test_an_event_is_neither_added_changed_nor_deleted(client: Client, acme: Any, party: Participant) -> None:
    with acme:
        pk = AuditEvent.objects.newest_first().values_list("pk", flat=True)[0]
    for path in ("add/", f"{pk}/delete/"):
        assert client.post(f"{LIST}{path}").status_code == 403
    assert client.post(f"{LIST}{pk}/change/", {"action": "x"}).status_code == 403


def test_actors_are_named_for_display(acme_admin: Any) -> None:
    gone = f"user:{uuid4()}"
    named = name_actors([f"user:{acme_admin.pk}", gone, "system:import_bic", "database:app", "token:unknown"])
    assert named[f"user:{acme_admin.pk}"] == "Acme Admin"
    assert named[gone] == gone.replace(":", " ")
    assert named["system:import_bic"] == "command import_bic"
    assert named["database:app"] == "database role app"
    assert named["token:unknown"] == "token unknown"


def test_the_chain_is_taken_away_as_csv_by_who_may(client: Client, acme: Any, party: Participant) -> None:
    with acme:
        events = [str(pk) for pk in AuditEvent.objects.values_list("pk", flat=True)]
    response = client.post(LIST, {"action": "export_csv", "_selected_action": events})
    lines = list(csv.DictReader(response.content.decode().splitlines()))
    assert {line["id"] for line in lines} == set(events)
    assert all(len(line["hash"]) == 64 for line in lines)
    assert MERCHANT not in response.content.decode()


def test_without_the_privilege_the_export_is_not_offered(client: Client, party: Participant) -> None:
    RolePrivilege.objects.filter(privilege__code="export_audit").delete()
    assert "export_csv" not in client.get(LIST).content.decode()
