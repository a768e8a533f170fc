"""A tenant's schema is complete in itself: no relation leaves it, and no table falls through to public."""

from collections.abc import Iterable

import pytest
from django.apps import apps
from django.apps.registry import Apps
from django.conf import settings
from django.db import connection, models

from customers.identity.models import User
from directory.models import Participant
from tests.roles import as_owner

MODELS = apps.get_models(include_auto_created=True)


def is_of_tenant(model: type[models.Model]) -> bool:
    """Tell whether the model's table is in every tenant's schema."""
    return apps.get_app_config(model._meta.app_label).name in settings.TENANT_APPS


def crossings(tables: Iterable[type[models.Model]]) -> list[str]:
    """Return each relation between a tenant's table and one that is not in its schema, in either direction."""
    return [
        f"{model._meta.label}.{field.name} → {field.remote_field.model._meta.label}"
        for model in tables
        for field in (*model._meta.local_fields, *model._meta.local_many_to_many)
        if field.remote_field and is_of_tenant(model) != is_of_tenant(field.remote_field.model)
    ]


def missing(schema: str) -> list[str]:
    """Return the tenant tables that a schema lacks, so that a query would fall through to public."""
    tables = [model._meta.db_table for model in MODELS if is_of_tenant(model) and model._meta.managed]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name FROM unnest(%s::text[]) AS name"
            " WHERE to_regclass(format('%%I.%%I', %s::text, name)) IS NULL ORDER BY name",
            [tables, schema],
        )
        return [name for (name,) in cursor.fetchall()]


def test_no_relation_crosses_schemas():
    assert crossings(MODELS) == []


@pytest.mark.parametrize(("app", "target"), [("directory", User), ("identity", Participant)])
@pytest.mark.parametrize("kind", [models.ForeignKey, models.OneToOneField])
def test_a_relation_across_schemas_is_found_in_either_direction(app, target, kind):
    class Crossing(models.Model):
        other = kind(target, models.PROTECT, related_name="+")

        class Meta:
            app_label = app
            apps = Apps()

        def __str__(self) -> str:
            return str(self.pk)

    assert crossings([Crossing]) == [f"{app}.Crossing.other → {target._meta.label}"]


@pytest.mark.parametrize("slug", ["acme", "globex"])
def test_every_tenant_table_exists_in_the_schema_of_each_tenant(slug, request):
    assert missing(request.getfixturevalue(slug).schema_name) == []


def test_a_table_that_a_schema_lacks_is_found(acme):
    table = Participant._meta.db_table
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(f'ALTER TABLE "{acme.schema_name}"."{table}" RENAME TO renamed')
    assert missing(acme.schema_name) == [table]
