"""Acceptance: what the audit promises, seen from outside, by every road that people and programs take.

Each road by itself, and the forgeries of every kind, are tested beside their parts: raw SQL, ``update()`` and
``bulk_create()`` of every domain table in ``test_every_domain_table``, forgeries in ``test_chain`` and
``test_tampering``, eight writers in ``test_races``.
"""

import json
import re
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client

from audit.chain import verify
from audit.models import AuditEvent
from config.foundation.actor import Actor
from config.foundation.rows import public_schema
from customers.identity.models import Role, User
from directory.models import Participant, RoutingArtifact
from directory.operations import save_row
from tests import cast
from tests.cast import ACTOR, make_token
from tests.foundation.test_admin import sent
from tests.roles import as_database_owner, as_owner
from tests.sealing import seal

RULE = {"when": {"attr": "endpoint.protocol", "op": "eq", "value": "as4"}}

# What the API is sent: a new row, and a change of it. <party>, <endpoint> and <table> stand for rows that are there.
BODIES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "participants": ({"name": "New bank"}, {"notes": "Called them."}),
    "identifiers": (
        {"participant_id": "<party>", "identifier_type": "bic", "value": "NDEASESS"},
        {"priority": 7},
    ),
    "endpoints": (
        {"participant_id": "<party>", "protocol": "as4", "address": "https://as4.example/new"},
        {"priority": 7},
    ),
    "capabilities": ({"participant_id": "<party>", "service": "iso20022.fi"}, {"action": "statement"}),
    "credentials": (
        {"participant_id": "<party>", "credential_type": "sign", "vault_ref": "vault://a/b"},
        {"confidence": 0.5},
    ),
    "policies": ({"name": "as4 only", "rule_json": RULE, "effect": "allow"}, {"priority": 7}),
    "edges": (
        {"from_id": "<party>", "to_id": "<endpoint>", "relation": "has_endpoint"},
        {"confidence": 0.5},
    ),
    "routing-artifacts": ({"kind": "bin_table", "name": "new table"}, {"source": "by hand"}),
    "prefix-rules": ({"artifact_id": "<table>", "prefix": "411111"}, {"priority": 7}),
    "sources": ({"name": "feed", "kind": "file", "settings": {"path": "x"}}, {"enabled": False}),
    "probes": (
        {"name": "p", "request": {"identifiers": []}, "expected": {"directives": []}},
        {"name": "q"},
    ),
}
# What the pages of the administration are sent for the same tables.
FORMS: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "participant": ({"name": "New bank"}, {"notes": "Called them."}),
    "identifier": (
        {"participant": "<party>", "identifier_type": "bic", "value": "NDEASESS"},
        {"priority": "7"},
    ),
    "endpoint": (
        {"participant": "<party>", "protocol": "as4", "address": "https://as4.example/new"},
        {"priority": "7"},
    ),
    "capability": ({"participant": "<party>", "service": "iso20022.fi"}, {"action": "statement"}),
    "credential": (
        {"participant": "<party>", "credential_type": "sign", "vault_ref": "vault://a/b"},
        {"confidence": "0.5"},
    ),
    "policy": (
        {"name": "as4 only", "rule_json": json.dumps(RULE), "effect": "allow"},
        {"priority": "7"},
    ),
    "edge": (
        {
            "from_type": "participant",
            "from_id": "<party>",
            "to_type": "endpoint",
            "to_id": "<endpoint>",
            "relation": "has_endpoint",
        },
        {"confidence": "0.5"},
    ),
    "routingartifact": ({"kind": "bin_table", "name": "new table"}, {"source": "by hand"}),
    "prefixrule": ({"artifact": "<table>", "prefix": "411111"}, {"priority": "7"}),
    "source": (
        {"name": "feed", "kind": "file", "settings": '{"path": "x"}'},
        {"enabled": "", "settings": ""},
    ),
    "probe": (
        {"name": "p", "request": '{"identifiers": []}', "expected": '{"directives": []}'},
        {"name": "q"},
    ),
}


class Chain:
    """The events that a schema's chain got since it was last asked."""

    def __init__(self, schema: Any) -> None:
        self.schema = schema
        self.last = 0
        self.new()

    def new(self) -> list[tuple[str, str, str, str]]:
        """Return (action, resource, resource id, actor) of each."""
        with self.schema():
            seal()
            events = list(AuditEvent.objects.filter(pk__gt=self.last).order_by("pk"))
        self.last = events[-1].pk if events else self.last
        return [(event.action, event.resource, event.resource_id, event.actor) for event in events]


@pytest.fixture
def rows(acme: Any) -> dict[str, Any]:
    """Rows that others refer to, by the mark that stands for them."""
    with acme:
        party = save_row(actor=ACTOR, row=Participant(name="Bank"))
        endpoint = save_row(
            actor=ACTOR,
            row=party.endpoints.model(participant=party, protocol="as4", address="https://a.example"),
        )
        table = save_row(actor=ACTOR, row=RoutingArtifact(kind="bin_table", name="table"))
    return {"<party>": party, "<endpoint>": endpoint, "<table>": table}


@pytest.mark.parametrize("table", BODIES)
def test_acceptance_each_write_over_the_api_leaves_exactly_its_event(
    acme: Any, rows: dict[str, Any], table: str
) -> None:
    token = make_token("acme", "directory.read", "directory.manage", may_write=True)
    client = Client(headers={"Authorization": f"Bearer {token}", "If-Match": "*"})
    client.get("/t/acme/api/v1/directory/participants")
    body, change = BODIES[table]
    body = {key: rows[value].display_id if str(value) in rows else value for key, value in body.items()}
    path, chain = f"/t/acme/api/v1/directory/{table}", Chain(lambda: acme)

    made = client.post(path, body, content_type="application/json")
    assert made.status_code == 201, made.content
    row_id = made.json()["id"]
    changed = client.patch(f"{path}/{row_id}", change, content_type="application/json")
    assert changed.status_code == 200, changed.content
    assert client.delete(f"{path}/{row_id}").status_code == 204

    events = chain.new()
    assert [action for action, *_ in events] == ["create", "update", "delete"]
    assert {(resource, len(row)) for _, resource, row, _ in events} == {(events[0][1], 36)}
    assert {row.replace("-", "") for _, _, row, _ in events} == {row_id.partition("_")[2]}
    assert {actor for *_, actor in events} == {f"token:{token.removeprefix('sbt_').partition('.')[0]}"}


@pytest.mark.parametrize("table", FORMS)
def test_acceptance_each_submission_of_the_administration_leaves_exactly_its_event(
    acme: Any, acme_admin: User, rows: dict[str, Any], table: str
) -> None:
    client = Client(headers={"Host": "localhost"})
    client.force_login(acme_admin)
    values, change = FORMS[table]
    values = {key: str(rows[value].pk) if value in rows else value for key, value in values.items()}
    path, chain = f"/t/acme/admin/directory/{table}/", Chain(lambda: acme)

    made = client.post(f"{path}add/", sent(client.get(f"{path}add/")) | values)
    assert made.status_code == 302, made.context["adminform"].form.errors
    ((created, resource, row_id, actor),) = chain.new()
    typed = sent(client.get(f"{path}{row_id}/change/")) | change
    changed = client.post(
        f"{path}{row_id}/change/", {key: value for key, value in typed.items() if value != ""}
    )
    assert changed.status_code == 302, changed.context["adminform"].form.errors
    assert client.post(f"{path}{row_id}/delete/", {"post": "yes"}).status_code == 302

    assert (created, resource, actor) == ("create", f"directory.{table}", f"user:{acme_admin.pk}")
    assert chain.new() == [
        (action, f"directory.{table}", row_id, f"user:{acme_admin.pk}") for action in ("update", "delete")
    ]


def test_acceptance_the_platforms_pages_leave_exactly_their_events(operator: User, acme: Any) -> None:
    client = Client(headers={"Host": "localhost"})
    client.force_login(operator)
    chain, actor = Chain(public_schema), f"user:{operator.pk}"

    page = "/admin/identity/user/add/"
    form = sent(client.get(page)) | {"email": "new.person@example.com"}
    assert client.post(page, form).status_code == 302
    person = User.objects.get(email="new.person@example.com")
    assert chain.new() == [("create", "identity.user", str(person.pk), actor)]

    page = "/admin/identity/membership/add/"
    role = Role.objects.get(tenant__isnull=True, code="viewer")
    form = {"user": person.pk, "tenant": acme.pk, "granted": [role.pk], "status": "active", "reason": ""}
    assert client.post(page, form).status_code == 302
    membership = person.memberships.get()
    assert sorted(one[:2] for one in chain.new()) == [
        ("create", "identity.membership"),
        ("create", "identity.membershiprole"),
    ]
    page = f"/admin/identity/membership/{membership.pk}/change/"
    assert client.post(page, form | {"status": "archived", "reason": "left"}).status_code == 302
    assert [one[1:] for one in chain.new()] == [("identity.membership", str(membership.pk), actor)]


FORGERIES = {
    "a byte of the record": "UPDATE audit_event SET record = overlay(record placing 'X' from 40 for 1) WHERE id = %s",
    "a byte of the hash": "UPDATE audit_event SET hash = set_byte(hash, 0, get_byte(hash, 0) # 1) WHERE id = %s",
    "another actor": "UPDATE audit_event SET actor = 'user:mallory' WHERE id = %s",
    "an event deleted": "DELETE FROM audit_event WHERE id = %s",
    "two events swapped": (
        "UPDATE audit_event SET id = CASE id WHEN %s THEN -1 ELSE -2 END WHERE id IN (%s, %s)",
        "UPDATE audit_event SET id = CASE id WHEN -1 THEN %s ELSE %s END WHERE id IN (-1, -2)",
    ),
    "the tail cut": "DELETE FROM audit_event WHERE id >= %s",
}


@pytest.mark.parametrize("forgery", FORGERIES)
@pytest.mark.parametrize("offset", [0, 1, 4, 8])
def test_acceptance_the_command_names_the_place_of_every_forgery(
    things: Any, tamper: Any, forgery: str, offset: int
) -> None:
    for number in range(10):
        things.create(f"n{number}")
    place = things.events()[0].id + offset
    statements = FORGERIES[forgery]
    if isinstance(statements, str):
        assert tamper(statements, place) >= 1
    else:
        assert tamper(statements[0], place, place, place + 1) == 2
        assert tamper(statements[1], place + 1, place) == 2
    told = StringIO()
    with pytest.raises(SystemExit) as end:
        call_command("verify_audit", "--tenant", "acme", stdout=StringIO(), stderr=told)
    assert end.value.code == 1
    assert re.search(rf"events? {place}\b", told.getvalue()), told.getvalue()


def test_acceptance_every_single_byte_of_an_event_is_watched(things: Any, acme: Any) -> None:
    things.create("n0", data=json.dumps({"a": [1, 2]}))
    things.create("n1")
    event = things.events()[0]
    lengths = things.fetch(
        "SELECT octet_length(convert_to(record, 'UTF8')), 32, 32, 32 FROM audit_event WHERE id = %s", event.id
    )[0]
    unseen = []
    for column, length in zip(("record", "leaf", "hash_prev", "hash"), lengths, strict=True):
        for place in range(length):
            flipped = (
                f"overlay(record placing CASE substr(record, {place + 1}, 1) WHEN '~' THEN '!' ELSE '~' END"
                f" from {place + 1} for 1)"
                if column == "record"
                else f"set_byte({column}, {place}, get_byte({column}, {place}) # 1)"
            )
            with transaction.atomic():
                with as_owner():
                    things.execute("SET LOCAL session_replication_role = replica")
                    things.execute(f"UPDATE audit_event SET {column} = {flipped} WHERE id = %s", event.id)
                    things.execute("SET LOCAL session_replication_role = origin")
                flaw = verify(acme.schema_name).flaw
                if flaw is None or flaw.event_id != event.id:
                    unseen.append((column, place, flaw))
                transaction.set_rollback(True)
    assert unseen == []
    assert verify(acme.schema_name).is_valid


BROKEN_CHAINS = {
    "the event cannot be noted": "ALTER TABLE {}.audit_pending ADD CONSTRAINT broken CHECK (false) NOT VALID",
    "the event cannot be chained": "ALTER TABLE {}.audit_event ADD CONSTRAINT broken CHECK (false) NOT VALID",
    "the head is gone": (
        "ALTER TABLE {0}.audit_head DISABLE TRIGGER USER; DELETE FROM {0}.audit_head;"
        " ALTER TABLE {0}.audit_head ENABLE TRIGGER USER"
    ),
}


@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize("breach", BROKEN_CHAINS)
def test_acceptance_a_change_whose_event_cannot_be_written_is_rolled_back_by_every_road(breach: str) -> None:
    acme, admin = cast.tenant("acme"), cast.user("acme_admin")
    with acme:
        save_row(actor=ACTOR, row=Participant(name="Before"))
    as_database_owner(BROKEN_CHAINS[breach].format(acme.schema_name))
    token = make_token("acme", "directory.read", "directory.manage", may_write=True)
    program = Client(headers={"Authorization": f"Bearer {token}"}, raise_request_exception=False)
    browser = Client(headers={"Host": "localhost"}, raise_request_exception=False)
    browser.force_login(admin)
    page = "/t/acme/admin/directory/participant/add/"

    with acme:
        with pytest.raises(DatabaseError), transaction.atomic():
            Participant.objects.create(name="By the ORM")
        with pytest.raises(DatabaseError), connection.cursor() as cursor:
            cursor.execute("UPDATE directory_participant SET name = 'By SQL'")
        with pytest.raises(Exception):  # noqa: B017, PT011 -- in which words differs; that it does is what counts
            save_row(actor=Actor.system("tests"), row=Participant(name="By the operation"))
    body = {"name": "By the API"}
    answer = program.post("/t/acme/api/v1/directory/participants", body, content_type="application/json")
    assert answer.status_code >= 400
    form = sent(browser.get(page)) | {"name": "By the administration"}
    assert browser.post(page, form).status_code != 302

    with acme:
        assert list(Participant.objects.values_list("name", flat=True)) == ["Before"]
