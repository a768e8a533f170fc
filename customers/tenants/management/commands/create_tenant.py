from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from config.foundation.actor import Actor
from config.foundation.errors import Refused, first_line
from customers.identity.models import User
from customers.tenants.operations import create_tenant


class Command(BaseCommand):
    """Make a tenant with its schema; exit 1 with one line when it is refused."""

    help = "Make a tenant: its rows, its schema, and its owner's membership."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("slug", help="stands in addresses, for ever: /t/<slug>/")
        parser.add_argument("name", help="what people call it")
        parser.add_argument("--owner", metavar="EMAIL", required=True, help="the person who owns it")
        parser.add_argument(
            "--domain", default="", help="its primary host; without one <slug>.<the platform's domain>"
        )
        parser.add_argument("--type", default="", help="a word of your own, such as bank")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 -- Django's signature
        """Make the tenant and say where it is."""
        try:
            owner = User.objects.get_by_natural_key(options["owner"])
            tenant = create_tenant(
                actor=Actor.system("create_tenant"),
                slug=options["slug"],
                name=options["name"],
                domain=options["domain"],
                type=options["type"],
                owner=owner,
            )
        except User.DoesNotExist:
            raise CommandError(f"nobody signs in as {options['owner']}") from None
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        except Refused as error:
            raise CommandError(error.detail) from None
        except DatabaseError as error:
            raise CommandError(f"the database refused: {first_line(error)}") from None
        self.stdout.write(f"{tenant.slug}: {tenant.name}, {tenant.status}, schema {tenant.schema_name}")
