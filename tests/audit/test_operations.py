import uuid

import pytest
from django.db import DatabaseError

from audit.models import AuditEvent
from audit.operations import lock_chains, record, record_refusal
from config.foundation.actor import Actor
from config.foundation.rows import NoSchemaSelectedError, public_schema
from tests.sealing import seal

SOMEONE = Actor.user(uuid.UUID(int=7))


def test_an_event_that_no_row_writes_is_chained_like_any_other(acme):
    with acme:
        record(
            actor=SOMEONE,
            action="access",
            resource="directory.identifier",
            resource_id="1",
            payload={"why": "x"},
        )
        seal()
        event = AuditEvent.objects.order_by("-pk")[0]
    assert (event.actor, event.action, event.payload) == (str(SOMEONE), "access", {"why": "x"})


def test_a_schema_can_be_named_instead_of_selected(db):
    tenant = uuid.UUID(int=9)
    record(
        actor=SOMEONE, action="login", resource="identity.user", resource_id="7", tenant_id=tenant,
        schema="public", reason="r",
    )  # fmt: skip
    seal()
    with public_schema():
        event = AuditEvent.objects.order_by("-pk")[0]
    assert (event.action, event.tenant_id, event.reason) == ("login", tenant, "r")


def test_an_event_needs_a_chain_to_stand_in(db):
    with pytest.raises(NoSchemaSelectedError):
        record(actor=SOMEONE, action="login", resource="identity.user", resource_id="7")


def test_chains_are_locked_once_each_however_often_they_are_named(acme, things):
    lock_chains(["b", "a", "b"])
    assert things.fetch(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
    ) == [(2,)]


def test_a_direct_insert_cannot_choose_who_and_when(things):
    things.execute(
        "INSERT INTO audit_pending (action, resource, resource_id, payload, actor, record, leaf,"
        " transaction_id, at)"
        " VALUES ('a', 'tests.thing', '1', '{}', 'user:forged', 'forged', '', 1, '2000-01-01Z')"
    )
    (event,) = things.events()
    assert event.actor.startswith("database:")
    assert "forged" not in event.record
    assert event.at.year > 2000


def test_an_unknown_schema_is_an_error(db):
    with pytest.raises(DatabaseError):
        record(actor=SOMEONE, action="x", resource="x", resource_id="x", schema="no_such_schema")


def test_a_flood_of_refusals_leaves_one_event_for_each_caller_and_code(acme):
    other = Actor.token("abc", uuid.UUID(int=8))
    with acme:
        for actor, code in [(SOMEONE, "forbidden")] * 3 + [(SOMEONE, "stale"), (other, "forbidden")]:
            record_refusal(actor=actor, code=code, resource="directory.participant")
            seal()
        refused = AuditEvent.objects.filter(action="refused").order_by("pk")
        assert [(event.actor, event.payload) for event in refused] == [
            (str(SOMEONE), {"code": "forbidden", "earlier": 0}),
            (str(SOMEONE), {"code": "stale", "earlier": 0}),
            (str(other), {"code": "forbidden", "earlier": 0}),
        ]


def test_a_failed_login_counts_apart_from_a_refusal_of_the_same_code(acme):
    with acme:
        assert record_refusal(actor=SOMEONE, code="inactive", resource="identity.user")
        seal()
        assert record_refusal(actor=SOMEONE, code="inactive", resource="identity.user", action="login_failed")
        seal()
        assert not record_refusal(actor=SOMEONE, code="inactive", resource="identity.user")
