"""The mechanism on the product's own tables, by every road that Django offers."""

import uuid

import pytest
from django.db import connection

from audit.models import AuditEvent
from config.foundation.actor import Actor, acting
from config.foundation.rows import public_schema
from customers.identity.models import Membership, MembershipRole, Role, User
from directory.models import Participant
from tests.sealing import seal

SOMEONE = Actor.user(uuid.UUID(int=1))


def events_of(resource, *rows):
    seal()
    ids = [str(row.pk) for row in rows]
    events = AuditEvent.objects.filter(resource=resource, resource_id__in=ids).order_by("pk")
    return [(event.action, event.before.get("name"), event.after.get("name")) for event in events]


@pytest.fixture
def participant(acme):
    with acme, acting(SOMEONE):
        row = Participant.objects.create(name="a")
        yield row


def test_saving_and_deleting_a_row_leaves_one_event_each(participant):
    participant.name = "b"
    participant.save()
    gone = Participant(pk=participant.pk)
    participant.delete()
    assert events_of("directory.participant", gone) == [
        ("create", None, "a"),
        ("update", "a", "b"),
        ("delete", "b", None),
    ]


def test_saving_an_unchanged_row_leaves_no_event_and_its_version(participant):
    version = participant.row_version
    participant.save()
    assert participant.row_version == version == 1
    assert len(events_of("directory.participant", participant)) == 1


def test_a_queryset_update_leaves_one_event_a_row(participant):
    other = Participant.objects.create(name="other")
    rows = Participant.objects.filter(pk__in=[participant.pk, other.pk])
    assert rows.update(name="b") == 2
    assert sorted(
        e[1:] for e in events_of("directory.participant", participant, other) if e[0] == "update"
    ) == [
        ("a", "b"),
        ("other", "b"),
    ]


def test_bulk_create_and_bulk_update_leave_one_event_a_row(participant):
    rows = Participant.objects.bulk_create(Participant(name=name) for name in ("x", "y"))
    for row in rows:
        row.name += "!"
    Participant.objects.bulk_update(rows, ["name"])
    assert events_of("directory.participant", *rows) == [
        ("create", None, "x"),
        ("create", None, "y"),
        ("update", "x", "x!"),
        ("update", "y", "y!"),
    ]


def test_raw_sql_leaves_the_same_event(participant):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE directory_participant SET name = 'raw' WHERE id = %s", [participant.pk])
    assert events_of("directory.participant", participant)[1:] == [("update", "a", "raw")]


def test_an_upsert_leaves_the_event_of_what_it_did(participant):
    changed = Participant(pk=participant.pk, name="upserted")
    Participant.objects.bulk_create(
        [changed], update_conflicts=True, unique_fields=["id"], update_fields=["name"]
    )
    assert events_of("directory.participant", participant)[1:] == [("update", "a", "upserted")]


def test_a_tenant_sees_in_the_platforms_chain_who_was_made_its_admin(acme):
    with public_schema(), acting(SOMEONE):
        user = User.objects.create(username="ann@example.com", email="ann@example.com")
        role = Role.objects.create(tenant=acme, code="watcher", title="Watcher")
        membership = Membership.objects.create(user=user, tenant=acme)
        held = MembershipRole.objects.create(membership=membership, role=role)
        seal()
        for row, resource in ((membership, "identity.membership"), (held, "identity.membershiprole")):
            event = AuditEvent.objects.get(resource=resource, resource_id=str(row.pk))
            assert (event.tenant_id, event.actor) == (acme.pk, str(SOMEONE))
        event = AuditEvent.objects.get(resource="identity.user", resource_id=str(user.pk))
        assert event.tenant_id is None
        assert "ann@example.com" not in event.record
