from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from audit.management.chains import add_chain_options, counted, named_chains
from audit.requests.operations import prune_answers, prune_buckets, prune_jobs
from config.foundation.errors import first_line


class Command(BaseCommand):
    """Delete answers that were kept for repetitions and hold no longer, and rate buckets whose window has ended."""

    help = (
        "Delete what was kept under Idempotency-Keys (without options: the platform's) for more than 24 hours, "
        "what was counted against rate limits in windows that have ended, and jobs that ended more than 90 days "
        "ago. Run as the owner of the schemas "
        "(SWITCHBOARD_OWNER_DATABASE_URL)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        add_chain_options(parser)
        parser.add_argument("--dry-run", action="store_true", help="say what would be deleted instead")

    def handle(self, *, tenant: str | None, all: bool, dry_run: bool, **options: Any) -> None:  # noqa: A002, ARG002 -- Django's
        """Prune each schema asked for: one line where there was something, and one to sum up."""
        total = bucket_total = job_total = 0
        try:
            for name, schema in named_chains(slug=tenant, is_everything=all):
                count = prune_answers(schema=schema, is_dry_run=dry_run)
                total += count
                bucket_total += prune_buckets(schema=schema, is_dry_run=dry_run)
                job_count = prune_jobs(schema=schema, is_dry_run=dry_run)
                job_total += job_count
                if count:
                    self.stdout.write(f"{name}: {counted(count, 'answer')}")
                if job_count:
                    self.stdout.write(f"{name}: {counted(job_count, 'job')}")
        except DatabaseError as error:
            raise CommandError(f"the database refused: {first_line(error)}") from None
        outcome = "would be deleted" if dry_run else "deleted"
        self.stdout.write(
            f"{counted(total, 'answer')} older than 24 hours and {counted(bucket_total, 'rate bucket')} {outcome}"
        )
        if job_total:
            self.stdout.write(f"{counted(job_total, 'job')} that ended 90 days ago or earlier {outcome}")
