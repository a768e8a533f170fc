from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django_tenants.utils import get_public_schema_name

from config.foundation.errors import first_line
from config.foundation.schemas import (
    OWNER_ALIAS,
    TEMPLATE_SCHEMA,
    application_role,
    ensure_application_role,
    open_schema,
    opening_statements,
    schema_exists,
)
from customers.tenants.models import Tenant


class Command(BaseCommand):
    """Open every schema to the restricted role of the application; again, it changes nothing."""

    help = (
        "Make the restricted role that DATABASE_URL names, where it is missing, and open every schema to it: rows are "
        "read and written, no schema is changed, the audit chain is only read. Run as the owner of the schemas "
        "(SWITCHBOARD_OWNER_DATABASE_URL). Migrations and new tenants do the same for their own schemas."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the option."""
        parser.add_argument("--dry-run", action="store_true", help="print the statements instead")

    def handle(self, *, dry_run: bool, **options: Any) -> None:  # noqa: ARG002 -- Django's signature
        """Open the schemas and say how many."""
        role = application_role()
        if not role:
            raise CommandError(
                "the application works as the owner of its schemas: let DATABASE_URL name another role than "
                "SWITCHBOARD_OWNER_DATABASE_URL does"
            )
        try:
            schemas = _schemas()
            if dry_run:
                for statement in (one for schema in schemas for one in opening_statements(schema)):
                    self.stdout.write(f"{statement.as_string()};")
                return
            ensure_application_role()
            for schema in schemas:
                open_schema(schema)
        except DatabaseError as error:
            raise CommandError(f"the database refused: {first_line(error)}") from None
        self.stdout.write(f"{role}: {len(schemas)} schemas opened")


def _schemas() -> list[str]:
    public = get_public_schema_name()
    tenants = Tenant.objects.using(OWNER_ALIAS).exclude(schema_name=public).order_by("schema_name", "pk")
    names = [TEMPLATE_SCHEMA, *tenants.values_list("schema_name", flat=True)]
    return [public, *(name for name in names if schema_exists(name, using=OWNER_ALIAS))]
