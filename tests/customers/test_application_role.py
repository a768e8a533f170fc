"""The restricted role that the application works as."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, connections

from config.foundation.schemas import OWNER_ALIAS, application_role
from config.schemas import migrate_schemas
from directory.models import Participant
from tests import cast
from tests.inventory import inventory
from tests.roles import as_database_owner

pytestmark = pytest.mark.usefixtures("committed")


def granted(**options):
    out = StringIO()
    call_command("grant_application_role", stdout=out, **options)
    return out.getvalue()


def test_rights_that_were_taken_or_added_by_hand_are_put_right():
    schemas = ["public", cast.tenant("acme").schema_name]
    before = [inventory(schema) for schema in schemas]
    for schema in schemas:
        as_database_owner(f"GRANT UPDATE ON {schema}.audit_event TO {application_role()}")
        as_database_owner(f"REVOKE ALL ON {schema}.directory_endpoint FROM {application_role()}")
    assert [inventory(schema) for schema in schemas] != before
    assert granted() == f"{application_role()}: 4 schemas opened\n"
    assert [inventory(schema) for schema in schemas] == before


def test_a_dry_run_prints_what_would_be_done_and_does_nothing():
    as_database_owner(f"REVOKE SELECT ON public.tenants_tenant FROM {application_role()}")
    printed = granted(dry_run=True)
    assert '"public"."tenants_tenant"' in printed
    assert all(line.startswith(("GRANT ", "REVOKE ")) for line in printed.splitlines())
    with pytest.raises(DatabaseError, match="permission denied"), connection.cursor() as cursor:
        cursor.execute("SELECT FROM public.tenants_tenant")


def test_where_there_is_one_role_alone_the_command_says_what_to_set(monkeypatch):
    for alias in ("default", OWNER_ALIAS):
        monkeypatch.setitem(connections[alias].settings_dict, "OPTIONS", {})
    with pytest.raises(CommandError, match="let DATABASE_URL name another role"):
        granted()


def test_the_application_changes_no_schema_and_no_sealed_event():
    acme = cast.tenant("acme")
    for statement in (
        "CREATE TABLE public.mine (id int)",
        f"CREATE TABLE {acme.schema_name}.mine (id int)",
        f"ALTER TABLE {acme.schema_name}.directory_endpoint ADD COLUMN mine int",
        f"ALTER TABLE {acme.schema_name}.directory_endpoint DISABLE TRIGGER ALL",
        f"DROP SCHEMA {acme.schema_name} CASCADE",
        f"TRUNCATE {acme.schema_name}.directory_endpoint",
        "UPDATE public.audit_event SET reason = ''",
        "DELETE FROM public.audit_event",
        "INSERT INTO public.audit_event SELECT * FROM public.audit_event",
        "UPDATE public.audit_head SET last_id = 0",
        "DELETE FROM public.audit_pending",
        "INSERT INTO public.audit_marker VALUES (1)",
        "SELECT * FROM public.audit_salt",
        "UPDATE public.audit_private SET value = '1'",
        "UPDATE public.directory_version SET version = 0",
        "DELETE FROM public.django_migrations",
    ):
        with (
            pytest.raises(DatabaseError, match=r"permission denied|must be owner"),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_a_database_that_is_older_than_the_role_is_opened_to_it(monkeypatch):
    newcomer = "switchboard_newcomer"
    as_database_owner(f"DROP ROLE IF EXISTS {newcomer}")
    monkeypatch.setitem(connections["default"].settings_dict, "OPTIONS", {"assume_role": newcomer})
    try:
        assert migrate_schemas(tell=lambda _line: None) == 0
        connections["default"].close()
        with cast.tenant("acme"):
            assert not Participant.objects.exists()
    finally:
        connections["default"].close()
        as_database_owner(f"DROP OWNED BY {newcomer}")
        as_database_owner(f"DROP ROLE {newcomer}")
