"""Refusals: counted beside the chain, and recorded for every refused write of an authenticated caller."""

import re
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent, RefusalTally
from audit.operations import record_refusal
from config.foundation.actor import Actor
from config.foundation.rows import public_schema
from tests.directory.rest.calling import Api, problem_of
from tests.sealing import seal

SOMEONE = Actor.user(uuid.UUID(int=7))
LIST = "/t/acme/admin/audit/auditevent/"


def refused():
    seal()
    return list(AuditEvent.objects.filter(action="refused").order_by("pk"))


def a_minute_passes():
    for tally in RefusalTally.objects.all():
        RefusalTally.objects.filter(pk=tally.pk).update(minute=tally.minute - timedelta(minutes=1))


def test_the_next_event_says_how_many_were_left_out(acme):
    with acme:
        for _ in range(4):
            record_refusal(actor=SOMEONE, code="stale", resource="directory.participant")
        a_minute_passes()
        assert record_refusal(actor=SOMEONE, code="stale", resource="directory.participant")
        assert [event.payload for event in refused()] == [
            {"code": "stale", "earlier": 0},
            {"code": "stale", "earlier": 3},
        ]


def test_failed_logins_are_counted_for_each_account(acme):
    with acme:
        recorded = [
            record_refusal(
                actor=SOMEONE, code="bad", resource="identity.user", resource_id=who, action="login_failed"
            )
            for who in ("1", "2", "1")
        ]
    assert recorded == [True, True, False]


def test_refusals_of_one_tenant_are_not_counted_with_anothers(acme, globex):
    for tenant in (acme, globex):
        with tenant:
            assert record_refusal(actor=SOMEONE, code="stale", resource="directory.participant")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_an_unsafe_call_without_the_privilege_leaves_an_event_where_the_caller_was_let_in(
    acme, globex, make_api, method
):
    api = make_api("acme", "directory.resolve")
    response = api.request(method, "directory/participants/par_" + "0" * 31 + "1")
    assert problem_of(response)["code"] == "permission_denied"
    with acme:
        (event,) = refused()
    assert event.payload == {"code": "permission_denied", "earlier": 0}
    assert event.actor.startswith("token:")
    assert (event.resource, event.resource_id) == ("directory.participant", str(uuid.UUID(int=1)))
    assert event.request_id == response["X-Request-ID"]
    with globex:
        assert refused() == []


def test_reads_and_invalid_bodies_leave_no_event(acme, make_api):
    api = make_api("acme", "directory.read")
    api.get("audit/events")
    api.post("resolve", {"identifiers": []})
    make_api("acme", "directory.resolve").post("resolve", {"nonsense": 1})
    with acme:
        assert refused() == []


def test_who_is_not_let_in_is_recorded_in_the_platforms_chain_alike_for_a_foreign_and_an_unknown_tenant(
    acme, globex, make_api
):
    foreign = make_api("globex", "directory.read")
    Api("globex", foreign.token).get("directory/participants")  # the token's use is noted once a minute
    asked = []
    for slug in ("acme", "no-such-tenant"):
        with public_schema():
            a_minute_passes()
        with CaptureQueriesContext(connection) as captured:
            response = Api(slug, foreign.token).request("DELETE", "directory/participants/par_x")
        assert problem_of(response)["code"] == "tenant_mismatch"
        asked.append([without_values(query["sql"]) for query in captured])
    assert asked[0] == asked[1]
    with public_schema():
        assert [(e.payload["code"], e.resource, e.tenant_id) for e in refused()] == [
            ("tenant_mismatch", "directory.participant", None)
        ] * 2
    with acme:
        assert refused() == []


def without_values(statement: str) -> str:
    statement = re.sub(r"'[^']*'", "?", statement)
    return re.sub(r'SAVEPOINT "[^"]*"', "SAVEPOINT", statement)


def test_a_caller_without_a_credential_leaves_no_event(acme):
    assert Api("acme").request("DELETE", "directory/participants/par_x").status_code == 401
    with public_schema():
        assert refused() == []


@pytest.fixture
def page():
    """Ask for a page of the admin as somebody, and return the answer's status."""

    def ask(path, user, method="get"):
        client = Client(headers={"Host": "localhost"}, raise_request_exception=False)
        client.force_login(user)
        seal()
        return getattr(client, method)(path).status_code

    return ask


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    ("path", "resource"),
    [
        ("", "admin.index"),
        ("directory/participant/?q=secret", "directory.participant"),
        ("directory/participant/add/", "directory.participant"),
    ],
)
def test_a_page_that_a_member_may_not_enter_leaves_an_event_in_the_tenants_chain(
    page, acme, globex, acme_member, method, path, resource
):
    for _ in range(3):
        assert page(f"/t/acme/admin/{path}", acme_member, method) == 403
    with acme:
        (event,) = refused()
        assert RefusalTally.objects.get(actor=event.actor).left_out == 2
    assert (event.actor, event.payload) == (
        f"user:{acme_member.pk}",
        {"code": "permission_denied", "earlier": 0},
    )
    assert (event.resource, event.resource_id) == (resource, "")
    assert "secret" not in event.record
    with globex:
        assert refused() == []
    with public_schema():
        assert refused() == []


@pytest.mark.parametrize("who", ["clerk", "acme_admin"])
def test_a_page_of_the_platform_that_a_person_may_not_see_leaves_an_event_in_its_chain(
    request, page, operator, who
):
    person = request.getfixturevalue(who)
    assert page(f"/admin/identity/user/{operator.pk}/change/?next=secret", person) == 403
    with public_schema():
        (event,) = refused()
    assert (event.actor, event.payload["code"]) == (f"user:{person.pk}", "permission_denied")
    assert (event.resource, event.resource_id) == ("identity.user", str(operator.pk))
    assert "secret" not in event.record


def test_what_is_no_key_in_the_address_of_a_forbidden_page_is_not_kept(page, clerk):
    assert page("/admin/identity/user/4111111111111111 x/change/", clerk) == 403
    with public_schema():
        (event,) = refused()
    assert event.resource_id == ""


def test_who_has_no_tie_to_a_tenant_is_told_to_the_platform_alike_for_a_foreign_and_an_unknown_one(
    page, acme, globex_admin
):
    asked = []
    for slug in ("acme", "no-such-tenant"):
        with public_schema():
            a_minute_passes()
        with CaptureQueriesContext(connection) as captured:
            assert page(f"/t/{slug}/admin/directory/participant/", globex_admin) == 404
        asked.append([without_values(query["sql"]) for query in captured])
    assert asked[0] == asked[1]
    with public_schema():
        assert [(e.actor, e.payload["code"], e.resource, e.tenant_id) for e in refused()] == [
            (f"user:{globex_admin.pk}", "not_found", "directory.participant", None)
        ] * 2
    with acme:
        assert refused() == []


def test_pages_that_are_shown_or_not_there_leave_no_event(page, acme, acme_admin):
    assert page("/t/acme/admin/directory/participant/", acme_admin) == 200
    assert page("/t/acme/admin/no/such/page/", acme_admin) == 404
    with acme:
        assert refused() == []
    with public_schema():
        assert refused() == []


def test_failed_attempts_at_different_accounts_in_one_minute_are_one_event_each(db, acme_admin, acme_member):
    client = Client(headers={"Host": "localhost"})
    for person in (acme_admin, acme_member, acme_admin):
        client.post("/admin/login/", {"username": person.email, "password": "a wrong sentence"})
    seal()
    with public_schema():
        failed = AuditEvent.objects.filter(action="login_failed").order_by("pk")
        assert [event.resource_id for event in failed] == [str(acme_admin.pk), str(acme_member.pk)]
        counted = RefusalTally.objects.filter(action="login_failed").order_by("left_out", "pk")
        assert list(counted.values_list("resource_id", "left_out")) == [
            (str(acme_member.pk), 0),
            (str(acme_admin.pk), 1),
        ]


def test_a_forbidden_submission_of_the_admin_leaves_an_event(acme, acme_admin):
    client = Client(headers={"Host": "localhost"})
    client.force_login(acme_admin)
    with acme:
        seal()
    assert client.post(f"{LIST}1/change/", {"reason": "x"}).status_code == 403
    with acme:
        (event,) = refused()
    assert (event.actor, event.payload["code"]) == (f"user:{acme_admin.pk}", "permission_denied")
    assert (event.resource, event.resource_id) == ("audit.auditevent", "1")
