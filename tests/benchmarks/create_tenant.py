"""P7: a tenant made whole (its rows, its schema, its owner) against what django-tenants does for the schema alone."""

from itertools import count

from django.core.management import call_command
from django.db import connections
from django_tenants.management.commands.migrate_schemas import MigrateSchemasCommand

from config.foundation.blueprint import current_blueprint
from config.foundation.schemas import OWNER_ALIAS, create_schema
from customers.tenants.operations import create_tenant
from tests import cast
from tests.benchmarks.harness import Comparison, Report, Variant, compare

ROUNDS = 7


def measure() -> Report:
    """Compare; the target is 0.15."""
    numbers = count(1)

    def create() -> None:
        number = next(numbers)
        create_tenant(
            actor=cast.ACTOR, slug=f"made-{number}", name=f"Made {number}", owner=cast.user("outsider")
        )

    def migrate() -> None:
        schema = f"migrated_{next(numbers)}"
        create_schema(schema)
        call_command(
            MigrateSchemasCommand(), schema_name=schema, database=OWNER_ALIAS, interactive=False, verbosity=0
        )

    def connect() -> None:  # the reference closes the owner's connection, which is not the other's to pay for
        owner = connections[OWNER_ALIAS]
        if owner.connection is None:
            with owner.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM pg_catalog.pg_class")
            current_blueprint()

    comparison = Comparison(
        title="create a tenant ÷ migrate_schemas of a new schema",
        subject=Variant("create_tenant", create, before=connect),
        reference=Variant("migrate_schemas", migrate, before=connect),
        target=0.15,
        rounds=ROUNDS,
    )
    return Report("P7", "create a tenant", (compare(comparison),))
