"""By every road, each domain table leaves exactly one event for each changed row."""

import uuid

import pytest
from django.apps import apps
from django.db import connection, models
from psycopg import sql

from audit.models import AuditEvent, Consent
from config.foundation.actor import Actor, acting
from config.foundation.rows import STAMPS, Row, TenantRow, public_schema
from config.foundation.triggers import CAPTURE_TRIGGER, STAMP_TRIGGER, resource_name
from tests.roles import as_owner
from tests.sealing import seal

SOMEONE = Actor.user(uuid.UUID(int=1))
APPEND_ONLY = {Consent}
DOMAIN_MODELS = sorted(
    (model for model in apps.get_models() if issubclass(model, Row)), key=lambda model: model._meta.label
)


@pytest.fixture(params=DOMAIN_MODELS, ids=lambda model: model._meta.label)
def model(request, acme):
    """A domain model whose table takes any row: its own rules are tested elsewhere."""
    model = request.param
    schema = acme if issubclass(model, TenantRow) else public_schema()
    with schema:
        loosen(model._meta.db_table)
        with acting(SOMEONE, verb=""):
            yield model


def loosen(table):
    """Take the rules from a table that would refuse an empty row, and leave those that record it."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = to_regclass(%s) AND contype IN ('c', 'f', 'u')",
            [table],
        )
        changes = [
            sql.SQL("DROP CONSTRAINT {}").format(sql.Identifier(name)) for (name,) in cursor.fetchall()
        ]
        cursor.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 AND attnotnull"
            " AND NOT attisdropped AND attname <> 'id'",
            [table],
        )
        changes += [
            sql.SQL("ALTER COLUMN {} DROP NOT NULL").format(sql.Identifier(name))
            for (name,) in cursor.fetchall()
        ]
        alter = sql.SQL("ALTER TABLE {} {}").format(sql.Identifier(table), sql.SQL(", ").join(changes))
        cursor.execute(alter.as_string(cursor.connection))
        cursor.execute(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = to_regclass(%s) AND NOT tgisinternal", [table]
        )
        for (name,) in cursor.fetchall():
            if name not in (CAPTURE_TRIGGER, STAMP_TRIGGER):
                drop = sql.SQL("DROP TRIGGER {} ON {}").format(sql.Identifier(name), sql.Identifier(table))
                cursor.execute(drop.as_string(cursor.connection))


def changed_column(model):
    """Return a column and a value that an empty row does not have."""
    for field in model._meta.concrete_fields:
        if field.name in ("id", *STAMPS):
            continue
        if isinstance(field, models.ForeignKey | models.UUIDField):
            return field, uuid.uuid4()
        if type(field) in (models.CharField, models.TextField, models.EmailField):
            return field, "x"
    raise AssertionError(f"{model._meta.label} has no column to change")


def actions_of(model, *pks):
    seal()
    events = AuditEvent.objects.filter(
        resource=resource_name(model), resource_id__in=[str(pk) for pk in pks]
    ).order_by("pk")
    assert {event.actor for event in events} <= {str(SOMEONE)}
    return [event.action for event in events]


def run(statement, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        assert cursor.rowcount == 1


def test_raw_sql_leaves_one_event_a_statement(model):
    table, pk = model._meta.db_table, uuid.uuid4()
    field, value = changed_column(model)
    run(f"INSERT INTO {table} (id) VALUES (%s)", pk)
    if model in APPEND_ONLY:
        assert actions_of(model, pk) == ["create"]
        return
    run(f'UPDATE {table} SET "{field.column}" = %s WHERE id = %s', value, pk)
    run(f"DELETE FROM {table} WHERE id = %s", pk)
    assert actions_of(model, pk) == ["create", "update", "delete"]


def test_bulk_create_update_and_delete_of_the_orm_leave_one_event_a_row(model):
    field, value = changed_column(model)
    first, second = uuid.uuid4(), uuid.uuid4()
    empty = {one.attname: None for one in model._meta.concrete_fields if one.name not in ("id", *STAMPS)}
    model._base_manager.bulk_create([model(pk=pk, **empty) for pk in (first, second)])
    assert actions_of(model, first, second) == ["create", "create"]
    if model in APPEND_ONLY:
        return
    rows = model._base_manager.filter(pk__in=[first, second])
    assert rows.update(**{field.attname: value}) == 2
    rows._raw_delete("default")
    assert sorted(actions_of(model, first, second)) == ["create"] * 2 + ["delete"] * 2 + ["update"] * 2


def test_saving_and_deleting_a_row_by_the_orm_leave_one_event_each(model):
    field, value = changed_column(model)
    empty = {one.attname: None for one in model._meta.concrete_fields if one.name not in ("id", *STAMPS)}
    row = model(pk=uuid.uuid4(), **empty)
    pk = row.pk
    models.Model.save(row, force_insert=True)
    if model in APPEND_ONLY:
        assert actions_of(model, pk) == ["create"]
        return
    setattr(row, field.attname, value)
    models.Model.save(row, update_fields=[field.attname])
    models.Model.delete(row)
    assert actions_of(model, pk) == ["create", "update", "delete"]
