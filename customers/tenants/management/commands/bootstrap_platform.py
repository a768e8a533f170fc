import os
from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from config.foundation.actor import Actor
from config.foundation.errors import first_line
from customers.identity.models import User, email_key_of
from customers.identity.operations import create_user
from customers.tenants.operations import bootstrap_platform

ACTOR = Actor.system("bootstrap_platform")
PASSWORD_VARIABLE = "SWITCHBOARD_OPERATOR_PASSWORD"  # noqa: S105 -- its name


class Command(BaseCommand):
    """Make what the platform itself needs; again, it changes nothing."""

    help = "Make the platform's own row and, if asked, its first operator. Repeating it changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the operator."""
        parser.add_argument(
            "--operator",
            metavar="EMAIL",
            help=f"an operator with all rights; the password is asked for, or taken from {PASSWORD_VARIABLE}",
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 -- Django's signature
        """Make what is missing and say so."""
        try:
            platform = bootstrap_platform(actor=ACTOR)
            if (
                options["operator"]
                and not User.objects.filter(email_key=email_key_of(options["operator"])).exists()
            ):
                self._make_operator(options["operator"])
        except DatabaseError as error:
            raise CommandError(f"the database refused: {first_line(error)}") from None
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        self.stdout.write(f"platform ready: {platform.display_id}")

    def _make_operator(self, email: str) -> None:
        password = os.environ.get(PASSWORD_VARIABLE) or getpass(f"Password of {email}: ")
        create_user(actor=ACTOR, email=email, password=password, is_staff=True, is_superuser=True)
        self.stdout.write(f"operator made: {email}")
