import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, ProgrammingError
from django_tenants.utils import get_public_schema_name

from audit.chain import VerificationResult, verify
from audit.operations import note_verification
from config.foundation.errors import first_line
from config.foundation.schemas import schema_exists
from customers.tenants.models import Tenant


class Command(BaseCommand):
    """Verify audit chains; exit 1 when one is not as it was written."""

    help = (
        "Recompute an audit chain (without options: the platform's) and name the first place tampered with."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--tenant", metavar="SLUG", help="the chain of one tenant")
        which.add_argument("--all", action="store_true", help="the platform's chain and every tenant's")
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
                for name, schema in _chains(slug=tenant, is_everything=all)
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
        verified = f"{_counted(event_count, 'event')} in {_counted(len(results), 'chain')} verified"
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


def _chains(*, slug: str | None, is_everything: bool) -> list[tuple[str, str]]:
    """Return name and schema of the chains to verify.

    Raises:
        CommandError: no tenant has the slug, or it has no schema yet.
    """
    public = ("platform", get_public_schema_name())
    if slug is not None:
        schema = (
            Tenant.objects.exclude(schema_name=public[1])
            .filter(slug=slug)
            .values_list("schema_name", flat=True)
        )
        found = [(slug, name) for name in schema if schema_exists(name)]
        if not found:
            raise CommandError(f"there is no tenant {slug!r} with a schema")
        return found
    if not is_everything:
        return [public]
    tenants = (
        Tenant.objects.exclude(schema_name=public[1])
        .order_by("slug", "pk")
        .values_list("slug", "schema_name")
    )
    return [public, *((slug, schema) for slug, schema in tenants if schema_exists(schema))]


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
