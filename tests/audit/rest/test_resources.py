"""The chain and the consents over HTTP."""

import json
import uuid
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.enums import ConsentAction, SubjectKind
from audit.models import AuditEvent
from audit.operations import record_consent
from config.foundation.actor import Actor
from customers.identity.models import ApiToken
from directory.models import Participant
from directory.operations import save_row
from tests.directory.rest.calling import places, problem_of
from tests.sealing import seal


@pytest.fixture
def api(make_api):
    return make_api("acme", "view_audit")


@pytest.fixture
def party(acme, acme_admin):
    with acme:
        actor = Actor.user(acme_admin.pk)
        row = save_row(actor=actor, row=Participant(name="Bank US"))
        row.name = "Bank of US"
        save_row(actor=actor, row=row, reason="renamed")
        save_row(actor=Actor.system("tests"), row=Participant(name="Other"))
    seal()
    return row


@pytest.fixture
def consents(acme, acme_admin):
    with acme:
        return [
            record_consent(
                actor=Actor.user(acme_admin.pk),
                now=datetime(2026, 3, day, tzinfo=UTC),
                subject_kind=SubjectKind.USER,
                subject_id=acme_admin.pk,
                purpose="terms",
                text_version=version,
                action=ConsentAction.GIVEN,
            )
            for day, version in ((1, 1), (2, 2))
        ]


def listed(api, query=None, table="events"):
    response = api.get(f"audit/{table}", query)
    assert response.status_code == 200, response.content
    return response.json()["results"]


def test_events_are_listed_newest_first_and_walked_by_cursor(api, party):
    ids = [event["id"] for event in listed(api)]
    assert ids == sorted(ids, reverse=True)
    walked, url = [], api.address("audit/events") + "?limit=1"
    while url:
        page = api.get(url.removeprefix("http://testserver")).json()
        walked += [event["id"] for event in page["results"]]
        url = page["next"]
    assert walked == ids


def test_an_event_shows_what_it_takes_to_verify_it(api, acme, party):
    with acme:
        event = AuditEvent.objects.get(action="update", resource_id=str(party.pk))
    response = api.get(f"audit/events/{event.pk}")
    body = response.json()
    assert body["payload"] == {"before": {"name": "Bank US"}, "after": {"name": "Bank of US"}}
    assert body["record"] == event.record
    for column in ("leaf", "hash_prev", "hash"):
        assert body[column] == bytes(getattr(event, column)).hex()
    held = api.get(f"audit/events/{event.pk}", If_None_Match=response["ETag"])
    assert (held.status_code, held.content) == (304, b"")


@pytest.mark.parametrize("name", ["0", "x", "-1", "1.5", "9" * 18, "9" * 40, "evt_" + "0" * 32])
def test_an_event_that_is_not_there_is_not_found(api, party, name):
    response = api.get(f"audit/events/{name}")
    assert (response.status_code, problem_of(response)["code"]) == (404, "not_found")


def test_the_list_is_narrowed(api, acme, acme_admin, party):
    def count(**query):
        return len(listed(api, query))

    assert count(resource="directory.participant", resource_id=str(party.pk)) == 2
    assert count(action="update") == 1
    assert count(action=["update", "create"]) == 3
    assert count(actor="system:tests", resource="directory.participant") == 1
    assert count(q="bank of us") == 1
    assert count(request_id=str(uuid.uuid4())) == 0
    assert count(at__gte="2100-01-01T00:00:00Z") == 0
    assert count(at__lt="2100-01-01T00:00:00Z") == len(listed(api))


def test_a_persons_events_are_theirs_their_tokens_and_those_about_their_rows(
    api, acme, acme_admin, acme_member, party, consents
):
    token = ApiToken.objects.filter(user=acme_admin).order_by("pk")[0]
    with acme:
        save_row(actor=Actor.token(token.key_id, acme_admin.pk), row=Participant(name="By token"))
        about = record_consent(
            actor=Actor.system("tests"),
            now=datetime(2026, 3, 9, tzinfo=UTC),
            subject_kind=SubjectKind.USER,
            subject_id=acme_admin.pk,
            purpose="terms",
            text_version=2,
            action=ConsentAction.EXPIRED,
        )
    found = listed(api, {"person": f"usr_{acme_admin.pk.hex}"})
    assert {event["actor"] for event in found} == {
        f"user:{acme_admin.pk}",
        f"token:{token.key_id}",
        "system:tests",
    }
    assert [e["resource_id"] for e in found if e["actor"] == "system:tests"] == [str(about.pk)]
    assert listed(api, {"person": f"usr_{acme_member.pk.hex}"}) == []


def test_what_is_asked_wrongly_is_named(api, party):
    response = api.get(
        "audit/events", {"directory": "global", "person": "ann", "at__gte": "soon", "limit": "0"}
    )
    assert {place for place, _code in places(response)} == {"directory", "person", "at__gte", "limit"}


def test_the_privilege_is_needed(make_api, party):
    reader = make_api("acme", "directory.read")
    for path in ("audit/events", "audit/events/1", "audit/consents"):
        assert problem_of(reader.get(path))["needed"] == "view_audit"


def test_a_tenant_sees_only_its_own_chain_and_consents(make_api, party, consents):
    other = make_api("globex", "view_audit")
    assert all(event["resource_id"] != str(party.pk) for event in listed(other))
    assert listed(other, table="consents") == []
    response = other.get(f"audit/consents/csn_{consents[0].pk.hex}")
    assert problem_of(response)["code"] == "not_found"


def test_consents_of_a_subject_are_its_history_and_what_holds(api, acme_admin, consents):
    found = listed(api, {"subject": f"usr_{acme_admin.pk.hex}"}, "consents")
    assert [(one["text_version"], one["is_latest"], one["is_current"]) for one in found] == [
        (2, True, True),
        (1, False, False),
    ]
    detail = api.get(found[0]["url"].removeprefix("http://testserver"))
    assert detail.json() == found[0]
    assert listed(api, {"subject": f"par_{acme_admin.pk.hex}"}, "consents") == []
    response = api.get("audit/consents", {"subject": "csn_" + "0" * 32})
    assert places(response) == [("subject", "invalid_id")]


@pytest.mark.parametrize("table", ["events", "consents"])
def test_a_page_costs_as_many_statements_for_one_row_as_for_many(api, party, consents, table):
    def statements(limit):
        with CaptureQueriesContext(connection) as captured:
            listed(api, {"limit": limit}, table)
        return len(captured)

    statements(1)
    assert statements(1) == statements(200)


def test_fields_of_events_and_consents_are_chosen(api, party, consents):
    event = listed(api, {"resource_id": str(party.pk)})[0]
    path = event["url"].removeprefix("http://testserver")
    (brief, *_older) = listed(api, {"brief": "true", "resource_id": str(party.pk)})
    assert brief == {name: event[name] for name in ("id", "url", "at", "actor", "action")}
    assert api.get(path, {"fields": "hash,id"}).json().keys() == {"id", "hash"}
    assert places(api.get("audit/events", {"fields": "hash"})) == [("fields", "unknown_field")]
    (chosen, _older) = listed(api, {"fields": "purpose"}, "consents")
    assert chosen == {"purpose": "terms"}


def test_what_is_later_is_not_asked_for_where_it_is_not_shown(api, consents):
    def texts(query):
        with CaptureQueriesContext(connection) as captured:
            listed(api, query, "consents")
        return " ".join(one["sql"] for one in captured if 'FROM "audit_consent"' in one["sql"])

    assert "is_latest" in texts({})
    assert "is_latest" not in texts({"omit": "is_latest,is_current"})


def test_the_tag_of_a_consent_moves_when_a_later_one_is_given(api, acme, acme_admin, consents):
    path = f"audit/consents/csn_{consents[1].pk.hex}"
    first = api.get(path)
    assert api.get(path, If_None_Match=first["ETag"]).status_code == 304
    with acme:
        record_consent(
            actor=Actor.user(acme_admin.pk),
            now=datetime(2026, 3, 3, tzinfo=UTC),
            subject_kind=SubjectKind.USER,
            subject_id=acme_admin.pk,
            purpose="terms",
            text_version=2,
            action=ConsentAction.WITHDRAWN,
        )
    again = api.get(path, If_None_Match=first["ETag"])
    assert (again.status_code, first.json()["is_latest"], again.json()["is_latest"]) == (200, True, False)


@pytest.mark.parametrize("table", ["events", "consents"])
def test_a_list_is_held_until_the_chain_grows(api, acme, party, consents, table):
    seal()
    tag = api.get(f"audit/{table}")["ETag"]
    assert api.get(f"audit/{table}", If_None_Match=tag).status_code == 304
    with acme:
        save_row(actor=Actor.system("tests"), row=Participant(name="Later"))
    assert api.get(f"audit/{table}", If_None_Match=tag).status_code == 200


def test_the_events_of_a_person_have_no_tag(api, acme_admin, party):
    assert "ETag" not in api.get("audit/events", {"person": f"usr_{acme_admin.pk.hex}"})


def test_events_are_exported_by_who_may(api, make_api, party):
    refused = api.get("audit/events", Accept="text/csv")
    assert problem_of(refused)["needed"] == "export_audit"
    exporter = make_api("acme", "view_audit", "export_audit")
    response = exporter.get("audit/events", {"resource_id": str(party.pk)}, Accept="application/x-ndjson")
    assert [json.loads(line)["action"] for line in response.getvalue().splitlines()] == ["update", "create"]
