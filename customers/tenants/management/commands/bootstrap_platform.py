from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from config.foundation.actor import Actor
from customers.tenants.operations import bootstrap_platform


class Command(BaseCommand):
    """Make what the platform itself needs; again, it changes nothing."""

    help = "Make the platform's own row, that of the public schema. Repeating it changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 -- Django's signature
        """Make the row and say so."""
        try:
            platform = bootstrap_platform(actor=Actor.system("bootstrap_platform"))
        except DatabaseError as error:
            raise CommandError(f"the database refused: {str(error).strip().partition(chr(10))[0]}") from None
        self.stdout.write(f"platform ready: {platform.display_id}")
