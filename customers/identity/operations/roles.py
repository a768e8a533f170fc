"""Changes of roles. Built-in roles are written by migrations alone."""

from collections.abc import Collection
from typing import Any

from config.foundation.actor import Actor, operation
from config.foundation.errors import Refused
from customers.identity.models import MembershipRole, Role, RolePrivilege
from customers.identity.operations.authority import (
    MANAGE_ROLES,
    Authority,
    privileges_named,
    resolved,
)
from customers.identity.operations.owners import lock_tenants
from customers.tenants.models import Tenant


@operation()
def create_role(  # noqa: PLR0913 -- the columns of a role
    *,
    actor: Actor,
    tenant: Tenant | None,
    title: str,
    privileges: Collection[str],
    is_admin: bool = False,
    authority: Authority | None = None,
    reason: str = "",  # noqa: ARG001 -- read by the decorator
) -> Role:
    """Make a role of a tenant, or without one a role usable everywhere, out of privileges that the actor holds.

    Raises:
        ValidationError: ``duplicate`` title, ``privilege_unknown``.
        Refused: ``permission_denied``, with the ``missing`` privileges.
    """
    may = resolved(actor, authority)
    _require(may, tenant.pk if tenant else None, privileges)
    found = privileges_named(privileges)
    role = Role(tenant=tenant, title=title, is_admin=is_admin)
    role.full_clean()
    role.save()
    for privilege in found:
        _hold(RolePrivilege(role=role, privilege=privilege))
    return role


@operation()
def update_role(  # noqa: PLR0913 -- the columns of a role
    *,
    actor: Actor,
    role: Role,
    title: str | None = None,
    privileges: Collection[str] | None = None,
    is_admin: bool | None = None,
    authority: Authority | None = None,
    reason: str = "",  # noqa: ARG001 -- read by the decorator
) -> Role:
    """Change a role; None leaves a part as it is. What is added or taken, the actor holds.

    Raises:
        ValidationError: ``duplicate`` title, ``privilege_unknown``.
        Refused: ``permission_denied``, with the ``missing`` privileges, or for a built-in role.
    """
    current = _locked(role)
    held = {row.privilege.code: row for row in current.held_privileges.select_related("privilege")}
    wanted = set(held) if privileges is None else set(privileges)
    _require(resolved(actor, authority), current.tenant_id, wanted ^ set(held))
    found = privileges_named(wanted - set(held))
    current.title = current.title if title is None else title
    current.is_admin = current.is_admin if is_admin is None else is_admin
    current.full_clean()
    current.save()
    for code in sorted(set(held) - wanted):
        held[code].delete()
    for privilege in found:
        _hold(RolePrivilege(role=current, privilege=privilege))
    return current


@operation()
def delete_role(
    *,
    actor: Actor,
    role: Role,
    force: bool = False,
    authority: Authority | None = None,
    reason: str = "",  # noqa: ARG001 -- read by the decorator
) -> int:
    """Delete a role that nobody carries; with ``force``, take it from those who do. Return from how many.

    Raises:
        Refused: ``role_in_use``, with ``used_by``, the number of memberships; ``permission_denied``.
    """
    current = _locked(role)
    codes = current.privileges.values_list("code", flat=True)
    _require(resolved(actor, authority), current.tenant_id, codes)
    # A tenant's role is carried in that tenant alone: the database refuses it elsewhere.
    carried = MembershipRole.objects.filter(role=current)
    count = carried.count()
    if count and not force:
        noun = "membership carries" if count == 1 else "memberships carry"
        raise Refused(
            "role_in_use",
            f"{count} {noun} the role {current.title}. Take it from them first, or delete it by force.",
            used_by=count,
        )
    carried.delete()
    current.delete()
    return count


def _locked(role: Role) -> Role:
    """Lock the role's tenant, where roles are given, and the role; refuse what is built in."""
    if role.tenant_id is not None:
        lock_tenants([role.tenant_id])
    current: Role = Role.objects.select_for_update(of=("self",)).get(pk=role.pk)
    if current.is_builtin:
        raise Refused(
            "permission_denied",
            f"The role {current.title} is built in and stays as it is. Make a role of the tenant instead.",
        )
    return current


def _require(may: Authority, tenant_id: Any, codes: Collection[str]) -> None:
    if tenant_id is None:
        may.require_platform()
    may.require(tenant_id, {MANAGE_ROLES, *codes})


def _hold(row: RolePrivilege) -> None:
    row.full_clean()
    row.save()
