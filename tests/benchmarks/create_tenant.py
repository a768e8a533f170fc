"""P7: a tenant made whole (its rows, its schema, its owner) against what django-tenants does for the schema alone."""

from itertools import count

from django.core.management import call_command
from django_tenants.management.commands.migrate_schemas import MigrateSchemasCommand

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

    comparison = Comparison(
        title="create a tenant ÷ migrate_schemas of a new schema",
        subject=Variant("create_tenant", create),
        reference=Variant("migrate_schemas", migrate),
        target=0.15,
        rounds=ROUNDS,
    )
    return Report("P7", "create a tenant", (compare(comparison),))
