"""Changes of people, their memberships and their tokens, each one transaction attributed to its actor."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import connections, router

from config.foundation.actor import Actor, operation
from config.foundation.errors import Refused
from customers.identity.enums import MembershipSource, MembershipStatus
from customers.identity.models import (
    ApiToken,
    ApiTokenPrivilege,
    ApiTokenUse,
    Membership,
    MembershipRole,
    Privilege,
    Role,
    User,
)
from customers.identity.tokens import TokenText, current_pepper_number, hash_secret, new_text
from customers.tenants.models import Tenant

OWNER_ROLE = "owner"
TOKEN_USE_INTERVAL = timedelta(seconds=60)
_REASONED = (MembershipStatus.INACTIVE, MembershipStatus.ARCHIVED)


@operation(verb="create")
def create_user(  # noqa: PLR0913 -- the columns of a person
    *,
    actor: Actor,  # noqa: ARG001 -- read by the decorator
    email: str,
    password: str | None = None,
    first_name: str = "",
    last_name: str = "",
    is_staff: bool = False,
    is_superuser: bool = False,
    reason: str = "",  # noqa: ARG001 -- read by the decorator
) -> User:
    """Make a person; without a password they cannot sign in with one.

    Raises:
        ValidationError: the address is none or is taken, or the password is too weak.
    """
    user = User(
        email=email.strip(),
        first_name=first_name,
        last_name=last_name,
        is_staff=is_staff,
        is_superuser=is_superuser,
    )
    _give_password(user, password)
    user.full_clean()
    user.save()
    return user


@operation(verb="set_password")
def set_password(
    *,
    actor: Actor,  # noqa: ARG001 -- read by the decorator
    user: User,
    password: str,
    reason: str = "",  # noqa: ARG001 -- read by the decorator
) -> User:
    """Give a person another password, which ends their other sessions.

    Raises:
        ValidationError: the password is too weak.
    """
    _give_password(user, password)
    user.save(update_fields=["password"])
    return user


@operation()
def add_membership(  # noqa: PLR0913 -- the columns of a membership
    *,
    actor: Actor,  # noqa: ARG001 -- read by the decorator
    user: User,
    tenant: Tenant,
    roles: Iterable[Role],
    status: MembershipStatus = MembershipStatus.ACTIVE,
    source: MembershipSource = MembershipSource.ADMIN,
    reason: str = "",
) -> Membership:
    """Map a person to a tenant in exactly these roles; a second mapping changes the row of the first.

    Whether the actor may grant the roles is asked where the actor's privileges are known.

    Raises:
        ValidationError: ``role_not_allowed`` for a role of another tenant, ``reason_required`` without a reason for
            inactive or archived, ``tenant_unavailable`` for a deleted tenant or the platform's own row.
        Refused: ``last_owner``.
    """
    # The tenant's row is the lock: first mappings cannot collide, and owners cannot leave at the same moment.
    locked = Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
    if locked.is_public or locked.deleted_at is not None:
        raise ValidationError("People cannot be added to this tenant.", code="tenant_unavailable")
    membership = Membership.objects.filter(user=user, tenant=tenant).first()
    if membership is None:
        membership = Membership(user=user, tenant=tenant, source=source)
    membership.status = status
    membership.reason = reason if status in _REASONED else ""
    membership.full_clean()
    wanted = list(roles)
    _keep_an_owner(membership, wanted)
    membership.save()
    _set_roles(membership, wanted)
    return membership


@operation(verb="create")
def create_token(  # noqa: PLR0913 -- the columns of a token
    *,
    actor: Actor,  # noqa: ARG001 -- read by the decorator
    user: User,
    name: str,
    privileges: Collection[str],
    expires_at: datetime,
    tenant: Tenant | None = None,
    may_write: bool = False,
    allowed_networks: Sequence[str] = (),
    reason: str = "",  # noqa: ARG001 -- read by the decorator
) -> str:
    """Make a token that acts as the user narrowed to these privileges, and return its text: it is shown once.

    Raises:
        ValidationError: ``lifetime_exceeded`` beyond 365 days, ``networks_invalid``, ``privilege_unknown``.
    """
    text = new_text()
    token = ApiToken(
        user=user,
        tenant=tenant,
        name=name,
        key_id=text.key_id,
        expires_at=expires_at,
        may_write=may_write,
        allowed_networks=list(allowed_networks),
    )
    _put_secret(token, text)
    token.full_clean()
    held = _privileges_of(privileges)
    token.save()
    for privilege in held:
        _validated(ApiTokenPrivilege(token=token, privilege=privilege)).save()
    return text.reveal()


@operation(verb="rotate")
def rotate_token(
    *,
    actor: Actor,  # noqa: ARG001 -- read by the decorator
    token: ApiToken,
    overlap: timedelta,
    now: datetime,
    reason: str = "",  # noqa: ARG001 -- read by the decorator
) -> str:
    """Give a token another secret and return its text once; the earlier secret stays good for the overlap.

    A secret that was in its overlap already is void at once: two are good at a time, never three.

    Raises:
        ValidationError: ``token_unusable`` for a revoked, disabled or expired token; ``overlap_invalid``.
    """
    if overlap < timedelta(0):
        raise ValidationError("An overlap is not negative.", code="overlap_invalid")
    current = ApiToken.objects.usable(now).select_for_update(of=("self",)).filter(pk=token.pk).first()
    if current is None:
        raise ValidationError(
            "The token is revoked, disabled or expired: create a new one.", code="token_unusable"
        )
    current.previous_secret_hash = current.secret_hash
    current.previous_pepper_number = current.pepper_number
    current.previous_until = now + overlap
    text = new_text(current.key_id)
    _put_secret(current, text)
    current.full_clean()
    current.save()
    return text.reveal()


@operation(verb="revoke")
def revoke_token(
    *,
    actor: Actor,  # noqa: ARG001 -- read by the decorator
    token: ApiToken,
    now: datetime,
    reason: str = "",  # noqa: ARG001 -- read by the decorator
) -> ApiToken:
    """End a token at once and for good; ending it again changes nothing."""
    current = ApiToken.objects.select_for_update().get(pk=token.pk)
    if current.revoked_at is None:
        current.revoked_at = now
        current.save(update_fields=["revoked_at"])
    return current


def note_token_use(*, token: ApiToken, now: datetime) -> None:
    """Remember when a token was used, at most once a minute, however many requests use it at the same time."""
    noted = _noted_use(token)
    if noted is not None and noted > now - TOKEN_USE_INTERVAL:
        return
    table = ApiTokenUse._meta.db_table
    statement = (
        f"INSERT INTO {table} AS kept (token_id, last_used_at) VALUES (%(token)s, %(now)s)"  # noqa: S608 -- a constant
        " ON CONFLICT (token_id) DO UPDATE SET last_used_at = EXCLUDED.last_used_at"
        " WHERE kept.last_used_at <= %(due)s"
    )
    values: dict[str, Any] = {"token": token.pk, "now": now, "due": now - TOKEN_USE_INTERVAL}
    with connections[router.db_for_write(ApiTokenUse)].cursor() as cursor:
        cursor.execute(statement, values)


def make_creator_owner(*, actor: Actor, tenant: Tenant, owner: Any) -> None:
    """Make the person who creates a tenant its owner: a step of every creation."""
    if owner is not None:
        role = Role.objects.get(tenant__isnull=True, code=OWNER_ROLE)
        add_membership(actor=actor, user=owner, tenant=tenant, roles=[role], source=MembershipSource.CREATOR)


def _give_password(user: User, password: str | None) -> None:
    if password is None:
        user.set_unusable_password()
        return
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise ValidationError({"password": error.error_list}) from None
    user.set_password(password)


def _keep_an_owner(membership: Membership, wanted: Sequence[Role]) -> None:
    """Refuse a change that takes the tenant's last owner; the caller holds the tenant's lock."""
    stays_owner = membership.status == MembershipStatus.ACTIVE and any(map(_is_owner_role, wanted))
    if stays_owner:
        return
    owners = Membership.objects.in_force().filter(
        tenant=membership.tenant, roles__code=OWNER_ROLE, roles__tenant__isnull=True
    )
    keys = set(owners.values_list("pk", flat=True))
    if keys == {membership.pk}:
        raise Refused("last_owner", "This is the tenant's last owner. Make somebody else an owner first.")


def _is_owner_role(role: Role) -> bool:
    return role.tenant_id is None and role.code == OWNER_ROLE


def _set_roles(membership: Membership, wanted: Sequence[Role]) -> None:
    keys = {role.pk for role in wanted}
    held = {row.role_id: row for row in MembershipRole.objects.filter(membership=membership)}
    for role_id, row in held.items():
        if role_id not in keys:
            row.delete()
    for role in {role.pk: role for role in wanted if role.pk not in held}.values():
        _validated(MembershipRole(membership=membership, role=role)).save()


def _privileges_of(codes: Collection[str]) -> list[Privilege]:
    found = list(Privilege.objects.filter(code__in=codes).order_by("code", "pk"))
    unknown = sorted(set(codes) - {privilege.code for privilege in found})
    if unknown:
        raise ValidationError(
            {
                "privileges": ValidationError(
                    "There is no privilege %(codes)s.",
                    code="privilege_unknown",
                    params={"codes": ", ".join(unknown)},
                )
            }
        )
    return found


def _put_secret(token: ApiToken, text: TokenText) -> None:
    token.pepper_number = current_pepper_number()
    token.secret_hash = hash_secret(text.secret, token.pepper_number)


def _noted_use(token: ApiToken) -> datetime | None:
    try:
        return token.use.last_used_at
    except ObjectDoesNotExist:
        return None


def _validated(row: Any) -> Any:
    row.full_clean()
    return row
