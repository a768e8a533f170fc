"""Making the schema of a tenant: whole or not at all, and tried again as often as it takes."""

from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connections
from django.db.models.functions import Now
from psycopg import sql

from config.foundation.actor import Actor, acting, operation
from config.foundation.errors import Refused
from config.foundation.rows import public_schema
from customers.tenants.enums import PlacementState, TenantStatus
from customers.tenants.models import Placement, Tenant

ERROR_MAX_LENGTH = 2000


def provision_tenant(*, actor: Actor, tenant: Tenant) -> Tenant:
    """Make the schema of a tenant and put the tenant in use; again, it does what is missing.

    The schema comes whole or not at all: it is made in one transaction, which also keeps the connection open.

    Raises:
        ValidationError: ``tenant_unavailable`` for a deleted tenant or the platform's own row.
        Refused: ``provisioning_failed``; the placement says why.
    """
    with public_schema():
        if not _begin_provisioning(actor=actor, tenant=tenant):
            return tenant
        try:
            with acting(actor, verb="provision"):
                _make_schema(tenant)
        except Exception as error:
            _note_failure(actor=actor, tenant=tenant, error=error)
            raise Refused(
                "provisioning_failed", f"The schema of {tenant.slug} could not be made: {_first_line(error)}"
            ) from error
        tenant.refresh_from_db()
    return tenant


@operation(verb="provision")
def _begin_provisioning(*, actor: Actor, tenant: Tenant) -> bool:  # noqa: ARG001 -- read by the decorator
    """Mark the placement as being provisioned; tell whether there is anything to do."""
    current = Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
    if current.is_public or current.deleted_at is not None:
        raise ValidationError("This tenant is not provisioned.", code="tenant_unavailable")
    placement = Placement.objects.select_for_update(of=("self",)).get(tenant=current)
    if placement.state == PlacementState.READY:
        return False
    placement.state = PlacementState.PROVISIONING
    placement.last_error = ""
    placement.save()
    return True


def _make_schema(tenant: Tenant) -> None:
    # The tenant's row first, as everywhere: the other order deadlocks with somebody who begins at the same time.
    current = Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
    placement = Placement.objects.select_for_update(of=("self",)).get(tenant=tenant)
    if placement.state == PlacementState.READY:  # somebody else was faster
        return
    statement = sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(tenant.schema_name))
    with connections[placement.db_alias].cursor() as cursor:
        cursor.execute(statement.as_string(cursor.connection))
    with public_schema():
        call_command("migrate_schemas", schema_name=tenant.schema_name, interactive=False, verbosity=0)
    placement.state = PlacementState.READY
    placement.ready_at = Now()  # the database's clock; nobody reads the row again here
    placement.save()
    if current.status in (TenantStatus.PROVISIONING, TenantStatus.WAITLISTED):
        current.status = TenantStatus.ACTIVE
        current.full_clean()
        current.save()


@operation(verb="provision")
def _note_failure(*, actor: Actor, tenant: Tenant, error: Exception) -> None:  # noqa: ARG001 -- read by the decorator
    placement = Placement.objects.select_for_update(of=("self",)).get(tenant=tenant)
    if placement.state != PlacementState.READY:
        placement.state = PlacementState.FAILED
        placement.last_error = f"{type(error).__name__}: {error}"[:ERROR_MAX_LENGTH]
        placement.save()


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
