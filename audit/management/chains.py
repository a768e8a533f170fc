"""Which chains a command is about: the platform's, one tenant's, or all."""

from argparse import ArgumentParser

from django.core.management.base import CommandError
from django_tenants.utils import get_public_schema_name

from config.foundation.schemas import schema_exists
from customers.tenants.models import Tenant

PLATFORM = "platform"


def add_chain_options(parser: ArgumentParser) -> None:
    """Declare ``--tenant`` and ``--all``; without either, the platform's chain is meant."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--tenant", metavar="SLUG", help="the chain of one tenant")
    which.add_argument("--all", action="store_true", help="the platform's chain and every tenant's")


def named_chains(*, slug: str | None, is_everything: bool) -> list[tuple[str, str]]:
    """Return name and schema of the chains that are meant.

    Raises:
        CommandError: no tenant has the slug, or it has no schema yet.
    """
    public = (PLATFORM, get_public_schema_name())
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


def counted(count: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
