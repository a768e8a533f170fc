import pytest
from django.apps import apps
from django.db import DatabaseError, connection
from django.db.migrations.state import ProjectState
from django.test import override_settings

from config.foundation.triggers import (
    CAPTURE_TRIGGER,
    AppendOnly,
    DomainTriggers,
    InstallTriggers,
    Trigger,
    migration_line,
    trigger_arguments,
)
from customers.identity.models import MembershipRole
from customers.tenants.models import Tenant
from directory.models import Identifier, Participant
from tests.roles import as_owner

NOW = DomainTriggers("participant", resource="directory.participant")
LATER = DomainTriggers(
    "participant", resource="directory.participant", secret=["notes", "name"], replaces=NOW
)


def arguments(schema: str) -> list[tuple[str, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgargs FROM pg_trigger WHERE tgname = %s AND tgrelid = to_regclass(%s)",
            [CAPTURE_TRIGGER, f"{schema}.directory_participant"],
        )
        return [tuple(bytes(row[0]).decode().split("\x00")[:-1]) for row in cursor.fetchall()]


def apply(operation: InstallTriggers, *, is_backwards: bool = False) -> None:
    state = ProjectState.from_apps(apps)
    run = operation.database_backwards if is_backwards else operation.database_forwards
    with override_settings(TENANT_DB_ALIAS="default"), as_owner(), connection.schema_editor() as editor:
        run("directory", editor, state, state)


def test_changed_tiers_replace_the_triggers_and_the_way_back_restores_them(acme, globex):
    before = arguments(acme.schema_name)
    with acme:
        apply(LATER)
        assert arguments(acme.schema_name) == [("directory.participant", "", "", "name,notes", "", "")]
        assert arguments(globex.schema_name) == before
        apply(LATER, is_backwards=True)
    assert arguments(acme.schema_name) == before


def test_triggers_are_dropped_on_the_way_back(acme):
    with acme:
        apply(NOW, is_backwards=True)
    assert arguments(acme.schema_name) == []


def test_a_table_that_only_grows_refuses_the_rest(acme):
    with acme:
        apply(AppendOnly("participant"))
        Participant.objects.create(name="x")
        with pytest.raises(DatabaseError, match="rows are only ever added"):
            Participant.objects.update(name="y")


def test_an_argument_is_quoted():
    trigger = Trigger("t", "BEFORE", "INSERT", "f", ("it's",))
    assert trigger.create('"x"').endswith("EXECUTE FUNCTION f('it''s')")


def test_arguments_follow_the_models_declaration():
    assert trigger_arguments(Identifier) == ("directory.identifier", "", "", "", "normalized,value", "")
    assert trigger_arguments(Tenant) == ("tenants.tenant", "head", "", "", "", "id")


def test_a_table_without_a_tenant_takes_it_from_the_row_it_requires():
    assert trigger_arguments(MembershipRole)[-1] == "membership_id@identity_membership"


def test_the_line_that_a_migration_needs_is_written_out():
    assert migration_line(Tenant) == (
        'DomainTriggers("tenant", resource="tenants.tenant", personal=["head"], tenant="id")'
    )
