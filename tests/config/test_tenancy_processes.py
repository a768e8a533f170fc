"""Two processes that serve, and what one of them changes: refused there at once, and in the other within a second.

The first process is this one; the other is a real server. Both remember tenants, and their watches are cut for real.
"""

import os
import signal
import socket
import time
import urllib.error
import urllib.request
from urllib.parse import quote

import psycopg
import pytest
from django.conf import settings
from django.db import connection, connections, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from psycopg.conninfo import make_conninfo

from config.foundation.watch import own_connection, process_watch
from config.management.commands.up import serving, wait_until_ready
from config.tenancy.directory import tenant_directory
from customers.identity.models import ApiToken, Membership, MembershipRole
from customers.tenants.models import TENANCY, Domain, Tenant
from tests import cast

WITHIN_S = 1.0
PATH = "/t/acme/api/v1/directory/participants"
OWN_HOST_PATH = "/api/v1/directory/participants"
pytestmark = [pytest.mark.race, pytest.mark.enable_socket, pytest.mark.usefixtures("committed")]


@pytest.fixture
def remembering():
    """Have this process remember tenants."""
    process_watch.start(own_connection)
    until(lambda: process_watch.version(TENANCY))
    yield
    process_watch.stop()


@pytest.fixture
def token():
    Domain.objects.create(tenant=cast.tenant("acme"), domain="bank.example", verified_at=timezone.now())
    return cast.make_token("acme", "directory.read")


@pytest.fixture
def other(remembering, token, monkeypatch):
    """Return a function that asks the other process, and answers with the status."""
    where = settings.DATABASES["default"]
    url = f"postgres://{where['USER']}@{quote(where['HOST'], safe='')}:{where['PORT']}/{where['NAME']}"
    monkeypatch.setenv("DATABASE_URL", url)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def ask(path=PATH, host="localhost"):
        headers = {"Authorization": f"Bearer {token}", "Host": host}
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            error.close()
            return error.code

    with serving("127.0.0.1", port, 1) as server:
        wait_until_ready(server, f"http://127.0.0.1:{port}/healthz")
        until(lambda: ask() == 200, within=10)
        until(lambda: len(listeners()) == 2, within=5)
        yield ask


def here(token, path=PATH, host="localhost"):
    return Client().get(path, headers={"Host": host, "Authorization": f"Bearer {token}"}).status_code


def until(is_so, within=WITHIN_S):
    deadline = time.monotonic() + within
    while not is_so():
        assert time.monotonic() < deadline, f"not within {within} s"
        time.sleep(0.01)


def owner():
    where = settings.DATABASES["default"]
    return psycopg.connect(
        make_conninfo(host=where["HOST"], port=where["PORT"], user=where["USER"], dbname=where["NAME"]),
        autocommit=True,
    )


def listeners():
    statement = "SELECT pid FROM pg_stat_activity WHERE application_name = 'switchboard watch'"
    with owner() as client:
        found = client.execute(f"{statement} AND datname = current_database()").fetchall()
    return [pid for (pid,) in found]


def suspend():
    tenant = cast.tenant("acme")
    tenant.status = "inactive"
    tenant.save()


def delete():
    tenant = cast.tenant("acme")
    tenant.status, tenant.deleted_at = "deleted", timezone.now()
    tenant.save()


def restore():
    tenant = cast.tenant("acme")
    tenant.status, tenant.deleted_at = "active", None
    tenant.save()


def close_the_place():
    placement = cast.tenant("acme").placement
    placement.state = "retired"
    placement.save()


def end_the_membership():
    Membership.objects.filter(tenant__slug="acme").update(status="inactive", reason="left")


def revoke_the_token():
    ApiToken.objects.update(revoked_at=timezone.now())


def take_the_role():
    MembershipRole.objects.filter(membership__tenant__slug="acme").delete()


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        (suspend, 403),
        (delete, 404),
        (close_the_place, 503),
        (end_the_membership, 404),
        (revoke_the_token, 401),
        (take_the_role, 403),
    ],
    ids=lambda each: getattr(each, "__name__", str(each)),
)
def test_a_change_is_effective_here_at_once_and_elsewhere_within_a_second(other, token, change, refused):
    assert (here(token), other()) == (200, 200)
    change()
    assert here(token) == refused
    until(lambda: other() == refused)


def test_a_restored_tenant_is_let_in_again_and_a_renamed_host_selects_under_its_new_name(other, token):
    delete()
    until(lambda: other() == 404)
    restore()
    assert here(token) == 200
    until(lambda: other() == 200)
    assert other(OWN_HOST_PATH, "bank.example") == 200
    domain = Domain.objects.get(domain="bank.example")
    domain.domain = "credit.example"
    domain.save()
    assert here(token, OWN_HOST_PATH, "bank.example") == 421
    assert here(token, OWN_HOST_PATH, "credit.example") == 200
    until(lambda: other(OWN_HOST_PATH, "bank.example") == 421)
    until(lambda: other(OWN_HOST_PATH, "credit.example") == 200)


def test_a_change_in_sql_that_nobody_told_of_is_effective_everywhere_within_a_second(other, token):
    assert (here(token), other()) == (200, 200)
    with owner() as client:
        client.execute("UPDATE tenants_tenant SET status = 'inactive' WHERE slug = 'acme'")
    until(lambda: other() == 403)
    until(lambda: here(token) == 403, within=0.5)


@pytest.mark.parametrize("cut", ["terminated", "frozen"])
def test_with_the_watches_cut_a_change_is_effective_within_a_second_and_they_come_back(other, token, cut):
    pids = listeners()
    frozen = pids if cut == "frozen" else []
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    try:
        with owner() as client:
            if cut == "terminated":
                for pid in pids:
                    client.execute("SELECT pg_terminate_backend(%s)", [pid])
            client.execute("UPDATE tenants_tenant SET status = 'inactive' WHERE slug = 'acme'")
        until(lambda: other() == 403)
        assert here(token) == 403
        until(lambda: len(set(listeners()) - set(pids)) == 2, within=8)
    finally:
        for pid in frozen:
            os.kill(pid, signal.SIGCONT)
    with owner() as client:
        client.execute("UPDATE tenants_tenant SET status = 'active' WHERE slug = 'acme'")
    until(lambda: other() == 200)
    until(lambda: here(token) == 200)


def test_a_change_that_is_rolled_back_changes_nothing_and_is_not_remembered(remembering, token):
    assert here(token) == 200
    with transaction.atomic():
        suspend()
        assert here(token) == 403
        transaction.set_rollback(True)
    assert here(token) == 200


def test_a_snapshot_saves_the_statement_for_own_foreign_and_unknown_slugs_alike(remembering, token):
    ApiToken.objects.update(tenant=None)
    here(token)
    until(lambda: process_watch.version(TENANCY))
    here(token)
    counts = {}
    for slug in ("acme", "globex", "no-such-tenant"):
        with CaptureQueriesContext(connection) as queries:
            here(token, PATH.replace("acme", slug))
        texts = [query["sql"] for query in queries]
        assert not [text for text in texts if 'FROM "tenants_tenant"' in text]
        counts[slug] = len(texts)
    assert counts["globex"] == counts["no-such-tenant"]
    process_watch.stop()
    with CaptureQueriesContext(connection) as queries:
        here(token)
    assert len(queries) == counts["acme"] + 1


def test_requests_share_no_instance_of_their_tenant(remembering, token):
    here(token)
    until(lambda: process_watch.version(TENANCY))
    record = tenant_directory().by_slug("acme")
    assert record is not None
    first, second = record.build(), record.build()
    assert first == second == Tenant.objects.get(slug="acme")
    assert first is not second
    assert first.placement is not second.placement
    assert (first.placement.state, first.name, first.params) == ("ready", "Acme Bank", {})


@pytest.fixture(autouse=True)
def close_connections(committed):
    yield
    connections.close_all()
