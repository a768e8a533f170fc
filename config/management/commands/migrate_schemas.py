"""``manage.py migrate_schemas``: every schema brought up to date, and opened to the application."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.db.migrations.exceptions import InconsistentMigrationHistory

from config.foundation.errors import first_line
from config.schemas import migrate_schemas, pending_schemas


class Command(BaseCommand):
    """Migrate as the owner of the schemas, and open them; the command of django-tenants opens them to nobody."""

    help = (
        "Apply pending migrations: to public, then to each tenant's schema. Schemas at head are left alone."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the option."""
        parser.add_argument(
            "--check", action="store_true", help="change nothing; exit code 1 while something is pending"
        )

    def handle(self, *, check: bool, **options: Any) -> None:  # noqa: ARG002 -- Django's signature
        """Migrate, and say how many schemas changed."""
        try:
            if check:
                self._tell_pending()
                return
            changed = migrate_schemas(tell=self.stdout.write)
        except InconsistentMigrationHistory as error:
            raise CommandError(str(error)) from None
        except DatabaseError as error:
            raise CommandError(f"the database refused: {first_line(error)}") from None
        self.stdout.write(f"{changed} schemas changed")

    def _tell_pending(self) -> None:
        pending = pending_schemas()
        for name, count in pending.items():
            self.stdout.write(f"{name}: {count} pending")
        self.stdout.write(f"{len(pending)} schemas behind")
        if pending:
            sys.exit(1)
