"""The platform's chain over HTTP: for operators alone, and with nothing personal in clear."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from audit.models import AuditEvent
from config.foundation.actor import Actor
from config.foundation.rows import public_schema
from customers.identity.models import Role, User
from customers.identity.operations import add_membership, authority_in, create_token, create_user
from directory.models import Participant
from directory.operations import save_row
from tests.directory.rest.calling import places, problem_of
from tests.sealing import seal

EVENTS = "/api/v1/audit/events"


def signed_in(user):
    client = Client(headers={"Host": "localhost"})
    client.force_login(user)
    return client


def by_token(user, *, privileges=("view_audit",), tenant=None):
    token = create_token(
        actor=Actor.system("tests"),
        user=user,
        tenant=tenant,
        name="audit",
        privileges=list(privileges),
        expires_at=datetime.now(UTC) + timedelta(days=1),
    )
    return Client(headers={"Host": "localhost", "Authorization": f"Bearer {token}"})


def listed(client, query=None):
    response = client.get(EVENTS, query)
    assert response.status_code == 200, response.content
    return response.json()["results"]


@pytest.fixture
def auditor(clerk):
    """An operator who may look at the platform's chain and is no superuser."""
    clerk.user_permissions.add(Permission.objects.get(codename="view_auditevent"))
    return clerk


@pytest.fixture
def ann(acme, globex, operator):
    """Somebody who was let into acme, the newest event of the platform but for those of globex."""
    actor = Actor.user(operator.pk)
    made = create_user(actor=actor, email="ann@example.com", first_name="Annabel")
    for tenant in (globex, acme):
        roles = [Role.objects.get(tenant__isnull=True, code="viewer")]
        may = authority_in(operator, tenant)
        add_membership(actor=actor, user=made, tenant=tenant, roles=roles, authority=may)
    seal()
    return made


@pytest.mark.parametrize("call", [signed_in, by_token])
@pytest.mark.parametrize("who", ["auditor", "operator"])
def test_operators_who_may_see_the_chain_read_it(request, ann, call, who):
    client = call(request.getfixturevalue(who))
    seal()
    newest = listed(client)[0]
    with public_schema():
        event = AuditEvent.objects.get(pk=newest["id"])
    detail = client.get(f"{EVENTS}/{event.pk}")
    assert detail.json() == newest | {
        "record": event.record,
        "leaf": bytes(event.leaf).hex(),
        "hash_prev": bytes(event.hash_prev).hex(),
        "hash": bytes(event.hash).hex(),
    }
    assert newest["url"] == f"http://localhost{EVENTS}/{event.pk}"
    held = client.get(f"{EVENTS}/{event.pk}", headers={"If-None-Match": detail["ETag"]})
    assert held.status_code == 304


def test_personal_values_are_covered_as_in_a_tenants_chain(operator, ann):
    client = signed_in(operator)
    (made,) = listed(client, {"resource": User._meta.label_lower, "resource_id": str(ann.pk)})
    assert made["payload"]["after"]["email"].keys() == {"digest"}
    for path in (EVENTS, f"{EVENTS}/{made['id']}"):
        text = client.get(path).content.decode()
        assert "ann@example.com" not in text
        assert "Annabel" not in text


def test_the_list_is_narrowed_to_a_tenant(operator, acme, ann):
    found = listed(signed_in(operator), {"tenant": acme.display_id, "actor": f"user:{operator.pk}"})
    assert found
    assert {event["tenant_id"] for event in found} == {str(acme.pk)}
    response = signed_in(operator).get(EVENTS, {"tenant": "acme", "directory": "global"})
    assert sorted(places(response)) == [("directory", "unknown_parameter"), ("tenant", "invalid_id")]


def test_events_of_a_tenants_chain_are_not_among_them(operator, acme):
    with acme:
        party = save_row(actor=Actor.user(operator.pk), row=Participant(name="Bank US"))
    seal()
    assert listed(signed_in(operator), {"resource_id": str(party.pk)}) == []


@pytest.mark.parametrize("who", ["clerk", "acme_admin", "outsider"])
@pytest.mark.parametrize("call", [signed_in, by_token])
@pytest.mark.parametrize("path", ["", "/1", "/999999999"])
def test_who_may_not_see_the_chain_is_told_which_privilege_is_missing(request, db, who, call, path):
    response = call(request.getfixturevalue(who)).get(f"{EVENTS}{path}")
    assert (response.status_code, problem_of(response)["needed"]) == (403, "view_audit")


def test_a_permission_without_being_an_operator_opens_nothing(outsider):
    outsider.user_permissions.add(Permission.objects.get(codename="view_auditevent"))
    assert signed_in(outsider).get(EVENTS).status_code == 403


def test_a_token_narrows_what_the_operator_may(operator, acme):
    narrower = by_token(operator, privileges=["directory.read"])
    assert problem_of(narrower.get(EVENTS))["needed"] == "view_audit"
    of_a_tenant = by_token(operator, tenant=acme)
    assert problem_of(of_a_tenant.get(EVENTS))["needed"] == "view_audit"


def test_nobody_is_asked_to_sign_in(db):
    response = Client(headers={"Host": "localhost"}).get(EVENTS)
    assert (response.status_code, problem_of(response)["code"]) == (401, "not_authenticated")


def test_a_tenant_that_is_named_besides_is_a_mismatch(operator):
    response = signed_in(operator).get(EVENTS, headers={"X-Tenant": "acme"})
    assert problem_of(response)["code"] == "tenant_mismatch"


@pytest.mark.parametrize("name", ["0", "x", "-1", "9" * 18])
def test_an_event_that_is_not_there_is_not_found(operator, name):
    response = signed_in(operator).get(f"{EVENTS}/{name}")
    assert (response.status_code, problem_of(response)["code"]) == (404, "not_found")


def test_who_looks_at_the_platforms_chain_may_take_it_away(auditor, outsider, ann):
    session = signed_in(auditor).get(EVENTS, headers={"Accept": "text/csv"})
    assert session.status_code == 200
    assert session.getvalue().startswith(b"id,url,at,actor")
    narrow, wide = by_token(auditor), by_token(auditor, privileges=("view_audit", "export_audit"))
    refused = narrow.get(EVENTS, headers={"Accept": "text/csv"})
    assert problem_of(refused)["needed"] == "export_audit"
    assert wide.get(EVENTS, headers={"Accept": "text/csv"}).status_code == 200
    nobody = signed_in(outsider).get(EVENTS, headers={"Accept": "text/csv"})
    assert problem_of(nobody)["code"] == "permission_denied"
