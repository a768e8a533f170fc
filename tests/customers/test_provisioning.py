"""How the schema of a tenant is made: copied as DDL, whole or not at all, and tried again."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections, transaction

from audit.chain import verify
from config.foundation import blueprint
from config.foundation.actor import Actor
from config.foundation.blueprint import BlueprintError, current_blueprint
from config.foundation.errors import Refused
from config.foundation.rows import selected_schema
from config.foundation.schemas import (
    OWNER_ALIAS,
    TEMPLATE_SCHEMA,
    create_schema,
    ensure_template,
    known_migrations,
    migrate_schema,
    recorded_migrations,
    schema_exists,
)
from customers.identity.models import Membership
from customers.tenants.enums import PlacementState, TenantStatus
from customers.tenants.models import Domain, Placement, Tenant
from customers.tenants.operations import create_tenant, provision_tenant, register_tenant
from directory.models import Participant
from tests import cast
from tests.inventory import QUERIES, inventory
from tests.roles import as_database_owner

ACTOR = Actor.system("tests")
pytestmark = pytest.mark.usefixtures("committed")


def make(slug="initech", **values):
    return create_tenant(actor=ACTOR, slug=slug, name=slug.title(), **values)


def test_a_tenant_is_made_with_host_place_schema_and_owner():
    acme, person = cast.tenant("acme"), cast.user("outsider")
    with acme:
        made = make(owner=person)
        assert selected_schema("default") == acme.schema_name
    assert made.status == TenantStatus.ACTIVE
    placement = Placement.objects.get(tenant=made)
    assert placement.state == PlacementState.READY
    assert placement.ready_at is not None
    assert Domain.objects.get(tenant=made).domain == "initech.switchboard.localhost"
    membership = Membership.objects.get(tenant=made)
    assert (membership.user, membership.source) == (person, "creator")
    with made:
        assert not Participant.objects.exists()
    assert provision_tenant(actor=ACTOR, tenant=made) == made
    assert verify("public").flaw is None


def test_the_copy_equals_what_the_migrations_make_object_by_object():
    copied = make()
    create_schema("t_migrated")
    migrate_schema("t_migrated")
    ours, reference = inventory(copied.schema_name), inventory("t_migrated")
    for kind in reference:
        assert ours[kind] == reference[kind], kind
    assert {kind for kind in QUERIES if reference[kind]} >= {
        "relations", "columns", "constraints", "indexes", "triggers", "sequences", "routines", "types", "schema",
    }  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE {}.directory_endpoint ALTER COLUMN qos DROP NOT NULL",
        "ALTER TABLE {}.directory_endpoint ALTER COLUMN priority SET DEFAULT 7",
        "ALTER TABLE {}.directory_endpoint ALTER COLUMN address SET STORAGE external",
        "DROP INDEX {}.audit_event_actor",
        "ALTER INDEX {}.audit_event_actor RENAME TO other",
        "DROP TRIGGER row_stamp ON {}.directory_endpoint",
        "ALTER TABLE {}.directory_endpoint DISABLE TRIGGER row_stamp",
        "ALTER FUNCTION {}.audit_seal() SECURITY INVOKER",
        "ALTER FUNCTION {}.audit_seal() RESET search_path",
        "GRANT UPDATE ON {}.audit_event TO switchboard_application",
        "REVOKE INSERT ON {}.directory_endpoint FROM switchboard_application",
        "COMMENT ON TABLE {}.directory_endpoint IS 'other'",
        "DELETE FROM {}.django_migrations WHERE app = 'audit'",
    ],
)
def test_the_comparison_sees(change):
    acme, globex = (cast.tenant(slug).schema_name for slug in ("acme", "globex"))
    as_database_owner(change.format(globex))
    assert inventory(acme) != inventory(globex)


def test_a_later_template_is_copied_from_and_one_that_is_behind_is_brought_forward():
    make("before")
    as_database_owner(f"DROP SCHEMA {TEMPLATE_SCHEMA} CASCADE")
    assert ensure_template() >= known_migrations()
    as_database_owner(f"CREATE TABLE {TEMPLATE_SCHEMA}.later (id uuid PRIMARY KEY)")
    as_database_owner(
        f"INSERT INTO {TEMPLATE_SCHEMA}.django_migrations (app, name, applied)"
        " VALUES ('directory', '9999_later', now())"
    )
    made = make("after")
    assert ("directory", "9999_later") in recorded_migrations(made.schema_name, using=OWNER_ALIAS)
    as_database_owner(f"SELECT * FROM {made.schema_name}.later")


@pytest.mark.parametrize(
    "foreign",
    [
        "CREATE VIEW {}.v AS SELECT 1",
        "CREATE SEQUENCE {}.s",
        "CREATE TYPE {}.mood AS ENUM ('good')",
        "CREATE PROCEDURE {}.p() LANGUAGE sql AS 'SELECT 1'",
        "ALTER TABLE {}.directory_policy SET (fillfactor = 50)",
        "INSERT INTO {}.directory_version VALUES (1, 1)",
    ],
)
def test_what_cannot_be_copied_is_made_by_the_migrations(foreign, caplog, monkeypatch):
    monkeypatch.setattr(blueprint, "_current", None)
    as_database_owner(foreign.format(TEMPLATE_SCHEMA))
    with pytest.raises(BlueprintError, match="cannot be copied as DDL"):
        current_blueprint()
    made = make()
    assert "by migrations" in caplog.text
    assert recorded_migrations(made.schema_name, using=OWNER_ALIAS) == known_migrations()


def test_a_schema_that_fails_leaves_nothing_and_is_tried_again():
    as_database_owner(
        "ALTER TABLE public.tenants_placement ADD CONSTRAINT broken CHECK (state <> 'ready') NOT VALID"
    )
    with pytest.raises(Refused) as caught:
        make()
    assert caught.value.code == "provisioning_failed"
    tenant = Tenant.objects.get(slug="initech")
    placement = Placement.objects.get(tenant=tenant)
    assert (placement.state, tenant.status) == (PlacementState.FAILED, TenantStatus.PROVISIONING)
    assert placement.last_error.startswith("IntegrityError")
    assert not schema_exists(tenant.schema_name)
    as_database_owner("ALTER TABLE public.tenants_placement DROP CONSTRAINT broken")
    assert provision_tenant(actor=ACTOR, tenant=tenant).status == TenantStatus.ACTIVE
    placement.refresh_from_db()
    assert (placement.state, placement.last_error) == (PlacementState.READY, "")


def test_a_schema_that_somebody_left_half_made_is_finished_by_the_migrations():
    tenant = register_tenant(actor=ACTOR, slug="initech", name="Initech")
    create_schema(tenant.schema_name)
    assert provision_tenant(actor=ACTOR, tenant=tenant).status == TenantStatus.ACTIVE
    assert inventory(tenant.schema_name) == inventory(cast.tenant("acme").schema_name)


def test_inside_a_transaction_the_schema_waits_for_the_commit():
    with transaction.atomic():
        tenant = make()
        assert (tenant.status, schema_exists(tenant.schema_name)) == (TenantStatus.PROVISIONING, False)
        with pytest.raises(transaction.TransactionManagementError):
            provision_tenant(actor=ACTOR, tenant=tenant)
    tenant.refresh_from_db()
    assert (tenant.status, schema_exists(tenant.schema_name)) == (TenantStatus.ACTIVE, True)


def test_a_placement_on_a_database_that_is_not_configured_is_refused():
    tenant = register_tenant(actor=ACTOR, slug="initech", name="Initech")
    Placement.objects.filter(tenant=tenant).update(db_alias="elsewhere")
    with pytest.raises(Refused, match="No database is configured as elsewhere"):
        provision_tenant(actor=ACTOR, tenant=tenant)


@pytest.mark.race
def test_eight_that_provision_one_tenant_at_once_make_it_once():
    tenant = register_tenant(actor=ACTOR, slug="initech", name="Initech")
    start = Barrier(8)

    def provision():
        start.wait(timeout=30)
        try:
            return provision_tenant(actor=ACTOR, tenant=Tenant.objects.get(pk=tenant.pk)).status
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        statuses = [each.result() for each in [pool.submit(provision) for _ in range(8)]]
    assert statuses == [TenantStatus.ACTIVE] * 8
    assert inventory(tenant.schema_name) == inventory(cast.tenant("acme").schema_name)
    assert verify("public").flaw is None
