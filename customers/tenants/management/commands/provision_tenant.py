from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from config.foundation.actor import Actor
from config.foundation.errors import Refused, first_line
from customers.tenants.models import Tenant
from customers.tenants.operations import provision_tenant


class Command(BaseCommand):
    """Try again to make a tenant's schema; exit 1 with one line when it fails."""

    help = "Make what is missing of a tenant's schema. Repeating it changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("slug")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 -- Django's signature
        """Provision the tenant and say what it is now."""
        try:
            tenant = Tenant.objects.get(slug=options["slug"])
            tenant = provision_tenant(actor=Actor.system("provision_tenant"), tenant=tenant)
        except Tenant.DoesNotExist:
            raise CommandError(f"there is no tenant {options['slug']!r}") from None
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        except Refused as error:
            raise CommandError(error.detail) from None
        except DatabaseError as error:
            raise CommandError(f"the database refused: {first_line(error)}") from None
        self.stdout.write(f"{tenant.slug}: {tenant.status}, schema {tenant.schema_name}")
