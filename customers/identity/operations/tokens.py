"""Changes of API tokens."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import connections, router

from config.foundation.actor import Actor, operation
from customers.identity.models import ApiToken, ApiTokenPrivilege, ApiTokenUse, User
from customers.identity.operations.authority import privileges_named
from customers.identity.tokens import TokenText, current_pepper_number, hash_secret, new_text
from customers.tenants.models import Tenant

TOKEN_USE_INTERVAL = timedelta(seconds=60)


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
    held = privileges_named(privileges)
    token.save()
    for privilege in held:
        row = ApiTokenPrivilege(token=token, privilege=privilege)
        row.full_clean()
        row.save()
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


def revoke_tokens_of_tenant(*, actor: Actor, tenant: Tenant, owner: Any) -> None:  # noqa: ARG001 -- the shape of a step
    """End the tokens of a tenant that is being deleted; who restores it makes new ones.

    The caller holds the tenant's row, so that none is made meanwhile.
    """
    if tenant.deleted_at is None:
        raise ValueError(f"{tenant} is not being deleted")
    for token in ApiToken.objects.filter(tenant=tenant, revoked_at__isnull=True).order_by("pk"):
        revoke_token(actor=actor, token=token, now=tenant.deleted_at)


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


def _keep_open(tenant: Tenant) -> None:
    """Refuse a deleted tenant, and let none be deleted before the token is committed and so revoked with it."""
    current = Tenant.objects.select_for_update(no_key=True).filter(pk=tenant.pk).first()
    if current is None or current.deleted_at is not None:
        raise ValidationError("Tokens cannot be made for this tenant.", code="tenant_unavailable")


def _put_secret(token: ApiToken, text: TokenText) -> None:
    token.pepper_number = current_pepper_number()
    token.secret_hash = hash_secret(text.secret, token.pepper_number)


def _noted_use(token: ApiToken) -> datetime | None:
    try:
        return token.use.last_used_at
    except ObjectDoesNotExist:
        return None
