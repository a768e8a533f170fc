"""Making the schema of a tenant: whole or not at all, and tried again as often as it takes."""

import logging
from functools import partial

from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models.functions import Now

from config.foundation.actor import Actor, acting, operation
from config.foundation.blueprint import Blueprint, BlueprintError, current_blueprint
from config.foundation.errors import Refused, first_line
from config.foundation.rows import PUBLIC_SCHEMA, public_schema, schema_selected
from config.foundation.schemas import (
    OWNER_ALIAS,
    create_schema,
    migrate_schema,
    open_schema,
    schema_exists,
)
from customers.tenants.enums import PlacementState, TenantStatus
from customers.tenants.models import Placement, Tenant

ERROR_MAX_LENGTH = 2000
logger = logging.getLogger(__name__)


def provision_after_commit(*, actor: Actor, tenant: Tenant) -> None:
    """Make the schema once the running transaction, which holds the tenant's rows, is committed.

    A failure is logged and stands in the placement: whoever waits for the transaction has an answer already.
    """
    transaction.on_commit(partial(provision_tenant, actor=actor, tenant=tenant), robust=True)


def provision_tenant(*, actor: Actor, tenant: Tenant) -> Tenant:
    """Make the schema of a tenant and put the tenant in use; again, it does what is missing.

    The schema comes whole or not at all: the database's owner makes it in one transaction, together with the rows
    that say that it is there. That transaction sees the tenant only when its rows are committed.

    Raises:
        TransactionManagementError: inside a transaction; see ``provision_after_commit``.
        ValidationError: ``tenant_unavailable`` for a deleted tenant or the platform's own row.
        Refused: ``provisioning_failed``; the placement says why. ``placement_unavailable``.
    """
    if transaction.get_connection(DEFAULT_DB_ALIAS).in_atomic_block:
        raise transaction.TransactionManagementError("a tenant is provisioned after its rows are committed")
    with public_schema():
        if _begin_provisioning(actor=actor, tenant=tenant):
            try:
                blueprint = _blueprint()
                with (
                    schema_selected(PUBLIC_SCHEMA, using=OWNER_ALIAS),
                    acting(actor, verb="provision", using=OWNER_ALIAS),
                ):
                    _make_schema(tenant, blueprint)
            except Exception as error:
                _note_failure(actor=actor, tenant=tenant, error=error)
                raise Refused(
                    "provisioning_failed",
                    f"The schema of {tenant.slug} could not be made: {first_line(error)}",
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
    if placement.db_alias != DEFAULT_DB_ALIAS:
        raise Refused(
            "placement_unavailable",
            f"No database is configured as {placement.db_alias}; correct the placement.",
        )
    if placement.state == PlacementState.READY:
        return False
    if placement.state != PlacementState.PROVISIONING or placement.last_error:
        placement.state = PlacementState.PROVISIONING
        placement.last_error = ""
        placement.save()
    return True


def _blueprint() -> Blueprint | None:
    """Return what the schema is copied from; None where the migrations have to be run."""
    try:
        return current_blueprint()
    except BlueprintError as error:
        logger.warning("tenants are made by migrations, which takes longer: %s", error)
        return None


def _make_schema(tenant: Tenant, blueprint: Blueprint | None) -> None:
    # The tenant's row first, as everywhere: the other order deadlocks with somebody who begins at the same time.
    current = Tenant.objects.using(OWNER_ALIAS).select_for_update(no_key=True).get(pk=tenant.pk)
    placement = Placement.objects.using(OWNER_ALIAS).select_for_update(of=("self",)).get(tenant=tenant)
    if placement.state == PlacementState.READY:  # somebody else was faster
        return
    if blueprint is not None and not schema_exists(tenant.schema_name, using=OWNER_ALIAS):
        blueprint.build(tenant.schema_name)
        open_schema(tenant.schema_name, is_new=True)
    else:
        create_schema(tenant.schema_name)
        migrate_schema(tenant.schema_name)
    # Not through the rows, which would read back their stamps: nobody looks at them here.
    Placement.objects.using(OWNER_ALIAS).filter(pk=placement.pk).update(
        state=PlacementState.READY, ready_at=Now()
    )
    if current.status in (TenantStatus.PROVISIONING, TenantStatus.WAITLISTED):
        Tenant.objects.using(OWNER_ALIAS).filter(pk=current.pk).update(status=TenantStatus.ACTIVE)


@operation(verb="provision")
def _note_failure(*, actor: Actor, tenant: Tenant, error: Exception) -> None:  # noqa: ARG001 -- read by the decorator
    placement = Placement.objects.select_for_update(of=("self",)).get(tenant=tenant)
    if placement.state != PlacementState.READY:
        placement.state = PlacementState.FAILED
        placement.last_error = f"{type(error).__name__}: {error}"[:ERROR_MAX_LENGTH]
        placement.save()
