from typing import Any

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed

from config.foundation.actor import Actor
from config.foundation.constraints import register_trigger_rule
from config.foundation.errors import error_registry
from customers.identity.errors import (
    ERROR_KINDS,
    MOVED,
    ROLE_NOT_ALLOWED,
    ROLE_OF_ANOTHER_TENANT,
    STAYS_IN_ITS_TENANT,
)


class IdentityConfig(AppConfig):
    """People, their memberships and roles, and the tokens that act for them (public schema)."""

    name = "customers.identity"
    label = "identity"
    verbose_name = "People and access"

    def ready(self) -> None:
        """Explain the app's refusals, take part in the life of tenants, and note who signs in."""
        from customers.identity.operations import (  # noqa: PLC0415 -- needs the models loaded
            count_members,
            make_creator_owner,
            revoke_tokens_of_tenant,
        )
        from customers.tenants.operations import (  # noqa: PLC0415 -- likewise
            Moment,
            on_lifecycle,
            register_usage,
        )

        error_registry.register(*ERROR_KINDS)
        register_trigger_rule(
            "membership_role_of_tenant", code=ROLE_NOT_ALLOWED, message=ROLE_OF_ANOTHER_TENANT
        )
        register_trigger_rule("row_keeps_tenant", code=MOVED, message=STAYS_IN_ITS_TENANT)
        on_lifecycle(Moment.CREATED, make_creator_owner)
        on_lifecycle(Moment.DELETED, revoke_tokens_of_tenant)
        register_usage("members", count_members)
        user_logged_in.connect(_on_login, dispatch_uid="identity.login")
        user_logged_out.connect(_on_logout, dispatch_uid="identity.logout")
        user_login_failed.connect(_on_failed_login, dispatch_uid="identity.login_failed")


def _on_login(*, request: Any, user: Any, **_: Any) -> None:
    from customers.identity.operations import note_login  # noqa: PLC0415 -- needs the models loaded

    note_login(actor=Actor.user(user.pk), user=user, tenant_id=_tenant_id(request))


def _on_logout(*, request: Any, user: Any, **_: Any) -> None:
    from customers.identity.operations import note_logout  # noqa: PLC0415 -- likewise

    if user is not None and user.is_authenticated:
        note_logout(actor=Actor.user(user.pk), user=user, tenant_id=_tenant_id(request))


def _on_failed_login(*, credentials: Any, request: Any = None, **_: Any) -> None:
    from customers.identity.operations import LOGIN_ACTOR, note_failed_login  # noqa: PLC0415 -- likewise

    typed = str(credentials.get("username") or credentials.get("email_key") or "")
    note_failed_login(actor=LOGIN_ACTOR, typed_address=typed, tenant_id=_tenant_id(request))


def _tenant_id(request: Any) -> Any:
    """Return the tenant whose site the request came to; None on the platform's, and outside a request."""
    return getattr(getattr(request, "selection", None), "tenant_id", None)
