"""Every domain table is stamped and audited, in every schema, in the way its model declares."""

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection, models

from audit.models import AuditEvent
from config.foundation.rows import Row, TenantRow
from config.foundation.triggers import (
    CAPTURE_TRIGGER,
    STAMP_TRIGGER,
    TRUNCATE_TRIGGER,
    migration_line,
    trigger_arguments,
)
from tests.roles import as_owner

INSTALLED = """
    SELECT t.tgname, t.tgargs, t.tgenabled, f.pronamespace = c.relnamespace
    FROM pg_trigger t
    JOIN pg_class c ON c.oid = t.tgrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_proc f ON f.oid = t.tgfoid
    WHERE n.nspname = %s AND c.relname = %s AND NOT t.tgisinternal
"""
DOMAIN_MODELS = sorted(
    (model for model in apps.get_models() if issubclass(model, Row)), key=lambda model: model._meta.label
)


def schemas_of(model: type[models.Model], tenant_schemas: list[str]) -> list[str]:
    """Return the schemas where a model has its table."""
    name = apps.get_app_config(model._meta.app_label).name
    public = ["public"] if name in settings.SHARED_APPS else []
    return [*public, *(tenant_schemas if name in settings.TENANT_APPS else [])]


def faults(model: type[models.Model], schema: str) -> list[str]:
    """Return a sentence for each way in which a table is not the domain table that its model declares."""
    table = f"{schema}.{model._meta.db_table}"
    with connection.cursor() as cursor:
        cursor.execute(INSTALLED, [schema, model._meta.db_table])
        found = {name: rest for name, *rest in cursor.fetchall()}
    line = migration_line(model)
    sentences = [
        f"{table} has no trigger {name}: add {line} to a migration of {model._meta.app_label}"
        for name in (STAMP_TRIGGER, CAPTURE_TRIGGER, TRUNCATE_TRIGGER)
        if name not in found
    ]
    for name, (_, enabled, is_own_function) in found.items():
        if enabled != "O":
            sentences.append(f"{table}: trigger {name} is switched off")
        if not is_own_function:
            sentences.append(f"{table}: trigger {name} calls a function of another schema")
    if CAPTURE_TRIGGER in found:
        arguments = tuple(bytes(found[CAPTURE_TRIGGER][0]).decode().split("\x00")[:-1])
        if arguments != trigger_arguments(model):
            sentences.append(
                f"{table} is audited with {arguments}, its model declares otherwise: migrate it to {line}"
            )
    return sentences


@pytest.mark.parametrize("model", DOMAIN_MODELS, ids=lambda model: model._meta.label)
def test_every_domain_table_has_the_triggers_that_its_model_declares(model, acme, globex):
    schemas = schemas_of(model, [acme.schema_name, globex.schema_name])
    assert schemas, f"{model._meta.label} has a table in no kind of schema"
    assert [sentence for schema in schemas for sentence in faults(model, schema)] == []


def test_a_table_without_triggers_is_named_with_the_migration_that_it_needs(acme):
    model = next(model for model in DOMAIN_MODELS if issubclass(model, TenantRow))
    with as_owner(), acme, connection.cursor() as cursor:
        for name in (STAMP_TRIGGER, CAPTURE_TRIGGER, TRUNCATE_TRIGGER):
            cursor.execute(f"DROP TRIGGER {name} ON {model._meta.db_table}")
    sentences = faults(model, acme.schema_name)
    assert len(sentences) == 3
    assert all(f"{acme.schema_name}.{model._meta.db_table}" in sentence for sentence in sentences)
    assert all(migration_line(model) in sentence for sentence in sentences)


def test_other_tiers_than_the_declared_ones_are_named(acme):
    model = next(model for model in DOMAIN_MODELS if issubclass(model, TenantRow))
    with as_owner(), acme, connection.cursor() as cursor:
        cursor.execute(
            f"CREATE OR REPLACE TRIGGER {CAPTURE_TRIGGER} AFTER INSERT OR UPDATE OR DELETE"
            f" ON {model._meta.db_table} FOR EACH ROW"
            " EXECUTE FUNCTION audit_capture('other', '', '', '', '', '')"
        )
    assert "declares otherwise" in faults(model, acme.schema_name)[0]


@pytest.mark.parametrize(
    ("table", "triggers"),
    [
        ("audit_event", {"audit_guard", "audit_append_only", "audit_truncate"}),
        ("audit_pending", {"audit_frame", "audit_mark", "audit_guard", "audit_truncate"}),
        ("audit_marker", {"audit_seal", "audit_guard", "audit_truncate"}),
        ("audit_head", {"audit_guard", "audit_truncate"}),
        ("audit_salt", {"audit_guard", "audit_truncate"}),
        ("audit_private", {"audit_guard", "audit_truncate"}),
    ],
)
def test_the_chains_own_tables_are_guarded_in_every_schema(table, triggers, acme, globex):
    for schema in schemas_of(AuditEvent, [acme.schema_name, globex.schema_name]):
        with connection.cursor() as cursor:
            cursor.execute(INSTALLED, [schema, table])
            rows = cursor.fetchall()
        assert {name for name, *_ in rows} == triggers
        assert all(enabled == "O" and is_own_function for _, _, enabled, is_own_function in rows)
