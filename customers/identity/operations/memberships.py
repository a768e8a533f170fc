"""Changes of memberships: mapping people, moving a membership from state to state, giving and taking roles.

Source: tenancy.md §4, §6.2.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError

from config.foundation.actor import Actor, acting, operation
from config.foundation.constraints import missing_reference
from config.foundation.errors import Refused
from customers.identity.enums import MembershipSource, MembershipStatus
from customers.identity.models import Membership, MembershipRole, Role, User
from customers.identity.operations.authority import (
    MANAGE_MEMBERS,
    MANAGE_OWNERS,
    PLATFORM,
    Authority,
    resolved,
)
from customers.identity.operations.owners import OWNER_ROLE, keep_an_owner, lock_tenants, lock_users
from customers.tenants.models import Tenant

MAPPED_MAX = 1_000
REASONED = (MembershipStatus.INACTIVE, MembershipStatus.ARCHIVED)
MOVES: dict[str, tuple[MembershipStatus, ...]] = {
    "": (MembershipStatus.PENDING, MembershipStatus.ACTIVE),
    MembershipStatus.PENDING: (MembershipStatus.ACTIVE, MembershipStatus.ARCHIVED),
    MembershipStatus.ACTIVE: (MembershipStatus.INACTIVE, MembershipStatus.ARCHIVED),
    MembershipStatus.INACTIVE: (MembershipStatus.ACTIVE, MembershipStatus.ARCHIVED),
    MembershipStatus.ARCHIVED: (MembershipStatus.ACTIVE,),
}
_VERBS = {
    MembershipStatus.ACTIVE: "activate",
    MembershipStatus.INACTIVE: "deactivate",
    MembershipStatus.ARCHIVED: "archive",
}


@dataclass(frozen=True, slots=True)
class Mapping:
    """One person to be mapped in bulk, in exactly these roles."""

    user: User
    roles: tuple[Role, ...]
    status: MembershipStatus = MembershipStatus.ACTIVE
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Mapped:
    """What became of one item: ``status`` is created, updated or refused; ``problem`` ``{"code", "detail"}``."""

    item: UUID
    status: str
    problem: dict[str, str] | None = None


@operation()
def add_membership(  # noqa: PLR0913 -- the columns of a membership
    *,
    actor: Actor,
    user: User,
    tenant: Tenant,
    roles: Iterable[Role],
    status: MembershipStatus = MembershipStatus.ACTIVE,
    source: MembershipSource = MembershipSource.ADMIN,
    reason: str = "",
    authority: Authority | None = None,
) -> Membership:
    """Map a person to a tenant in exactly these roles; a second mapping changes the row of the first.

    Without an ``authority`` a command acts with the platform's; for a person or a token it must be passed.

    Raises:
        ValidationError: ``role_not_allowed`` for a role of another tenant, ``reason_required`` without a reason for
            inactive or archived, ``tenant_unavailable`` for a deleted tenant or the platform's own row.
        Refused: ``permission_denied`` (``missing``: the privileges), ``invalid_transition``, ``last_owner``.
    """
    may = resolved(actor, authority)
    person, place = _locked(user.pk, tenant.pk)
    membership = Membership.objects.filter(user=person, tenant=place).first()
    if membership is None:
        membership = Membership(user=person, tenant=place, source=source, status="")
    may.require(place.pk, [MANAGE_MEMBERS])
    wanted = _read_again(roles)
    _check_grant(may, membership, wanted, status)
    before = _is_owner(membership)
    _put_status(membership, status, reason)
    if before and not _stays_owner(status, wanted):
        keep_an_owner(place, leaving=person)
    membership.save()
    _set_roles(membership, wanted)
    return membership


@operation()
def move_membership(
    *,
    actor: Actor,
    membership: Membership,
    status: MembershipStatus,
    reason: str = "",
    authority: Authority | None = None,
) -> Membership:
    """Move a membership to another state, with its roles as they are; people may archive their own.

    Raises:
        ValidationError: ``reason_required`` without a reason for inactive or archived.
        Refused: ``invalid_transition``, ``last_owner``, ``permission_denied`` (``missing``: the privileges).
    """
    may = resolved(actor, authority)
    person, place = _locked(membership.user_id, membership.tenant_id)
    current = Membership.objects.get(pk=membership.pk)
    held = list(current.roles.order_by("pk").prefetch_related("privileges"))
    is_own = actor.kind == "user" and actor.user_id == person.pk
    if not (is_own and status == MembershipStatus.ARCHIVED):
        may.require(place.pk, [MANAGE_MEMBERS])
        _check_grant(may, current, held, status)
    if status == current.status:
        raise _no_move(current.status, status)
    before = _is_owner(current)
    _put_status(current, status, reason)
    if before and not _stays_owner(status, held):
        keep_an_owner(place, leaving=person)
    with acting(actor, verb=_VERBS[status]):
        current.save()
    return current


@operation()
def map_people(  # noqa: PLR0913 -- likewise
    *,
    actor: Actor,
    tenant: Tenant,
    mappings: Sequence[Mapping],
    source: MembershipSource = MembershipSource.ADMIN,
    authority: Authority | None = None,
    reason: str = "",  # noqa: ARG001 -- read by the decorator
) -> list[Mapped]:
    """Map many people; each is mapped or refused by itself, and the answers come in the order of the question.

    Raises:
        ValidationError: ``too_many``, more than 1,000.
        Refused: ``permission_denied`` without ``members.manage``.
    """
    if len(mappings) > MAPPED_MAX:
        raise ValidationError(f"Map at most {MAPPED_MAX} people at once.", code="too_many")
    may = resolved(actor, authority)
    may.require(tenant.pk, [MANAGE_MEMBERS])
    # All locks first, in their one order: item by item they would be taken crosswise.
    lock_users(mapping.user.pk for mapping in mappings)
    lock_tenants([tenant.pk])
    return [_mapped(actor, tenant, mapping, source, may) for mapping in mappings]


def make_creator_owner(*, actor: Actor, tenant: Tenant, owner: Any) -> None:
    """Make the person who creates a tenant its owner: a step of every creation."""
    if owner is not None:
        role = Role.objects.get(tenant__isnull=True, code=OWNER_ROLE)
        add_membership(
            actor=actor,
            user=owner,
            tenant=tenant,
            roles=[role],
            source=MembershipSource.CREATOR,
            authority=PLATFORM,  # who may create a tenant may own it
        )


def _mapped(
    actor: Actor, tenant: Tenant, mapping: Mapping, source: MembershipSource, may: Authority
) -> Mapped:
    is_known = Membership.objects.filter(user=mapping.user, tenant=tenant).exists()
    try:
        add_membership(
            actor=actor,
            user=mapping.user,
            tenant=tenant,
            roles=mapping.roles,
            status=mapping.status,
            source=source,
            reason=mapping.reason,
            authority=may,
        )
    except Refused as refusal:
        return Mapped(mapping.user.pk, "refused", {"code": refusal.code, "detail": refusal.detail})
    except ValidationError as error:
        code = next(iter(_codes_of(error)), "validation_failed")
        return Mapped(mapping.user.pk, "refused", {"code": code, "detail": " ".join(error.messages)})
    return Mapped(mapping.user.pk, "updated" if is_known else "created")


def _codes_of(error: ValidationError) -> list[str]:
    if hasattr(error, "error_dict"):
        return [str(one.code) for errors in error.error_dict.values() for one in errors if one.code]
    return [str(one.code) for one in error.error_list if one.code]


def _locked(user_id: UUID, tenant_id: UUID) -> tuple[User, Tenant]:
    """Lock person and tenant: first mappings cannot collide, and owners cannot leave at the same moment."""
    people, tenants = lock_users([user_id]), lock_tenants([tenant_id])
    if user_id not in people:
        raise ValidationError({"user": missing_reference(User)})
    if not tenants or tenants[0].is_public or tenants[0].deleted_at is not None:
        raise ValidationError("People cannot be added to this tenant.", code="tenant_unavailable")
    return people[user_id], tenants[0]


def _read_again(roles: Iterable[Role]) -> list[Role]:
    """Read the roles as they are under the tenant's lock, with their privileges."""
    keys = {role.pk for role in roles}
    found = list(Role.objects.filter(pk__in=keys).order_by("pk").prefetch_related("privileges"))
    if len(found) < len(keys):
        raise ValidationError({"roles": missing_reference(Role)})
    return found


def _check_grant(
    may: Authority, membership: Membership, wanted: Sequence[Role], status: MembershipStatus
) -> None:
    """Refuse that more is given than is held, or that an owner is made, changed or stopped without that privilege.

    Putting an ended membership in force again gives every role that it carries.
    """
    held = [] if membership._state.adding else list(membership.roles.all())
    known = {role.pk for role in held}
    is_revived = membership.status != MembershipStatus.ACTIVE and status == MembershipStatus.ACTIVE
    given = [role for role in wanted if is_revived or role.pk not in known]
    needed = {privilege.code for role in given for privilege in role.privileges.all()}
    was_owner, is_owner = any(map(_is_owner_role, held)), any(map(_is_owner_role, wanted))
    if was_owner != is_owner or (is_owner and status != membership.status):
        needed.add(MANAGE_OWNERS)
    may.require(membership.tenant_id, needed)


def _put_status(membership: Membership, status: MembershipStatus, reason: str) -> None:
    """Put the membership in a state, or refuse the move or the missing reason."""
    if membership.status != status and status not in MOVES[membership.status]:
        raise _no_move(membership.status, status)
    membership.status = status
    membership.reason = reason if status in REASONED else ""
    membership.full_clean(exclude={"user", "tenant"})  # both are locked, and the row was looked for


def _no_move(earlier: str, status: MembershipStatus) -> Refused:
    allowed = " or ".join(one.label.lower() for one in MOVES[earlier])
    state = f"A membership that is {earlier}" if earlier else "A new membership"
    return Refused("invalid_transition", f"{state} is not made {status.label.lower()}, only {allowed}.")


def _is_owner(membership: Membership) -> bool:
    return not membership._state.adding and Membership.objects.owning().filter(pk=membership.pk).exists()


def _stays_owner(status: MembershipStatus, wanted: Sequence[Role]) -> bool:
    return status == MembershipStatus.ACTIVE and any(map(_is_owner_role, wanted))


def _is_owner_role(role: Role) -> bool:
    return role.tenant_id is None and role.code == OWNER_ROLE


def _set_roles(membership: Membership, wanted: Sequence[Role]) -> None:
    keys = {role.pk for role in wanted}
    held = {row.role_id: row for row in MembershipRole.objects.filter(membership=membership)}
    for role_id, row in held.items():
        if role_id not in keys:
            row.delete()
    for role in wanted:
        if role.pk not in held:
            row = MembershipRole(membership=membership, role=role)
            row.full_clean(exclude={"membership", "role"})  # locked, and looked for
            row.save()
