"""Who signed in and out, and who could not: events of the platform's chain."""

from uuid import UUID

from audit.operations import record, record_refusal
from config.foundation.actor import Actor
from config.foundation.rows import PUBLIC_SCHEMA
from customers.identity.models import User, email_key_of

RESOURCE = "identity.user"
INVALID_LOGIN = "invalid_login"
LOGIN_ACTOR = Actor.system("login")


def note_login(*, actor: Actor, user: User, tenant_id: UUID | None = None) -> None:
    """Write that a person signed in; ``tenant_id`` where it was on a tenant's site."""
    _note(actor, "login", user, tenant_id)


def note_logout(*, actor: Actor, user: User, tenant_id: UUID | None = None) -> None:
    """Write that a person signed out."""
    _note(actor, "logout", user, tenant_id)


def note_failed_login(*, actor: Actor, typed_address: str, tenant_id: UUID | None = None) -> None:
    """Write that somebody could not sign in, once a minute; the account is named by its id, where there is one.

    The address is not kept: people type passwords there. Known and unknown accounts cost the same statements.
    """
    found = User.objects.filter(email_key=email_key_of(typed_address)).order_by("pk")
    key = found.values_list("pk", flat=True).first()
    record_refusal(
        actor=actor,
        code=INVALID_LOGIN,
        resource=RESOURCE,
        resource_id=str(key or ""),
        action="login_failed",
        tenant_id=tenant_id,
        schema=PUBLIC_SCHEMA.schema_name,
    )


def _note(actor: Actor, action: str, user: User, tenant_id: UUID | None) -> None:
    record(
        actor=actor,
        action=action,
        resource=RESOURCE,
        resource_id=str(user.pk),
        tenant_id=tenant_id,
        schema=PUBLIC_SCHEMA.schema_name,
    )
