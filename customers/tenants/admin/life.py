"""What an operator is shown of a tenant's life: how it is, what its deletion takes, what its restoration brings."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps

from config.foundation.admin import COUNTED_ROWS_MAX, EstimatingPaginator
from config.foundation.rows import TenantRow
from customers.identity.models import ApiToken
from customers.tenants.enums import PlacementState, TenantStatus
from customers.tenants.models import Tenant
from customers.tenants.operations import RESTORABLE_FOR, usage_of

CHILDREN_SHOWN_MAX = 50
NEVER_MADE = (PlacementState.NONE, PlacementState.PROVISIONING, PlacementState.FAILED)


@dataclass(frozen=True, slots=True)
class Life:
    """How a tenant is, in words; ``tone`` is good, waiting, bad or gone and chooses the colour."""

    tone: str
    words: str
    error: str = ""
    can_be_provisioned: bool = False
    can_be_restored: bool = False


@dataclass(frozen=True, slots=True)
class Stock:
    """What belongs to a tenant; ``usage`` is what plans count, ``rows`` what each table of the directory holds."""

    usage: list[tuple[str, int]]
    token_count: int
    hosts: list[str]
    rows: list[str]
    children: list[Tenant]
    more_children_count: int


def life_of(tenant: Tenant, *, now: datetime) -> Life:
    """Say how a tenant is and what an operator can do about it."""
    if tenant.deleted_at is not None:
        return _past_of(tenant, now)
    placement = getattr(tenant, "placement", None)
    if placement is None:
        return Life("bad", "It has no place, and so no schema: `check_tenancy` tells more.")
    if placement.state == PlacementState.FAILED:
        return Life("bad", "Its schema could not be made.", placement.last_error, can_be_provisioned=True)
    if placement.state in NEVER_MADE:
        return Life("waiting", "Its schema is not there yet.", can_be_provisioned=True)
    if tenant.status != TenantStatus.ACTIVE:
        return Life(
            "waiting", f"It is {tenant.get_status_display().lower()}: its people are refused, its data stays."
        )
    return Life("good", "It is in use; its schema is ready.")


def _past_of(tenant: Tenant, now: datetime) -> Life:
    ends_at = restorable_until(tenant)
    since = f"It was deleted on {tenant.deleted_at:%Y-%m-%d %H:%M} UTC"
    if tenant.purged_at is not None or now > ends_at:
        return Life("gone", f"{since}, too long ago to be restored.")
    return Life(
        "gone", f"{since}; until {ends_at:%Y-%m-%d %H:%M} UTC it can be restored.", can_be_restored=True
    )


def restorable_until(tenant: Tenant, *, now: datetime | None = None) -> datetime:
    """Return until when a tenant can be restored that is deleted, or is to be deleted ``now``."""
    begins_at = tenant.deleted_at or now
    if begins_at is None:
        raise ValueError(f"{tenant} is not deleted")
    return begins_at + RESTORABLE_FOR


def stock_of(tenant: Tenant, *, now: datetime) -> Stock:
    """Count what belongs to a tenant."""
    children = tenant.children.filter(deleted_at__isnull=True).order_by("name", "pk")
    shown = list(children[:CHILDREN_SHOWN_MAX])
    hosts = tenant.domains.order_by("-is_primary", "domain", "pk")
    return Stock(
        usage=list(usage_of(tenant).items()),
        token_count=ApiToken.objects.usable(now).filter(tenant=tenant).count(),
        hosts=list(hosts.values_list("domain", flat=True)),
        rows=_directory_of(tenant),
        children=shown,
        more_children_count=children.count() - len(shown),
    )


def _directory_of(tenant: Tenant) -> list[str]:
    """Return what the tenant's directory holds, such as “12 participants”; nothing without a schema."""
    placement = getattr(tenant, "placement", None)
    if placement is None or placement.state in NEVER_MADE or tenant.purged_at is not None:
        return []
    with tenant:
        counted = [(_count(model), model) for model in _tables()]
    return [_words(count, model) for count, model in counted if count]


def _tables() -> list[Any]:
    return [model for model in apps.get_app_config("directory").get_models() if issubclass(model, TenantRow)]


def _count(model: Any) -> int:
    return EstimatingPaginator(model.objects.order_by("pk"), 1).count


def _words(count: int, model: Any) -> str:
    name = model._meta.verbose_name if count == 1 else model._meta.verbose_name_plural
    return f"{'about ' if count > COUNTED_ROWS_MAX else ''}{count:,} {name}"
