"""Changes of API tokens."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError

from config.foundation.actor import Actor, operation
from customers.identity.errors import TOKEN_UNUSABLE
from customers.identity.models import TOKEN_LIFETIME_MAX, ApiToken, ApiTokenPrivilege, User
from customers.identity.operations.authority import privileges_named
from customers.identity.operations.rights import TokenRights, grantable_codes, require_within
from customers.identity.tokens import TokenText, current_pepper_number, hash_secret, new_text
from customers.tenants.models import Tenant

ROTATION_OVERLAP = timedelta(hours=24)
ROTATION_OVERLAP_MAX = timedelta(days=7)
CHANGEABLE = frozenset({"name", "is_enabled", "allowed_networks"})

Check = Callable[[ApiToken], None]


@dataclass(frozen=True, slots=True)
class Issued:
    """A token, and its text, which is shown once and keeps out of ``repr``."""

    token: ApiToken
    text: str = field(repr=False)


def _passed(_token: ApiToken) -> None:
    """Let every state pass."""


@operation(verb="create")
def issue_token(  # noqa: PLR0913 -- the columns of a token
    *,
    actor: Actor,
    user: User,
    name: str,
    privileges: Collection[str],
    expires_at: datetime,
    now: datetime,
    tenant: Tenant | None = None,
    may_write: bool = False,
    allowed_networks: Sequence[str] = (),
    within: TokenRights | None = None,
    token_id: UUID | None = None,
) -> Issued:
    """Make a token for the person who asks, out of what they hold; ``within`` are the rights of a token that asks.

    ``token_id`` names the token where it is asked for by a form, which so makes one token however often it is sent.

    Raises:
        ValidationError: as ``create_token``; ``expires_in_past``, ``privilege_not_held``, ``duplicate``.
        Refused: ``beyond_own_token``.
    """
    if expires_at <= now:
        raise _at("expires_at", "This moment is over.", "expires_in_past")
    if expires_at > now + TOKEN_LIFETIME_MAX:
        raise _at("expires_at", "A token lives at most 365 days.", "lifetime_exceeded")
    wanted = frozenset(one.code for one in privileges_named(privileges))
    rights = TokenRights(
        wanted, tenant.pk if tenant else None, tuple(allowed_networks), may_write, expires_at
    )
    if tenant is not None:
        _keep_open(tenant)
    lacking = sorted(wanted - grantable_codes(user, tenant, wanted))
    if lacking:
        where = "in this tenant" if tenant else "in any tenant"
        raise _at("privileges", f"You do not hold {', '.join(lacking)} {where}.", "privilege_not_held")
    token = ApiToken(user=user, tenant=tenant, name=name, expires_at=expires_at, may_write=may_write)
    token.allowed_networks = list(allowed_networks)
    if token_id is not None:
        token.pk = token_id
    token.full_clean(exclude=("key_id", "secret_hash", "pepper_number"))
    require_within(actor, within, rights)
    return _made(token, wanted)


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
        ValidationError: ``lifetime_exceeded`` beyond 365 days, ``networks_invalid``, ``privilege_unknown``;
            ``tenant_unavailable`` for a deleted tenant.
    """
    if tenant is not None:
        _keep_open(tenant)
    token = ApiToken(user=user, tenant=tenant, name=name, expires_at=expires_at, may_write=may_write)
    token.allowed_networks = list(allowed_networks)
    return _made(token, privileges).text


def _made(token: ApiToken, privileges: Collection[str]) -> Issued:
    """Save a new token with a secret and its privileges."""
    text = new_text()
    token.key_id = text.key_id
    _put_secret(token, text)
    token.full_clean()
    held = privileges_named(privileges)
    token.save(force_insert=True)
    for privilege in held:
        row = ApiTokenPrivilege(token=token, privilege=privilege)
        row.full_clean()
        row.save()
    return Issued(token, text.reveal())


@operation(verb="rotate")
def rotate_token(  # noqa: PLR0913 -- a change under a check
    *,
    actor: Actor,
    token: ApiToken,
    overlap: timedelta,
    now: datetime,
    check: Check = _passed,
    within: TokenRights | None = None,
    reason: str = "",  # noqa: ARG001 -- read by the decorator
) -> str:
    """Give a token another secret and return its text once; the earlier secret stays good for the overlap.

    A secret that was in its overlap already is void at once: two are good at a time, never three. ``check`` refuses a
    token that is no more as the caller has read it: of several who rotate what they read, one does.

    Raises:
        ValidationError: ``token_unusable`` for a revoked, disabled or expired token; ``overlap_invalid``.
        Refused: what ``check`` raises; ``beyond_own_token``.
    """
    if not timedelta(0) <= overlap <= ROTATION_OVERLAP_MAX:
        hours = ROTATION_OVERLAP_MAX // timedelta(hours=1)
        raise _at("overlap_hours", f"An overlap has 0 to {hours} hours.", "overlap_invalid")
    current = _locked(token)
    check(current)
    require_within(actor, within, TokenRights.of(current))
    if current.fault_at(now):
        raise ValidationError(
            "The token is revoked, disabled or expired: create a new one.", code=TOKEN_UNUSABLE
        )
    current.previous_secret_hash = current.secret_hash
    current.previous_pepper_number = current.pepper_number
    current.previous_until = now + overlap
    text = new_text(current.key_id)
    _put_secret(current, text)
    current.full_clean()
    current.save()
    return text.reveal()


@operation(verb="update")
def change_token(
    *,
    actor: Actor,
    token: ApiToken,
    changes: Mapping[str, Any],
    check: Check = _passed,
    within: TokenRights | None = None,
) -> ApiToken:
    """Give a token another name or other networks, or switch it off or on: ``changes`` by column of ``CHANGEABLE``.

    Raises:
        ValidationError: ``token_unusable`` for a revoked token; ``networks_invalid``.
        Refused: what ``check`` raises; ``beyond_own_token``, before or after the change.
    """
    unknown = set(changes) - CHANGEABLE
    if unknown:
        raise TypeError(f"no change of {', '.join(sorted(unknown))}")
    current = _locked(token)
    check(current)
    require_within(actor, within, TokenRights.of(current))
    if current.revoked_at is not None:
        raise ValidationError("The token is revoked for good: create a new one.", code=TOKEN_UNUSABLE)
    for name, value in changes.items():
        setattr(current, name, value)
    current.full_clean()
    require_within(actor, within, TokenRights.of(current))
    current.save()
    return current


@operation(verb="revoke")
def revoke_token(  # noqa: PLR0913 -- a change under a check
    *,
    actor: Actor,
    token: ApiToken,
    now: datetime,
    check: Check = _passed,
    within: TokenRights | None = None,
    reason: str = "",  # noqa: ARG001 -- read by the decorator
) -> ApiToken:
    """End a token at once and for good; ending it again changes nothing.

    Raises:
        Refused: what ``check`` raises; ``beyond_own_token``, by a token that asks with its rights ``within``.
    """
    current = _locked(token)
    check(current)
    if within is not None:
        require_within(actor, within, TokenRights.of(current))
    if current.revoked_at is None:
        current.revoked_at = now
        current.save(update_fields=["revoked_at"])
    return current


def revoke_tokens_of_tenant(*, actor: Actor, tenant: Tenant, owner: Any) -> None:  # noqa: ARG001 -- the shape of a step
    """End the tokens of a tenant that is being deleted; who restores it makes new ones.

    The caller holds the tenant's row, so that none is made meanwhile.
    """
    if tenant.deleted_at is None:
        raise ValueError(f"{tenant} is not being deleted")
    for token in ApiToken.objects.filter(tenant=tenant, revoked_at__isnull=True).order_by("pk"):
        revoke_token(actor=actor, token=token, now=tenant.deleted_at)


def _keep_open(tenant: Tenant) -> None:
    """Refuse a deleted tenant, and let none be deleted before the token is committed and so revoked with it."""
    current = Tenant.objects.select_for_update(no_key=True).filter(pk=tenant.pk).first()
    if current is None or current.deleted_at is not None:
        raise ValidationError("Tokens cannot be made for this tenant.", code="tenant_unavailable")


def _put_secret(token: ApiToken, text: TokenText) -> None:
    token.pepper_number = current_pepper_number()
    token.secret_hash = hash_secret(text.secret, token.pepper_number)


def _locked(token: ApiToken) -> ApiToken:
    return ApiToken.objects.select_for_update(of=("self",)).get(pk=token.pk)


def _at(name: str, detail: str, code: str) -> ValidationError:
    return ValidationError({name: ValidationError(detail, code=code)})
