"""The commands that look at all tenants: each fault is planted, seen and named."""

import json
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from config.foundation.actor import Actor
from config.foundation.schemas import OWNER_ALIAS, TEMPLATE_SCHEMA, application_role
from customers.identity.models import Membership, Role
from customers.tenants.models import Domain, Placement, Tenant
from customers.tenants.operations import register_tenant
from directory.models import Participant

ACTOR = Actor.system("tests")
pytestmark = pytest.mark.usefixtures("committed")


def run(name, *arguments):
    out = StringIO()
    try:
        call_command(name, *arguments, stdout=out)
    except SystemExit as end:
        return end.code, out.getvalue()
    return 0, out.getvalue()


def without_checks(statement):
    with connections[OWNER_ALIAS].cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        try:
            cursor.execute(statement)
        finally:
            cursor.execute("SET session_replication_role = origin")


def of(slug):
    return Tenant.objects.filter(slug=slug)


def without_owner():
    Membership.objects.filter(tenant__slug="acme").update(status="archived", reason="left")


def without_primary_domain():
    Domain.objects.filter(tenant__slug="acme").update(is_primary=False)


def in_a_cycle():
    acme, globex = (of(slug).get() for slug in ("acme", "globex"))
    of("acme").update(parent=globex)
    of("globex").update(parent=acme)


def at_a_wrong_depth():
    of("acme").update(depth=3)


def below_a_deleted_one():
    of("acme").update(parent=of("globex").get(), depth=2)
    of("globex").update(status="deleted", deleted_at="2026-01-01T00:00Z", name_key=None)


def under_another_name():
    of("acme").update(name_key="somebody else")


def without_placement():
    Placement.objects.filter(tenant__slug="acme").delete()


def without_schema():
    without_checks(f"DROP SCHEMA {of('acme').get().schema_name} CASCADE")


def with_a_failed_placement():
    Placement.objects.filter(tenant__slug="acme").update(state="failed", last_error="disk full")


def with_a_closed_schema():
    without_checks(f"REVOKE USAGE ON SCHEMA {of('acme').get().schema_name} FROM {application_role()}")


def with_a_foreign_role():
    role = Role.objects.create(tenant=of("globex").get(), title="Clerk", code="clerk")
    membership = Membership.objects.get(tenant__slug="acme", user__email_key="acme.member@example.com")
    without_checks(
        "INSERT INTO public.identity_membershiprole (id, membership_id, role_id, created_at, updated_at, row_version)"
        f" VALUES (gen_random_uuid(), '{membership.pk}', '{role.pk}', now(), now(), 1)"
    )


def with_rows_of_nobody():
    with of("acme").get() as acme:
        Participant.objects.create(name="x")
    without_checks(f"UPDATE {acme.schema_name}.directory_participant SET created_by = '{uuid4()}'")


def a_schema_of_nobody():
    without_checks(f"CREATE SCHEMA t_{uuid4().hex}")


def no_template():
    without_checks(f"DROP SCHEMA {TEMPLATE_SCHEMA} CASCADE")


@pytest.mark.parametrize(
    ("plant", "code"),
    [
        (without_owner, "owner_missing"),
        (without_primary_domain, "primary_domain_missing"),
        (in_a_cycle, "tenant_cycle"),
        (at_a_wrong_depth, "depth_wrong"),
        (below_a_deleted_one, "parent_deleted"),
        (under_another_name, "name_key_wrong"),
        (without_placement, "placement_missing"),
        (without_schema, "schema_missing"),
        (with_a_closed_schema, "schema_closed"),
        (with_a_foreign_role, "role_foreign"),
        (a_schema_of_nobody, "schema_orphan"),
    ],
)
def test_a_planted_fault_is_named_with_its_remedy_and_ends_with_one(plant, code):
    plant()
    ended, out = run("check_tenancy")
    assert ended == 1
    (line,) = [
        line for line in out.splitlines() if f" {code} " in line and "globex" not in line.split(":")[0]
    ]
    assert line.startswith("error ")
    assert ";" in line


@pytest.mark.parametrize(
    ("plant", "code"),
    [
        (with_a_failed_placement, "placement_failed"),
        (with_rows_of_nobody, "maker_unknown"),
        (no_template, "template_missing"),
    ],
)
def test_a_warning_is_named_and_is_no_failure(plant, code):
    plant()
    ended, out = run("check_tenancy")
    assert ended == 0
    assert f"warning {code} " in out
    assert out.endswith("0 errors, 1 warnings\n")


def test_a_whole_installation_has_no_findings_and_says_so_as_json():
    assert run("check_tenancy") == (0, "0 errors, 0 warnings\n")
    assert json.loads(run("check_tenancy", "--json")[1]) == {"findings": []}
    without_owner()
    (finding,) = json.loads(run("check_tenancy", "--json", "--tenant", "acme")[1])["findings"]
    assert (finding["code"], finding["subject"], finding["is_error"]) == ("owner_missing", "acme", True)
    assert run("check_tenancy", "--tenant", "globex")[0] == 0


def test_each_tenant_is_shown_in_one_line():
    ended, out = run("tenant_status")
    assert ended == 0
    acme, globex, summary = out.splitlines()
    assert acme.startswith("acme: active, placement ready, migrations at head, acme.switchboard.localhost, ")
    assert globex.startswith("globex: active")
    assert summary == "2 tenants, 0 need attention"


def test_a_tenant_that_waits_or_lags_needs_attention():
    register_tenant(actor=ACTOR, slug="initech", name="Initech")
    without_checks(f"DELETE FROM {of('acme').get().schema_name}.django_migrations WHERE app = 'audit'")
    ended, out = run("tenant_status")
    assert ended == 1
    assert "! acme: active, placement ready, migrations behind by " in out
    assert "! initech: provisioning, placement provisioning" in out
    (state,) = json.loads(run("tenant_status", "--json", "--tenant", "initech")[1])["tenants"]
    assert (state["status"], state["event_count"], state["needs_attention"]) == ("provisioning", 0, True)


@pytest.mark.parametrize("name", ["tenant_status", "check_tenancy"])
def test_an_unknown_tenant_is_told_in_one_line(name):
    with pytest.raises(CommandError, match="there is no tenant 'nobody'"):
        run(name, "--tenant", "nobody")
