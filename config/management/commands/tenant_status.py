"""``manage.py tenant_status``: every tenant in one line."""

import json
import sys
from dataclasses import asdict, dataclass
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from audit.models import ChainHead
from config.foundation.errors import first_line
from config.foundation.rows import public_schema
from config.foundation.schemas import known_migrations, recorded_migrations, schema_exists
from customers.tenants.enums import PlacementState, TenantStatus
from customers.tenants.models import Tenant


@dataclass(frozen=True, slots=True)
class TenantState:
    """How a tenant is: ``behind_count`` migrations are not applied; ``event_count`` is the length of its chain."""

    slug: str
    name: str
    status: str
    placement: str
    domain: str
    schema: str
    behind_count: int
    event_count: int
    needs_attention: bool

    @property
    def line(self) -> str:
        """Return it for people."""
        head = "at head" if not self.behind_count else f"behind by {self.behind_count}"
        mark = "! " if self.needs_attention else ""
        return (
            f"{mark}{self.slug}: {self.status}, placement {self.placement}, migrations {head},"
            f" {self.domain or 'no host'}, {self.event_count:,} events, schema {self.schema}"
        )


class Command(BaseCommand):
    """Show each tenant's state, place, migrations, host and chain; exit code 1 when one needs attention."""

    help = "Show every tenant: its state, placement, migrations, host and the length of its audit chain."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--tenant", metavar="SLUG", help="one tenant instead of all")
        parser.add_argument("--json", action="store_true", help="one JSON document instead of lines")

    def handle(self, *, tenant: str | None, json: bool, **options: Any) -> None:  # noqa: ARG002 -- Django's signature
        """Look at each tenant and say how it is."""
        try:
            with public_schema():
                tenants = Tenant.objects.tenants().filter(purged_at__isnull=True).order_by("slug", "pk")
                chosen = tenants.filter(slug=tenant) if tenant else tenants
                states = [
                    state_of(each) for each in chosen.select_related("placement").prefetch_related("domains")
                ]
        except DatabaseError as error:
            raise CommandError(f"the database refused: {first_line(error)}") from None
        if tenant and not states:
            raise CommandError(f"there is no tenant {tenant!r}")
        self.stdout.write(_as_json(states) if json else _as_lines(states))
        if any(state.needs_attention for state in states):
            sys.exit(1)


def state_of(tenant: Tenant) -> TenantState:
    """Look at a tenant, its placement and its schema."""
    placement = tenant.placement.state if hasattr(tenant, "placement") else PlacementState.NONE
    is_there = schema_exists(tenant.schema_name)
    behind = len(known_migrations() - recorded_migrations(tenant.schema_name)) if is_there else 0
    is_whole = is_there and placement == PlacementState.READY and not behind
    is_expected = tenant.status not in (TenantStatus.WAITLISTED, TenantStatus.DELETED)
    return TenantState(
        slug=tenant.slug,
        name=tenant.name,
        status=tenant.status,
        placement=placement,
        domain=next((domain.domain for domain in tenant.domains.all() if domain.is_primary), ""),
        schema=tenant.schema_name,
        behind_count=behind,
        event_count=_events_of(tenant) if is_there else 0,
        needs_attention=is_expected and not is_whole,
    )


def _events_of(tenant: Tenant) -> int:
    with tenant:
        return ChainHead.objects.order_by("pk").values_list("last_id", flat=True).first() or 0


def _as_json(states: list[TenantState]) -> str:
    return json.dumps({"tenants": [asdict(state) for state in states]}, indent=2)


def _as_lines(states: list[TenantState]) -> str:
    attention = sum(state.needs_attention for state in states)
    return "\n".join(
        [*(state.line for state in states), f"{len(states)} tenants, {attention} need attention"]
    )
