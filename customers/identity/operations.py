"""Letting people and programs in: users, memberships and API tokens."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import connection

from config.foundation.actor import Actor, operation
from customers.identity.enums import MembershipSource, MembershipStatus
from customers.identity.models import (
    ApiToken,
    ApiTokenPrivilege,
    Membership,
    MembershipRole,
    Privilege,
    Role,
    User,
)
from customers.identity.tokens import current_pepper, new_secret, new_token_text, secret_hash
from customers.tenants import operations as tenants
from customers.tenants.models import Tenant

OWNER_ROLE = "owner"
USE_RESOLUTION = timedelta(seconds=60)
ROTATION_OVERLAP = timedelta(hours=24)


@operation()
def create_user(*, actor: Actor, email: str, password: str | None = None, **columns: Any) -> User:  # noqa: ARG001 -- read by the decorator
    """Make a person; without a password they cannot sign in by one.

    Raises:
        ValidationError: ``unique`` for a taken address, a weak password's codes, or a column's.
    """
    user = User(email=email, **columns)
    _take_password(user, password)
    user.full_clean(exclude=["password"])
    user.save()
    return user


@operation()
def set_password(*, actor: Actor, user: User, password: str) -> User:  # noqa: ARG001 -- read by the decorator
    """Give a person another password.

    Raises:
        ValidationError: a weak password's codes.
    """
    _take_password(user, password)
    user.save()
    return user


def _take_password(user: User, password: str | None) -> None:
    if password is None:
        user.set_unusable_password()
        return
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise ValidationError({"password": error}) from None
    user.set_password(password)


@operation()
def add_membership(
    *,
    actor: Actor,  # noqa: ARG001 -- read by the decorator
    user: User,
    tenant: Tenant,
    roles: Sequence[Role],
    status: str = MembershipStatus.ACTIVE,
    source: str = MembershipSource.ADMIN,
    reason: str = "",
) -> Membership:
    """Map a person to a tenant with these roles; a second mapping is the same row, with roles added.

    Raises:
        ValidationError: ``role_not_allowed`` for another tenant's role, ``reason_required``.
    """
    membership = Membership.objects.select_for_update(of=("self",)).filter(user=user, tenant=tenant).first()
    if membership is None:
        membership = Membership(user=user, tenant=tenant, source=source)
    membership.status, membership.reason = status, reason
    membership.full_clean()
    membership.save()
    held = set(membership.held_roles.values_list("role_id", flat=True))
    for role in roles:
        if role.pk not in held:
            row = MembershipRole(membership=membership, role=role)
            row.full_clean()
            row.save()
    return membership


def create_tenant_with_owner(*, actor: Actor, owner: User, **columns: Any) -> Tenant:
    """Make a tenant and its creator's membership as owner.

    Raises:
        ValidationError: as ``customers.tenants.operations.create_tenant``.
    """
    tenant = tenants.create_tenant(actor=actor, **columns)
    role = Role.objects.get(tenant__isnull=True, code=OWNER_ROLE)
    add_membership(actor=actor, user=owner, tenant=tenant, roles=[role], source=MembershipSource.CREATOR)
    return tenant


@operation()
def create_token(
    *,
    actor: Actor,  # noqa: ARG001 -- read by the decorator
    user: User,
    tenant: Tenant | None,
    name: str,
    privileges: Sequence[str],
    expires_at: datetime,
    may_write: bool = False,
    allowed_networks: Sequence[str] = (),
) -> tuple[ApiToken, str]:
    """Make a token and return it with its text, which is shown this once and kept nowhere.

    Raises:
        ValidationError: ``unknown_privilege``, ``lifetime_exceeded``, ``networks_invalid``.
    """
    text, pepper = new_token_text(), current_pepper()
    token = ApiToken(
        user=user,
        tenant=tenant,
        name=name,
        key_id=text.key_id,
        secret_hash=secret_hash(text.secret, pepper),
        pepper_number=pepper,
        may_write=may_write,
        allowed_networks=list(allowed_networks),
        expires_at=expires_at,
    )
    token.full_clean(exclude=["secret_hash"])
    token.save()
    for privilege in _privileges(privileges):
        ApiTokenPrivilege(token=token, privilege=privilege).save()
    return token, str(text)


def _privileges(codes: Sequence[str]) -> list[Privilege]:
    found = {privilege.code: privilege for privilege in Privilege.objects.filter(code__in=codes)}
    unknown = sorted(set(codes) - found.keys())
    if unknown:
        message = f"There is no privilege {', '.join(unknown)}."
        raise ValidationError({"privileges": ValidationError(message, code="unknown_privilege")})
    return [found[code] for code in sorted(set(codes))]


@operation(verb="rotate")
def rotate_token(
    *,
    actor: Actor,  # noqa: ARG001 -- read by the decorator
    token: ApiToken,
    now: datetime,
    overlap: timedelta = ROTATION_OVERLAP,
) -> str:
    """Give a token a new secret and return its text once; the old secret stays good for the overlap."""
    locked = ApiToken.objects.select_for_update(of=("self",)).get(pk=token.pk)
    secret, pepper = new_secret(), current_pepper()
    locked.previous_secret_hash, locked.previous_pepper_number = locked.secret_hash, locked.pepper_number
    locked.previous_until = now + overlap
    locked.secret_hash, locked.pepper_number = secret_hash(secret, pepper), pepper
    locked.save()
    return f"sbt_{locked.key_id}.{secret}"


@operation(verb="revoke")
def revoke_token(*, actor: Actor, token: ApiToken, now: datetime) -> None:  # noqa: ARG001 -- read by the decorator
    """End a token at once and for good; harmless when it ended before."""
    ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=now)


def note_token_use(*, token: ApiToken, now: datetime) -> None:
    """Remember that a token was used, at most once a minute, beside the token and outside the chain."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO identity_apitokenuse AS u (token_id, last_used_at) VALUES (%s, %s)"
            " ON CONFLICT (token_id) DO UPDATE SET last_used_at = excluded.last_used_at"
            " WHERE u.last_used_at < %s",
            [token.pk, now, now - USE_RESOLUTION],
        )
