"""Making a tenant: its rows in one transaction, then its schema, which can be tried again."""

from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, transaction

from config.foundation.actor import Actor, operation
from config.foundation.rows import public_schema
from customers.tenants.enums import PlacementState
from customers.tenants.models import Domain, Placement, Tenant
from customers.tenants.operations.lifecycle import Moment, reach
from customers.tenants.operations.provisioning import provision_after_commit, provision_tenant
from customers.tenants.operations.tree import lock_tree

CHANGEABLE = frozenset({"name", "type", "description", "head", "ordering", "images", "params"})


def create_tenant(*, actor: Actor, slug: str, name: str, owner: Any = None, **values: Any) -> Tenant:
    """Make a tenant and its schema, and return it in use.

    Inside a transaction it is returned as it waits for its schema, which is made after the commit.

    Args:
        actor: who makes it.
        slug: stands in its addresses, for ever.
        name: what people call it.
        owner: the person who becomes its owner.
        values: further columns of Tenant, such as ``type``.

    Raises:
        ValidationError: what the columns refuse, such as ``slug_reserved``; nothing was made.
        Refused: ``provisioning_failed``; the tenant is there, and ``provision_tenant`` tries again.
    """
    with public_schema():
        tenant = register_tenant(actor=actor, slug=slug, name=name, owner=owner, **values)
    if transaction.get_connection(DEFAULT_DB_ALIAS).in_atomic_block:
        provision_after_commit(actor=actor, tenant=tenant)
        return tenant
    return provision_tenant(actor=actor, tenant=tenant)


@operation(verb="create")
def register_tenant(
    *,
    actor: Actor,
    slug: str,
    name: str,
    owner: Any = None,
    reason: str = "",  # noqa: ARG001 -- read by the decorator
    **values: Any,
) -> Tenant:
    """Write the rows of a tenant that has no schema yet: itself, its host name, its place, its owner.

    Raises:
        ValidationError: what the columns refuse.
    """
    if values.get("parent") is not None:
        lock_tree()  # the parent is neither moved nor deleted meanwhile
        values["parent"] = Tenant.objects.get(pk=values["parent"].pk)
    tenant = Tenant.draft(slug=slug, name=name, **values)
    tenant.full_clean()
    tenant.save()
    domain = Domain(tenant=tenant, domain=f"{slug}.{settings.BASE_DOMAIN}", is_primary=True)
    domain.full_clean(exclude={"tenant"})  # which was made a moment ago: nothing stands in its way
    domain.save()
    placement = Placement(tenant=tenant, state=PlacementState.PROVISIONING)
    placement.full_clean(exclude={"tenant"})
    placement.save()
    reach(Moment.CREATED, actor=actor, tenant=tenant, owner=owner)
    return tenant


@operation()
def update_tenant(
    *,
    actor: Actor,  # noqa: ARG001 -- read by the decorator
    tenant: Tenant,
    reason: str = "",  # noqa: ARG001 -- read by the decorator
    **values: Any,
) -> Tenant:
    """Change what a tenant is called and described by: the columns that CHANGEABLE names.

    Raises:
        TypeError: a column that has an operation of its own, or never changes.
        ValidationError: what the columns refuse, ``name_taken`` among it.
    """
    if unknown := values.keys() - CHANGEABLE:
        raise TypeError(f"update_tenant does not change {', '.join(sorted(unknown))}")
    current = Tenant.objects.select_for_update(of=("self",)).get(pk=tenant.pk)
    if "name" in values:
        current.name_it(values.pop("name"))
    for name, value in values.items():
        setattr(current, name, value)
    current.full_clean()
    current.save()
    return current
