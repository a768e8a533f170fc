"""The tree of tenants: one lock for all of it, for moves are rare and a cycle is made of two that are each harmless."""

from uuid import UUID

from django.db import connection

from config.foundation.actor import Actor, operation
from config.foundation.errors import Refused
from config.foundation.rows import public_schema
from customers.tenants.models import MAX_DEPTH, Tenant
from customers.tenants.operations.locking import refuse_deleted


def lock_tree() -> None:
    """Make this transaction the only one that changes who is below whom, or deletes a tenant that may have children."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('switchboard tenant tree', 0))")


@operation(verb="move")
def move_tenant(
    *,
    actor: Actor,  # noqa: ARG001 -- read by the decorator
    tenant: Tenant,
    parent: Tenant | None,
    reason: str = "",  # noqa: ARG001 -- read by the decorator
) -> Tenant:
    """Put a tenant, with all below it, under another parent; without one it becomes a root.

    Raises:
        Refused: ``tenant_cycle``, ``depth_exceeded``, ``parent_unavailable``.
        ValidationError: ``tenant_unavailable`` for a deleted tenant.
    """
    with public_schema():
        lock_tree()
        parents = {one.pk: one for one in Tenant.objects.order_by("pk")}
        moved = parents[tenant.pk]
        refuse_deleted(moved)
        above = parents[parent.pk] if parent is not None else None
        _refuse_parent(moved, above, parents)
        below = _subtree(moved, parents)
        depth = above.depth + 1 if above is not None else 1
        deepest = depth + max(level for _, level in below)
        if deepest > MAX_DEPTH:
            raise Refused(
                "depth_exceeded",
                f"{moved} would reach level {deepest}; tenants nest {MAX_DEPTH} levels deep.",
            )
        levels = {one.pk: level for one, level in below}
        # Read again under their locks, which everybody takes in this order: only the tree's own lock is held so far.
        locked = Tenant.objects.select_for_update(no_key=True).filter(pk__in=levels).order_by("pk")
        current = {one.pk: one for one in locked}
        current[moved.pk].parent = above
        for key, one in current.items():
            one.depth = depth + levels[key]
            one.save(update_fields=["parent", "depth"])
        return current[moved.pk]


def _refuse_parent(moved: Tenant, above: Tenant | None, parents: dict[UUID, Tenant]) -> None:
    if above is not None and (above.deleted_at is not None or above.is_public):
        raise Refused("parent_unavailable", f"{above} is not there: choose another parent.")
    step = above
    while step is not None:
        if step.pk == moved.pk:
            raise Refused("tenant_cycle", f"{above} is {moved} or below it.")
        step = parents.get(step.parent_id) if step.parent_id else None


def _subtree(top: Tenant, parents: dict[UUID, Tenant]) -> list[tuple[Tenant, int]]:
    """Return a tenant and all below it, each with how far below it is."""
    found, level = [(top, 0)], 0
    while layer := [one for one, at in found if at == level]:
        level += 1
        keys = {one.pk for one in layer}
        found += [(one, level) for one in parents.values() if one.parent_id in keys and one.pk != top.pk]
    return found
