"""`manage.py reset`: remove the embedded database, so that the next start makes a new one."""

import shutil
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import postgres


class Command(BaseCommand):
    """Remove the embedded database; a database that DATABASE_URL names is never touched."""

    help = "Remove the embedded database and the demo's log-ins, after asking."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--dry-run", action="store_true", help="say what would be removed")
        parser.add_argument("--no-input", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 -- Django's signature
        """Ask, stop the server, remove its files."""
        home, demo = settings.POSTGRES_HOME, settings.DATA_DIR / "demo.json"
        if not home.exists():
            self.stdout.write(f"nothing to remove: there is no {home}")
            return
        if options["dry_run"]:
            self.stdout.write(f"would remove {home} and {demo}")
            return
        if not options["no_input"] and not self._agreed(f"Remove {home} with all that is in it? [y/N] "):
            raise CommandError("nothing was removed")
        postgres.stop(home)
        shutil.rmtree(home)
        demo.unlink(missing_ok=True)
        self.stdout.write(f"removed {home}")

    def _agreed(self, question: str) -> bool:
        try:
            return input(question).strip().lower() in {"y", "yes"}
        except EOFError:
            return False
