"""That a tenant keeps an owner, and the locks under which that is asked.

The order of locks is one for all: people by key, then tenants by key. Whoever counts a tenant's owners holds the
tenant's row; whoever makes somebody an owner, or stops them, holds that person's row as well.
"""

from collections.abc import Iterable
from uuid import UUID

from config.foundation.errors import Refused
from customers.identity.models import Membership, User
from customers.tenants.models import Tenant

OWNER_ROLE = "owner"


def lock_users(keys: Iterable[UUID]) -> dict[UUID, User]:
    """Lock people and read them again; returned by key."""
    locked = User.objects.select_for_update(no_key=True).filter(pk__in=set(keys)).order_by("pk")
    return {user.pk: user for user in locked}


def lock_tenants(keys: Iterable[UUID]) -> list[Tenant]:
    """Lock tenants and read them again."""
    return list(Tenant.objects.select_for_update(no_key=True).filter(pk__in=set(keys)).order_by("pk"))


def owned_tenants(user: User) -> list[UUID]:
    """Return the keys of the tenants that a person owns in force."""
    owned = Membership.objects.in_force().owning().filter(user=user)
    return list(owned.order_by("tenant_id", "pk").values_list("tenant_id", flat=True))


def keep_an_owner(tenant: Tenant, *, leaving: User) -> None:
    """Refuse that the tenant's last owner stops being one; the caller holds the tenant's lock.

    Raises:
        Refused: ``last_owner``.
    """
    owners = Membership.objects.in_force().owning().filter(tenant=tenant)
    if set(owners.values_list("user_id", flat=True)) == {leaving.pk}:
        raise Refused(
            "last_owner", f"This is the last owner of {tenant.name}. Make somebody else an owner first."
        )
