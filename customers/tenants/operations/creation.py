"""Making a tenant: its rows in one transaction, then its schema, which can be tried again."""

from typing import Any, Protocol

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, transaction

from config.foundation.actor import Actor, operation
from config.foundation.rows import public_schema
from customers.tenants.enums import PlacementState
from customers.tenants.models import Domain, Placement, Tenant
from customers.tenants.operations.provisioning import provision_after_commit, provision_tenant


class CreatedStep(Protocol):
    """What a higher app adds to the creation of a tenant, in the same transaction."""

    def __call__(self, *, actor: Actor, tenant: Tenant, owner: Any) -> None:
        """Do the app's part; ``owner`` is the person who creates the tenant, or None."""


_created_steps: list[CreatedStep] = []


def on_tenant_created(step: CreatedStep) -> None:
    """Add a step to every creation of a tenant; steps run in the order they were added, each once."""
    if step not in _created_steps:
        _created_steps.append(step)


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
    tenant = Tenant.draft(slug=slug, name=name, **values)
    tenant.full_clean()
    tenant.save()
    domain = Domain(tenant=tenant, domain=f"{slug}.{settings.BASE_DOMAIN}", is_primary=True)
    domain.full_clean()
    domain.save()
    placement = Placement(tenant=tenant, state=PlacementState.PROVISIONING)
    placement.full_clean()
    placement.save()
    for step in _created_steps:
        step(actor=actor, tenant=tenant, owner=owner)
    return tenant
