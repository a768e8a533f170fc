"""Pages of the audit chain."""

import csv
import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.admin import name_row
from audit.chain import Flaw, verify
from audit.enums import ConsentAction, FlawKind, SubjectKind
from audit.models import AuditEvent, Consent
from audit.operations import note_verification, record_consent
from audit.presenters import person_events_url
from config.foundation.actor import Actor
from customers.identity.models import RolePrivilege
from customers.identity.presenters import name_actors
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


def exported(client: Client, acme: Any, action: str, query: str = "") -> str:
    with acme:
        events = [str(pk) for pk in AuditEvent.objects.values_list("pk", flat=True)]
    response = client.post(f"{LIST}{query}", {"action": action, "_selected_action": events})
    text: str = b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]  # it is streamed
    return text


def test_the_chain_is_taken_away_as_csv_by_who_may(client: Client, acme: Any, party: Participant) -> None:
    with acme:
        events = {str(pk) for pk in AuditEvent.objects.values_list("pk", flat=True)}
    text = exported(client, acme, "export_csv")
    lines = list(csv.DictReader(text.splitlines()))
    assert {line["id"] for line in lines} == events
    assert all(len(line["hash"]) == 64 for line in lines)
    assert MERCHANT not in text


def test_the_chain_taken_away_as_json_lines_is_verified_outside(
    client: Client, acme: Any, party: Participant
) -> None:
    lines = [json.loads(line) for line in exported(client, acme, "export_jsonl").splitlines()]
    previous = bytes(32)
    for number, line in enumerate(lines, start=1):
        leaf = hashlib.sha256(line["record"].encode()).digest()
        assert (line["id"], line["hash_prev"], line["leaf"]) == (number, previous.hex(), leaf.hex())
        previous = hashlib.sha256(previous + number.to_bytes(8, "big") + leaf).digest()
        assert line["hash"] == previous.hex()
    assert len(lines) >= 3


def test_an_export_is_an_event_that_names_filters_without_their_values(
    client: Client, acme: Any, party: Participant
) -> None:
    exported(client, acme, "export_jsonl", "?action=update")
    with acme:
        event = AuditEvent.objects.get(action="export")
    assert event.resource == "audit.auditevent"
    assert event.payload == {"format": "jsonl", "filters": ["action"], "rows": 1}


def test_an_export_of_any_table_is_an_event(client: Client, acme: Any, party: Participant) -> None:
    url = "/t/acme/admin/directory/participant/"
    client.post(url, {"action": "export_csv", "_selected_action": [str(party.pk)]})
    with acme:
        event = AuditEvent.objects.get(action="export")
    assert (event.resource, event.payload["rows"]) == ("directory.participant", 1)


def test_all_events_by_or_about_a_person_are_listed(
    client: Client, acme: Any, acme_admin: Any, party: Participant
) -> None:
    with acme:
        save_row(actor=Actor.system("tests"), row=Participant(name="Someone else's"))
    assert person_events_url(acme_admin.display_id).endswith(f"auditevent/?person=usr_{acme_admin.pk.hex}")
    listed = rows(client.get(LIST, {"person": f"usr_{acme_admin.pk.hex}"}))
    assert {event.actor for event in listed} == {f"user:{acme_admin.pk}"}
    assert rows(client.get(LIST, {"person": "usr_nobody"})) == []


def test_the_list_says_how_far_the_chain_was_verified(client: Client, acme: Any, party: Participant) -> None:
    assert "not verified yet" in client.get(LIST).content.decode()
    result = verify(acme.schema_name)
    note_verification(result)
    assert f"verified through {result.last_id}" in client.get(LIST).content.decode()
    flaw = Flaw(2, FlawKind.RECORD, "event 2: its record or leaf was altered")
    note_verification(replace(result, last_id=1, flaw=flaw))
    text = client.get(LIST).content.decode()
    assert "This chain is not as it was written: event 2" in text
    assert "verified through" not in text


def test_consents_are_listed_and_never_written(client: Client, acme: Any, acme_admin: Any) -> None:
    with acme:
        row = given(acme_admin, by=Actor.user(acme_admin.pk))
    url = "/t/acme/admin/audit/consent/"
    text = client.get(url, {"q": str(acme_admin.pk)}).content.decode()
    assert "Acme Admin" in text
    assert row.text_digest in client.get(f"{url}{row.pk}/change/").content.decode()
    assert client.post(f"{url}add/").status_code == 403


def test_without_the_privilege_the_export_is_not_offered(client: Client, party: Participant) -> None:
    RolePrivilege.objects.filter(privilege__code="export_audit").delete()
    assert "export_csv" not in client.get(LIST).content.decode()


def test_a_row_that_still_exists_is_named_though_the_change_does_not_hold_its_name(
    client: Client, acme: Any, acme_admin: Any, party: Participant
) -> None:
    with acme:
        party.notes = "Called them."
        save_row(actor=Actor.user(acme_admin.pk), row=party)
    listed = rows(client.get(LIST, {"action": "update", "resource_id": str(party.pk)}))
    assert [name_row(event) for event in listed] == ["participant Bank of US"] * 2


def test_a_person_is_named_in_the_platforms_chain_and_the_name_stands_only_on_the_page(
    operator: Any, acme_admin: Any
) -> None:
    browser = Client(headers={"Host": "localhost"})
    browser.force_login(operator)
    seal()
    (event,) = rows(browser.get("/admin/audit/auditevent/", {"resource_id": str(acme_admin.pk)}))
    assert name_row(event) == "user Acme Admin"
    assert "Acme Admin" not in event.record


def test_an_event_leads_to_all_of_whom_it_is_about_or_who_acted(
    client: Client, acme: Any, acme_admin: Any, party: Participant
) -> None:
    with acme:
        acted = AuditEvent.objects.get(action="update", resource_id=str(party.pk))
        consent = given(acme_admin)
        seal()
        about = AuditEvent.objects.get(resource="audit.consent", resource_id=str(consent.pk))
    for event in (acted, about):
        text = client.get(f"{LIST}{event.pk}/change/").content.decode()
        assert f'href="{LIST}?person=usr_{acme_admin.pk.hex}"' in text
        assert "All events by or about Acme Admin" in text


def test_an_event_of_no_person_leads_to_none(client: Client, acme: Any) -> None:
    with acme:
        save_row(actor=Actor.system("tests"), row=Participant(name="Bank US"))
        seal()
        event = AuditEvent.objects.newest_first()[0]
    text = client.get(f"{LIST}{event.pk}/change/").content.decode()
    assert "All events by this actor" in text
    assert "by or about" not in text


def given(person: Any, *, by: Actor | None = None) -> Consent:
    consent: Consent = record_consent(
        actor=by or Actor.system("tests"),
        now=datetime(2026, 3, 1, tzinfo=UTC),
        subject_kind=SubjectKind.USER,
        subject_id=person.pk,
        purpose="terms",
        text_version=2,
        action=ConsentAction.GIVEN,
    )
    return consent


def test_a_consent_names_its_subject_and_leads_to_all_events_of_the_person(
    client: Client, acme: Any, acme_member: Any, acme_admin: Any
) -> None:
    with acme:
        consent = given(acme_member, by=Actor.user(acme_admin.pk))
    text = client.get(f"/t/acme/admin/audit/consent/{consent.pk}/change/").content.decode()
    assert "Acme Member" in text
    assert "Acme Admin" in text
    assert f'href="{LIST}?person=usr_{acme_member.pk.hex}"' in text
