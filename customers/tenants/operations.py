"""Making tenants: the rows first, then the schema, so that a failure is seen and tried again."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from django_tenants.utils import get_public_schema_name
from psycopg import sql

from config.foundation.actor import Actor, operation
from config.foundation.rows import schema_selected
from customers.tenants.enums import PlacementState, TenantStatus
from customers.tenants.models import Domain, Placement, Tenant

PUBLIC_SLUG = "public"
LAST_ERROR_LENGTH = 2000


class _Resting:
    """The connection's resting state, in which public tables are read and no tenant's are."""

    schema_name = get_public_schema_name()


RESTING = _Resting()


@operation()
def bootstrap_platform(*, actor: Actor) -> Tenant:  # noqa: ARG001 -- read by the decorator
    """Return the row of the public schema, made where it is missing; it is shown nowhere and exempt from slug checks."""
    platform = Tenant.objects.filter(schema_name=get_public_schema_name()).first()
    if platform is None:
        platform = Tenant(
            schema_name=get_public_schema_name(), slug=PUBLIC_SLUG, name="Platform", status=TenantStatus.ACTIVE
        )
        platform.save()
    return platform


def create_tenant(*, actor: Actor, slug: str, name: str, type: str = "", parent: Tenant | None = None) -> Tenant:  # noqa: A002 -- the column's name
    """Make a tenant with its host name, placement and schema.

    The rows are committed before the schema is made: where that fails, the placement says so and ``provision_tenant``
    tries again.

    Raises:
        ValidationError: ``slug_invalid``, ``slug_reserved``, ``unique``, ``parent_unavailable``, ``depth_exceeded``.
    """
    tenant = register_tenant(actor=actor, slug=slug, name=name, type=type, parent=parent)
    return provision_tenant(actor=actor, tenant=tenant, now=timezone.now())


@operation()
def register_tenant(
    *,
    actor: Actor,  # noqa: ARG001 -- read by the decorator
    slug: str,
    name: str,
    type: str = "",  # noqa: A002 -- the column's name
    parent: Tenant | None = None,
) -> Tenant:
    """Write a tenant's rows: itself, its primary host name under BASE_DOMAIN, and its placement.

    Raises:
        ValidationError: as ``create_tenant``.
    """
    tenant = Tenant.draft(slug=slug, name=name, type=type, parent=parent)
    tenant.full_clean()
    tenant.save()
    for row in (
        Domain(tenant=tenant, domain=f"{slug}.{settings.BASE_DOMAIN}", is_primary=True),
        Placement(tenant=tenant, state=PlacementState.PROVISIONING),
    ):
        row.full_clean()
        row.save()
    return tenant


def provision_tenant(*, actor: Actor, tenant: Tenant, now: datetime) -> Tenant:
    """Make or complete a tenant's schema and let the tenant be used; harmless when that is done already.

    Raises:
        Exception: whatever the database answered; the placement is left ``failed`` with its text.
    """
    try:
        _make_schema(tenant)
    except Exception as error:
        mark_failed(actor=actor, tenant_id=tenant.pk, error=str(error))
        raise
    return mark_ready(actor=actor, tenant_id=tenant.pk, now=now)


def _make_schema(tenant: Tenant) -> None:
    with schema_selected(RESTING):
        with connection.cursor() as cursor:
            statement = sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(tenant.schema_name))
            cursor.execute(statement.as_string(cursor.connection))
        call_command("migrate_schemas", schema_name=tenant.schema_name, interactive=False, verbosity=0)


@operation()
def mark_failed(*, actor: Actor, tenant_id: UUID, error: str) -> None:  # noqa: ARG001 -- read by the decorator
    """Note that a tenant's schema could not be made, and why."""
    placement = Placement.objects.select_for_update().get(tenant_id=tenant_id)
    placement.state, placement.last_error = PlacementState.FAILED, error[:LAST_ERROR_LENGTH]
    placement.save()


@operation()
def mark_ready(*, actor: Actor, tenant_id: UUID, now: datetime) -> Tenant:  # noqa: ARG001 -- read by the decorator
    """Note that a tenant's schema is made and current; a tenant that waited for it becomes active."""
    tenant = Tenant.objects.select_for_update().get(pk=tenant_id)
    placement = Placement.objects.select_for_update().get(tenant_id=tenant_id)
    if placement.state != PlacementState.READY:
        placement.state, placement.last_error, placement.ready_at = PlacementState.READY, "", now
        placement.save()
    if tenant.status == TenantStatus.PROVISIONING:
        tenant.status = TenantStatus.ACTIVE
        tenant.save()
    return tenant
