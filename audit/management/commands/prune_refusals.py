from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone

from audit.management.chains import add_chain_options, counted, named_chains
from audit.operations import prune_refusals
from config.foundation.actor import Actor
from config.foundation.errors import first_line

ACTOR = Actor.system("prune_refusals")


class Command(BaseCommand):
    """Delete what was counted of refusals long ago; their events stay in the chain."""

    help = (
        "Delete counters of refusals (without options: the platform's) that nobody was refused by for "
        "AUDIT_REFUSALS_KEPT_DAYS. The chain is not touched: it gets one event that tells how many. Run as the owner "
        "of the schemas (SWITCHBOARD_OWNER_DATABASE_URL)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        add_chain_options(parser)
        parser.add_argument("--dry-run", action="store_true", help="say what would be deleted instead")

    def handle(self, *, tenant: str | None, all: bool, dry_run: bool, **options: Any) -> None:  # noqa: A002, ARG002 -- Django's
        """Prune beside each chain asked for: one line where there was something, and one to sum up."""
        days = settings.AUDIT_REFUSALS_KEPT_DAYS
        if days < 1:
            raise CommandError(f"AUDIT_REFUSALS_KEPT_DAYS is {days}: keep refusals for a day at least")
        before, total = timezone.now() - timedelta(days=days), 0
        try:
            for name, schema in named_chains(slug=tenant, is_everything=all):
                pruned = prune_refusals(actor=ACTOR, before=before, schema=schema, is_dry_run=dry_run)
                total += pruned.counter_count
                if pruned.counter_count:
                    self.stdout.write(
                        f"{name}: {counted(pruned.counter_count, 'counter')}, "
                        f"{counted(pruned.untold_count, 'refusal')} that no event tells of"
                    )
        except DatabaseError as error:
            raise CommandError(f"the database refused: {first_line(error)}") from None
        outcome = "would be deleted" if dry_run else "deleted"
        self.stdout.write(f"{counted(total, 'counter')} older than {counted(days, 'day')} {outcome}")
