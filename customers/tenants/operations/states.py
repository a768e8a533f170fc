"""Closing, opening, deleting and restoring tenants; each move locks the tenant's row, and the chain has its verb."""

from datetime import datetime, timedelta

from django.db.models import Q

from config.foundation.actor import Actor, operation
from config.foundation.errors import Refused
from config.foundation.rows import public_schema
from customers.tenants.enums import PlacementState, TenantStatus
from customers.tenants.models import Placement, Tenant
from customers.tenants.operations.lifecycle import Moment, reach
from customers.tenants.operations.locking import lock_tenant
from customers.tenants.operations.tree import lock_tree

RESTORABLE_FOR = timedelta(days=30)
_MOVES: dict[TenantStatus, frozenset[TenantStatus]] = {
    TenantStatus.ACTIVE: frozenset({TenantStatus.INACTIVE, TenantStatus.ARCHIVED}),
    TenantStatus.INACTIVE: frozenset({TenantStatus.ACTIVE, TenantStatus.ARCHIVED}),
    TenantStatus.ARCHIVED: frozenset({TenantStatus.ACTIVE}),
}


def set_tenant_status(*, actor: Actor, tenant: Tenant, status: TenantStatus, reason: str = "") -> Tenant:
    """Close an active tenant for a while or for good, or open it again; the state it is in already changes nothing.

    Raises:
        Refused: ``invalid_transition``, with ``from`` and ``to``; deletion and restoration are operations of their own.
    """
    if status == TenantStatus.ACTIVE:
        return _resume(actor=actor, tenant=tenant, reason=reason)
    if status == TenantStatus.INACTIVE:
        return _suspend(actor=actor, tenant=tenant, reason=reason)
    return _archive(actor=actor, tenant=tenant, status=status, reason=reason)


@operation(verb="delete")
def delete_tenant(
    *,
    actor: Actor,
    tenant: Tenant,
    now: datetime,
    reason: str = "",  # noqa: ARG001 -- read by the decorator
) -> Tenant:
    """Take a tenant away from everybody, restorable for 30 days: its name is free again, slug and hosts stay reserved.

    The apps' steps see the tenant as it will be, ``deleted_at`` included, before it is saved.

    Raises:
        Refused: ``has_children`` with their number; ``invalid_transition`` for one that is deleted.
    """
    with public_schema():
        lock_tree()
        current = lock_tenant(tenant)
        if current.status == TenantStatus.DELETED:
            raise _impossible(current, TenantStatus.DELETED)
        children = current.children.filter(deleted_at__isnull=True).count()
        if children:
            raise Refused(
                "has_children",
                f"{children} tenants are below {current}: move or delete them first.",
                count=children,
            )
        current.status = TenantStatus.DELETED
        current.deleted_at, current.deleted_by = now, actor.user_id
        reach(Moment.DELETED, actor=actor, tenant=current)
        _place(current, PlacementState.READY, PlacementState.RETIRED)
        current.name_it(current.name)
        return _saved(current)


@operation(verb="restore")
def restore_tenant(
    *,
    actor: Actor,
    tenant: Tenant,
    now: datetime,
    reason: str = "",  # noqa: ARG001 -- read by the decorator
) -> Tenant:
    """Bring a deleted tenant back as it was; what was revoked with it stays revoked.

    Raises:
        Refused: ``invalid_transition`` for one that is not deleted, ``restore_window_over`` after 30 days,
            ``parent_unavailable``.
        ValidationError: ``name_taken`` meanwhile.
    """
    with public_schema():
        lock_tree()
        current = lock_tenant(tenant)
        if current.status != TenantStatus.DELETED or current.deleted_at is None:
            raise _impossible(current, TenantStatus.ACTIVE)
        if current.purged_at is not None or now > current.deleted_at + RESTORABLE_FOR:
            raise Refused(
                "restore_window_over", f"{current} was deleted more than {RESTORABLE_FOR.days} days ago."
            )
        if current.parent is not None and current.parent.deleted_at is not None:
            raise Refused(
                "parent_unavailable", f"Its parent {current.parent} is deleted: restore that one first."
            )
        _place(current, PlacementState.RETIRED, PlacementState.READY)
        is_ready = Placement.objects.filter(tenant=current, state=PlacementState.READY).exists()
        current.status = TenantStatus.ACTIVE if is_ready else TenantStatus.PROVISIONING
        current.deleted_at = current.deleted_by = None
        current.name_it(current.name)
        restored = _saved(current)
        reach(Moment.RESTORED, actor=actor, tenant=restored)
        return restored


@operation(verb="resume")
def _resume(*, actor: Actor, tenant: Tenant, reason: str) -> Tenant:  # noqa: ARG001 -- read by the decorator
    return _moved(actor, tenant, TenantStatus.ACTIVE, Moment.RESUMED)


@operation(verb="suspend")
def _suspend(*, actor: Actor, tenant: Tenant, reason: str) -> Tenant:  # noqa: ARG001 -- read by the decorator
    return _moved(actor, tenant, TenantStatus.INACTIVE, Moment.SUSPENDED)


@operation(verb="archive")
def _archive(*, actor: Actor, tenant: Tenant, status: TenantStatus, reason: str) -> Tenant:  # noqa: ARG001 -- read by the decorator
    return _moved(actor, tenant, status, Moment.SUSPENDED)


def _moved(actor: Actor, tenant: Tenant, status: TenantStatus, moment: Moment) -> Tenant:
    with public_schema():
        current = lock_tenant(tenant)
        if current.status == status:
            return current
        if status not in _MOVES.get(TenantStatus(current.status), frozenset()):
            raise _impossible(current, status)
        current.status = status
        saved = _saved(current)
        reach(moment, actor=actor, tenant=saved)
        return saved


def _saved(tenant: Tenant) -> Tenant:
    tenant.full_clean()
    tenant.save()
    return tenant


def _place(tenant: Tenant, before: PlacementState, after: PlacementState) -> None:
    placement = (
        Placement.objects.select_for_update(of=("self",)).filter(Q(tenant=tenant) & Q(state=before)).first()
    )
    if placement is not None:
        placement.state = after
        placement.save(update_fields=["state"])


def _impossible(tenant: Tenant, status: TenantStatus) -> Refused:
    return Refused(
        "invalid_transition",
        f"{tenant} is {tenant.get_status_display().lower()}, which does not lead to {status.label.lower()}.",
        **{"from": tenant.status, "to": str(status)},
    )
