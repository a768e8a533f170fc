"""Each object's page "As the API sees it": what it shows is what the API answers to the same person."""

import json
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from html import unescape
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver, reverse

from audit.enums import ConsentAction, SubjectKind
from audit.models import AuditEvent, Consent
from audit.operations import record_consent
from audit.operations.verifications import VERIFICATION
from audit.requests.models import SavedFilter
from audit.requests.operations import save_filter, start_job
from config.foundation.actor import Actor
from config.foundation.rest.details import details_of
from config.foundation.rows import public_schema
from config.sites import SHOWN_FROM_TENANTS, SHOWN_IN_TENANT, platform_site, tenant_site
from customers.identity.models import Privilege, Role, RolePrivilege
from customers.identity.operations import add_membership, create_user
from directory.models import Identifier, Participant, RoutingArtifact, Source
from tests import cast
from tests.cast import ACTOR
from tests.directory.rest.conftest import fill, saved
from tests.sealing import seal

MERCHANT = "MERCHANT0000001"
CONTRACT = {"match": {}, "directive": {"target_protocol": "as4", "target_address": "https://as4.example/c"}}
NOWHERE = "0a0a0a0a-0a0a-0a0a-0a0a-0a0a0a0a0a0a"
STATEMENTS_MAX = 14
OF_TENANT = sorted(SHOWN_IN_TENANT, key=lambda model: model._meta.label)
GLOBAL = sorted(SHOWN_FROM_TENANTS, key=lambda model: model._meta.label)


def signed_in(user: Any, host: str = "localhost") -> Client:
    client = Client(headers={"Host": host})
    client.force_login(user)
    return client


def fill_acme() -> None:
    """Put a row into each table of acme that the API shows, with a confidential value in each that has any."""
    owner = cast.user("acme_admin")
    with cast.tenant("acme"):
        shop = fill(0)
        saved(Identifier(participant=shop, identifier_type="mid", value=MERCHANT))
        saved(RoutingArtifact(kind="contract", name="ours", payload=CONTRACT))
        saved(Source(name="api", kind="file", settings={"path": "secret"}))
        record_consent(
            actor=Actor.user(owner.pk),
            now=datetime(2026, 3, 1, tzinfo=UTC),
            subject_kind=SubjectKind.USER,
            subject_id=owner.pk,
            purpose="terms",
            text_version=1,
            action=ConsentAction.GIVEN,
        )
        save_filter(
            actor=Actor.user(owner.pk),
            row=SavedFilter(
                slug="nodes", name="Nodes", resource="directory/participants", parameters={"kind": ["node"]}
            ),
        )
        start_job(actor=Actor.user(owner.pk), kind=VERIFICATION)
    cast.make_token("acme", "directory.read")
    seal()


def page_of(row: Any, base: str = "/t/acme") -> str:
    return f"{base}/admin/{row._meta.app_label}/{row._meta.model_name}/{row.pk}/api/"


def rows_of(model: Any) -> list[Any]:
    return list(model.objects.order_by("pk"))


def shown(client: Client, row: Any, base: str = "/t/acme", **query: str) -> Any:
    answer = client.get(page_of(row, base), query)
    assert answer.status_code == 200, answer.content[:500]
    return answer.context["exchange"]


def readings() -> list[tuple[Any, ...]]:
    seal()
    events = AuditEvent.objects.filter(action="read").order_by("pk")
    return list(events.values_list("actor", "resource", "resource_id", "payload", "tenant_id"))


@pytest.fixture
def filled(acme: Any) -> None:
    fill_acme()


@pytest.mark.parametrize("model", OF_TENANT)
@pytest.mark.parametrize("host", ["localhost", f"acme.{settings.BASE_DOMAIN}"])
def test_the_page_shows_the_bytes_and_the_tag_that_the_api_answers(
    model: Any, host: str, filled: None, acme: Any, acme_admin: Any
) -> None:
    base = "/t/acme" if host == "localhost" else ""
    token = cast.make_token("acme", *Privilege.objects.values_list("code", flat=True))
    client = signed_in(acme_admin, host)
    with acme:
        rows = rows_of(model)
    assert rows
    for row in rows:
        seen = shown(client, row, base)
        assert seen.url.startswith(f"http://{host}{base}/api/v1/")
        for headers in ({}, {"Authorization": f"Bearer {token}"}):
            over_http = (client if not headers else Client()).get(seen.url, headers={"Host": host, **headers})
            assert over_http.content == seen.body
            assert over_http.status_code == seen.status == 200
            for name, value in seen.headers:
                assert over_http[name] == value, name
        assert "ETag" in dict(seen.headers)


@pytest.mark.parametrize("model", OF_TENANT)
def test_the_text_on_the_screen_is_the_answer_and_nothing_else(
    model: Any, filled: None, acme: Any, acme_admin: Any
) -> None:
    client = signed_in(acme_admin)
    with acme:
        row = rows_of(model)[-1]
    html = client.get(page_of(row)).content.decode()
    _, _, after = html.partition('id="api-body">')
    marked, _, _ = after.partition("</pre>")
    text = "".join(
        part.partition(">")[2] if part.startswith(("span", "/span")) else part for part in marked.split("<")
    )
    assert json.loads(unescape(text)) == client.get(shown(client, row).url).json()


@pytest.mark.parametrize("name", ["value", "payload", "settings"])
def test_confidential_values_are_masked_or_shown_and_audited_as_over_the_api(
    name: str, filled: None, acme: Any
) -> None:
    model: Any = {"value": Identifier, "payload": RoutingArtifact, "settings": Source}[name]
    narrowed: Any = {"value": {"tier__gte": 2}, "payload": {"kind": "contract"}, "settings": {"name": "api"}}[
        name
    ]
    with acme:
        row = model.objects.get(**narrowed)
    for held in (("view_confidential",), ()):
        client = signed_in(member_with("tenant.admin", "directory.read", *held))
        with acme:
            before = readings()
        seen = shown(client, row)
        with acme:
            by_page = readings()[len(before) :]
        assert client.get(seen.url).content == seen.body
        with acme:
            by_api = readings()[len(before) + len(by_page) :]
        assert by_page == by_api
        assert len(by_page) == len(held)
        hidden = {"value": "•••", "payload": None, "settings": None}[name]
        assert (json.loads(seen.body)[name] == hidden) == (not held)


def member_with(*privileges: str) -> Any:
    """Return a member of acme who holds exactly these privileges."""
    tenant = cast.tenant("acme")
    role = Role.objects.create(
        tenant=tenant, code=f"r{Role.objects.count()}", title=f"Role {Role.objects.count()}"
    )
    for privilege in Privilege.objects.filter(code__in=privileges):
        RolePrivilege.objects.create(role=role, privilege=privilege)
    person = create_user(actor=ACTOR, email=f"m{role.code}@example.com", is_staff=False)
    add_membership(actor=ACTOR, user=person, tenant=tenant, roles=[role])
    return person


def test_who_manages_but_does_not_read_is_told_that_the_api_refuses(filled: None, acme: Any) -> None:
    client = signed_in(member_with("tenant.admin", "directory.manage"))
    with acme:
        row = rows_of(Participant)[0]
    seen = shown(client, row)
    assert (seen.status, seen.refusal) == (403, "This needs the privilege directory.read.")
    assert [command.key for command in seen.commands] == ["read"]
    page = client.get(page_of(row)).content.decode()
    assert "The API does not show you this object. This needs the privilege directory.read." in page
    assert client.get(seen.url).json()["code"] == json.loads(seen.body)["code"] == "permission_denied"


def test_who_may_not_see_the_table_is_refused_before_the_row_is_looked_up(filled: None, acme: Any) -> None:
    client = signed_in(member_with("tenant.admin"))
    with acme:
        row = rows_of(Participant)[0]
    with CaptureQueriesContext(connection) as asked:
        assert client.get(page_of(row)).status_code == 403
    assert not [one["sql"] for one in asked if "directory_participant" in one["sql"]]


def test_a_foreign_row_is_answered_as_one_of_nothing(filled: None, acme: Any, globex_admin: Any) -> None:
    client = signed_in(globex_admin)
    with acme:
        row = rows_of(Participant)[0]
    answers = []
    for pk in (row.pk, NOWHERE):
        answer = client.get(f"/t/globex/admin/directory/participant/{pk}/api/")
        answers.append((answer.status_code, answer["Location"]))
        assert client.get(page_of(row).replace(str(row.pk), str(pk))).status_code == 404
    assert answers == [(302, "/t/globex/admin/")] * 2


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_the_page_is_only_looked_at(method: str, filled: None, acme: Any, acme_admin: Any) -> None:
    with acme:
        row = rows_of(Participant)[0]
    assert getattr(signed_in(acme_admin), method)(page_of(row)).status_code == 405


@pytest.mark.parametrize("model", GLOBAL)
def test_the_global_directory_is_shown_as_the_chosen_tenant_reads_it(
    model: Any, acme: Any, operator: Any
) -> None:
    with public_schema():
        fill(0)
        row = rows_of(model)[0]
    client = signed_in(operator)
    unchosen = client.get(page_of(row, ""))
    assert unchosen.context["exchange"] is None
    assert b"Over whose API" in unchosen.content
    seen = shown(client, row, "", tenant="acme")
    assert seen.url.endswith("?directory=global")
    assert "/t/acme/api/v1/directory/" in seen.url
    over_http = client.get(seen.url)
    assert (over_http.status_code, over_http.content) == (200, seen.body)
    assert over_http["ETag"] == dict(seen.headers)["ETag"]
    assert "change" not in [command.key for command in seen.commands]


def test_looking_at_the_global_directory_enters_no_tenant_that_was_not_chosen(
    acme: Any, operator: Any
) -> None:
    with public_schema():
        row = saved(Participant(name="Bank"))
    client = signed_in(operator)
    client.get(page_of(row, ""))
    seal()
    with acme:
        assert not AuditEvent.objects.filter(action="access").exists()
    shown(client, row, "", tenant="acme")
    with acme:
        assert AuditEvent.objects.filter(action="access").count() == 1


def test_who_enters_no_tenant_is_told_so(acme: Any) -> None:
    clerk = create_user(actor=ACTOR, email="clerk.of.all@example.com", is_staff=True)
    clerk.user_permissions.set(permissions_of("directory"))
    with public_schema():
        row = saved(Participant(name="Bank"))
    page = signed_in(clerk).get(page_of(row, "")).content.decode()
    assert "you may enter none of them" in page


def permissions_of(app_label: str) -> Any:
    return Permission.objects.filter(content_type__app_label=app_label)


def test_events_of_the_platform_are_shown_by_its_own_api(acme: Any, operator: Any) -> None:
    seal()
    with public_schema():
        event = AuditEvent.objects.order_by("pk")[0]
    client = signed_in(operator)
    seen = shown(client, event, "")
    assert seen.url == f"http://localhost/api/v1/audit/events/{event.pk}"
    assert client.get(seen.url).content == seen.body


@pytest.mark.parametrize("model", OF_TENANT)
def test_each_page_costs_few_statements(model: Any, filled: None, acme: Any, acme_admin: Any) -> None:
    client = signed_in(acme_admin)
    with acme:
        row = rows_of(model)[0]
    client.get(page_of(row))
    with CaptureQueriesContext(connection) as asked:
        client.get(page_of(row))
    reading = [
        one["sql"] for one in asked if not one["sql"].startswith(("SAVEPOINT", "RELEASE", "SET", "INSERT"))
    ]
    assert len(reading) <= STATEMENTS_MAX, "\n".join(reading)


def test_the_change_page_leads_there(filled: None, acme: Any, acme_admin: Any) -> None:
    client = signed_in(acme_admin)
    for model in OF_TENANT:
        with acme:
            row = rows_of(model)[0]
        page = page_of(row)
        assert f'href="{page}"' in client.get(page.replace("/api/", "/change/")).content.decode(), model


@pytest.mark.parametrize(
    ("urlconf", "site"), [(settings.TENANT_URLCONF, tenant_site), (settings.ROOT_URLCONF, platform_site)]
)
def test_every_object_that_the_api_shows_has_its_page(urlconf: str, site: Any) -> None:
    resolvers: list[Any] = [
        one for one in get_resolver(urlconf).url_patterns if str(one.pattern) == "api/v1/"
    ]
    served = details_of(pattern for one in resolvers for pattern in one.url_patterns)
    assert served
    for model in served:
        if site.is_registered(model):
            name = f"admin:{model._meta.app_label}_{model._meta.model_name}_as_api"
            assert reverse(name, urlconf=urlconf, args=["1"])


def test_rows_that_no_api_shows_have_no_such_page(operator: Any, acme: Any, acme_admin: Any) -> None:
    client = signed_in(operator)
    for path in (f"tenants/tenant/{acme.pk}", f"identity/user/{acme_admin.pk}"):
        assert client.get(f"/admin/{path}/api/").status_code in (301, 302, 404)
        assert "As the API sees it" not in client.get(f"/admin/{path}/change/").content.decode()


def test_hostile_texts_stay_text(acme: Any, acme_admin: Any) -> None:
    name = "</pre><script>alert(1)</script> $(id) `id` ' \" \\ é"
    with acme:
        row = saved(Participant(name=name))
    client = signed_in(acme_admin)
    page = client.get(page_of(row)).content.decode()
    article = page.partition('<article class="sb-api">')[2].partition("</article>")[0]
    assert article
    assert not re.search(r"<script|\bstyle=|\bon[a-z]+=", article), "what a content policy forbids"
    assert json.loads(shown(client, row).body)["name"] == name


class Quiet(WSGIRequestHandler):
    """Logs nothing."""

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def served() -> Iterator[int]:
    """Serve the product on a port of this machine, in a thread with a connection of its own."""
    server = make_server("127.0.0.1", 0, WSGIHandler(), WSGIServer, Quiet)

    def serve() -> None:
        try:
            server.serve_forever(poll_interval=0.05)
        finally:
            connections.close_all()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def run(command: str, token: str) -> str:
    done = subprocess.run(
        ["/bin/sh", "-c", command.replace("curl ", "curl --silent --show-error ", 1)],
        env={"SWITCHBOARD_TOKEN": token, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return done.stdout


@pytest.mark.enable_socket
@pytest.mark.usefixtures("committed")
def test_the_commands_run_as_they_are_printed() -> None:
    fill_acme()
    privileges = ("directory.read", "directory.manage", "view_audit", "view_confidential", "tokens.manage")
    token = cast.make_token("acme", *privileges, may_write=True)
    owner = cast.user("acme_admin")
    with cast.tenant("acme"):
        odd = saved(Participant(name="Bank 'of' \"$HOME\" `id` \\ é"))
        rows = [odd, *(rows_of(model)[-1] for model in OF_TENANT)]
    with served() as port:
        client = signed_in(owner, f"127.0.0.1:{port}")
        changed = 0
        for row in rows:
            seen = shown(client, row)
            commands = {command.key: command.text for command in seen.commands}
            assert json.loads(run(commands["read"], token)) == json.loads(seen.body)
            assert run(commands["read-if-changed"], token).startswith("HTTP/1.0 304 ")
            if "change" in commands:
                changed += 1
                answer = run(commands["change"], token)
                assert answer.startswith("HTTP/1.0 200 "), (row, answer)
                assert f"ETag: {dict(seen.headers)['ETag']}" in answer, "it changes nothing as it stands"
    assert changed >= len(GLOBAL) - 2, "all but runs and what is in force"
    with cast.tenant("acme"):
        assert Participant.objects.get(pk=odd.pk).name == odd.name
        assert Consent.objects.exists()
