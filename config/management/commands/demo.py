"""``manage.py demo``: two tenants with believable directories, and how to sign in."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from config.demo.announcement import announce
from config.demo.installation import install
from config.demo.logins import DemoFileError
from config.foundation.errors import Refused


class Command(BaseCommand):
    """Install the demonstration; again at any time, what is there already stays as it is."""

    help = "Load public data, two example tenants and their log-ins; twice changes nothing."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare where the demonstration is served."""
        parser.add_argument("--url", default=settings.BASE_URL, help="where it is served (%(default)s)")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 -- Django's signature
        """Install, keep the log-ins in a private file, and print them."""
        path = settings.DATA_DIR / "demo.json"
        try:
            logins = install(
                url=options["url"].rstrip("/"), file=path, now=timezone.now(), output=self.stdout
            )
        except (Refused, DemoFileError) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(announce(logins))
        self.stdout.write(f"Kept in {path}, which only you can read.")
