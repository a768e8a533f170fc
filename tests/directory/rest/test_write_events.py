"""What a write over the API leaves in the chain: one event for each row, of the token, the request and the reason."""

import json
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from audit.models import AuditEvent, RefusalTally
from config.foundation.display_ids import parse_display_id
from directory.rest.resources import RESOURCES
from tests import cast
from tests.directory.rest.bodies import CHANGES, Rows
from tests.directory.rest.calling import Api, problem_of
from tests.sealing import seal

CONFIDENTIAL = {  # columns whose values the chain never holds, by table
    "identifiers": {"value", "normalized"},
    "credentials": {"vault_ref"},
    "sources": {"settings"},
}
SECRETS = ("MERCHANT", "vault://", "secret-")
MODELS: dict[str, Any] = {one.plural.replace(" ", "-"): one.model for one in RESOURCES}
TABLES = list(CHANGES)


@pytest.fixture
def writer(acme):
    token = cast.make_token("acme", "directory.read", "directory.manage", may_write=True)
    return Api("acme", token)


@pytest.fixture
def rows(writer):
    found = Rows.made_by(writer)
    seal()
    return found


def key_of(table, display_id):
    return str(parse_display_id(MODELS[table].display_prefix, display_id))


def events_of(acme, **only):
    seal()
    with acme:
        return list(AuditEvent.objects.filter(**only).order_by("pk"))


def count_events(acme):
    return len(events_of(acme))


def send(writer, method, path, body=None, reason=""):
    """Send a write as a request of its own name; return the answer and the name."""
    request_id = str(uuid4())
    headers = {"X_Request_ID": request_id} | ({"Audit_Reason": reason} if reason else {})
    return writer.send(method, f"directory/{path}", body, **headers), request_id


def expect_event(event, writer, action, table, row_id, request_id):
    key_id = writer.token.partition("_")[2].partition(".")[0]
    assert (event.action, event.actor) == (action, f"token:{key_id}")
    assert (event.resource, event.resource_id) == (MODELS[table]._meta.label_lower, key_of(table, row_id))
    assert (event.request_id, event.reason) == (request_id, "because")
    for column in CONFIDENTIAL.get(table, ()):
        for side in (event.before, event.after):
            if column in side:
                assert side[column].keys() == {"digest"}
                assert side[column]["digest"].startswith("sha256:")
    assert not any(secret in event.record for secret in SECRETS), event.record


@pytest.mark.parametrize("table", TABLES)
def test_a_row_that_is_created_changed_and_deleted_leaves_one_event_each(writer, acme, rows, table):
    body, change = rows.bodies(1)[table], CHANGES[table]
    made, request_id = send(writer, "POST", table, body, "because")
    row_id = made.json()["id"]
    path = f"{table}/{row_id}"
    (event,) = events_of(acme, request_id=request_id)
    expect_event(event, writer, "create", table, row_id, request_id)
    assert event.before == {}
    hidden = CONFIDENTIAL.get(table, set())
    written = {name for name in body if not name.endswith("_id")} - hidden
    assert {name: event.after[name] for name in written} == {name: body[name] for name in written}
    assert hidden <= event.after.keys()

    changed, request_id = send(writer, "PATCH", path, change, "because")
    assert changed.status_code == 200, changed.content
    (event,) = events_of(acme, request_id=request_id)
    expect_event(event, writer, "update", table, row_id, request_id)
    derived = {"normalized"} if table == "identifiers" else set()
    assert event.before.keys() == event.after.keys() == change.keys() | derived
    assert event.before != event.after
    plain = change.keys() - hidden
    assert {name: event.after[name] for name in plain} == {name: change[name] for name in plain}

    same, request_id = send(writer, "PATCH", path, change, "because")
    assert (same.status_code, same.json()["row_version"]) == (200, 2)
    assert events_of(acme, request_id=request_id) == []

    gone, request_id = send(writer, "DELETE", path, None, "because")
    assert gone.status_code == 204
    (event,) = events_of(acme, request_id=request_id)
    expect_event(event, writer, "delete", table, row_id, request_id)
    assert event.after == {}
    assert written - plain <= event.before.keys()
    with acme, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM audit_pending")
        assert cursor.fetchone() == (0,)


def test_the_row_names_the_person_whose_token_wrote_it(writer, acme, acme_admin, rows):
    with acme:
        for model in (MODELS["participants"], MODELS["endpoints"], MODELS["routing-artifacts"]):
            (row,) = model.objects.all()
            assert (row.created_by, row.updated_by) == (acme_admin.pk, acme_admin.pk)


def test_a_person_who_is_signed_in_is_the_actor(acme, acme_admin):
    api = Api("acme")
    api.client.force_login(acme_admin)
    answer, request_id = send(api, "POST", "participants", {"name": "Bank"})
    assert answer.status_code == 201
    assert [event.actor for event in events_of(acme, request_id=request_id)] == [f"user:{acme_admin.pk}"]


def test_what_goes_with_a_row_leaves_an_event_each(writer, acme, rows):
    made = rows.make_each(writer, 1)
    gone, _ = send(writer, "DELETE", f"prefix-rules/{made['prefix-rules']}")
    gone, request_id = send(writer, "DELETE", f"participants/{rows.participant}")
    assert gone.status_code == 204
    events = events_of(acme, request_id=request_id)
    assert {event.action for event in events} == {"delete"}
    parts = {(table, made[table]) for table in ("identifiers", "endpoints", "capabilities", "credentials")}
    parts |= {("participants", rows.participant), ("endpoints", rows.endpoint)}
    assert sorted(event.resource_id for event in events) == sorted(
        key_of(table, row_id) for table, row_id in parts
    )


def test_a_version_put_in_force_leaves_an_event_for_it_and_for_the_one_that_was(writer, acme, rows):
    body = {"kind": "bin_table", "name": "parent", "version": 2}
    second = send(writer, "POST", "routing-artifacts", body)[0].json()["id"]
    send(writer, "POST", f"routing-artifacts/{rows.artifact}/activate", {})
    answer, request_id = send(writer, "POST", f"routing-artifacts/{second}/activate", {})
    assert answer.status_code == 200
    told = {
        event.resource_id: (event.action, event.after) for event in events_of(acme, request_id=request_id)
    }
    assert told == {
        key_of("routing-artifacts", rows.artifact): ("activate", {"status": "retired"}),
        key_of("routing-artifacts", second): ("activate", {"status": "active"}),
    }


@pytest.mark.parametrize("table", TABLES)
def test_a_write_that_is_refused_leaves_no_row_and_no_event(writer, acme, rows, table):
    before, target = count_events(acme), rows.make_each(writer, 1)[table]
    made = count_events(acme)
    assert made == before + len(TABLES)
    nonsense = {"nonsense": 1}
    for method, path, body in (
        ("POST", table, rows.bodies(2)[table] | nonsense),
        ("PATCH", f"{table}/{target}", CHANGES[table] | nonsense),
    ):
        answer, _ = send(writer, method, path, body)
        assert answer.status_code == 400
    answer, _ = send(writer, "DELETE", f"{table}/{MODELS[table].display_prefix}_{'0' * 32}")
    assert answer.status_code == 404
    assert count_events(acme) == made
    with acme:
        (row,) = MODELS[table].objects.filter(pk=key_of(table, target))
        assert row.row_version == 1


def test_a_write_without_the_right_is_counted_and_leaves_one_event_a_minute(acme, rows):
    reader = Api("acme", cast.make_token("acme", "directory.read"))
    before = count_events(acme)
    for table, body in rows.bodies(1).items():
        answer, _ = send(reader, "POST", table, body)
        assert problem_of(answer)["code"] == "permission_denied"
    told = events_of(acme, action="refused")
    with acme:
        (tally,) = RefusalTally.objects.all()
    # The minute may have turned in between; then the second event tells of those left out before it.
    assert len(told) + tally.left_out + tally.earlier == len(TABLES)
    assert len(told) in (1, 2)
    assert told[0].payload == {"code": "permission_denied", "earlier": 0}
    assert told[0].resource == "directory.participant"
    assert count_events(acme) == before + len(told)


def test_a_write_that_collides_is_counted_and_changes_nothing(writer, acme, rows):
    body = rows.bodies(1)["policies"]
    assert send(writer, "POST", "policies", body)[0].status_code == 201
    before = count_events(acme)
    answer, request_id = send(writer, "POST", "policies", body | {"effect": "allow"})
    assert problem_of(answer)["code"] == "duplicate"
    (event,) = events_of(acme, request_id=request_id)
    assert (event.action, event.payload["code"]) == ("refused", "duplicate")
    assert json.dumps(body["name"]) not in event.record
    assert count_events(acme) == before + 1
    with acme:
        assert MODELS["policies"].objects.get().effect == "deny"
