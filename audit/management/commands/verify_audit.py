import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, ProgrammingError

from audit.chain import VerificationResult, verify
from audit.management.chains import add_chain_options, counted, named_chains
from audit.operations import note_verification
from config.foundation.errors import first_line


class Command(BaseCommand):
    """Verify audit chains; exit 1 when one is not as it was written."""

    help = (
        "Recompute an audit chain (without options: the platform's) and name the first place tampered with."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        add_chain_options(parser)
        parser.add_argument(
            "--from", dest="from_id", type=int, default=1, metavar="N", help="start at event N"
        )

    def handle(self, *, tenant: str | None, all: bool, from_id: int, **options: Any) -> None:  # noqa: A002, ARG002 -- Django's
        """Verify the chains asked for, one line a failure, and one to sum up."""
        if all and from_id != 1:
            raise CommandError("--from is for one chain, not for --all")
        try:
            results = [
                self._verify_one(name, schema, from_id)
                for name, schema in named_chains(slug=tenant, is_everything=all)
            ]
        except ValueError as error:
            raise CommandError(str(error)) from None
        except OperationalError as error:
            raise CommandError(f"the database does not answer: {first_line(error)}") from None
        except ProgrammingError as error:
            raise CommandError(
                f"this database has no such chain, migrate it first: {first_line(error)}"
            ) from None
        failed_count = sum(not result.is_valid for result in results)
        event_count = sum(result.verified_count for result in results)
        outcome = f"{failed_count} not as written" if failed_count else "all as written"
        verified = f"{counted(event_count, 'event')} in {counted(len(results), 'chain')} verified"
        self.stdout.write(f"{verified}: {outcome}")
        if failed_count:
            sys.exit(1)

    def _verify_one(self, name: str, schema: str, from_id: int) -> VerificationResult:
        def tell(count: int) -> None:
            self.stdout.write(f"{name}: {count:,} events so far")

        result = verify(schema, from_id=from_id, on_progress=tell)
        if from_id == 1 or not result.is_valid:  # a part that is good says nothing of the whole
            note_verification(result)
        if result.flaw is not None:
            self.stderr.write(f"{name}: {result.flaw.message} ({result.flaw.kind.value})")
        return result
