from django.apps import AppConfig

from config.foundation.errors import error_registry
from customers.identity.errors import ERROR_KINDS


class IdentityConfig(AppConfig):
    """People, their memberships and roles, and the tokens that act for them (public schema)."""

    name = "customers.identity"
    label = "identity"
    verbose_name = "People and access"

    def ready(self) -> None:
        """Explain the app's refusals, and make the creators of tenants their owners."""
        from customers.identity.operations import make_creator_owner  # noqa: PLC0415 -- needs the models loaded
        from customers.tenants.operations import Moment, on_lifecycle  # noqa: PLC0415 -- likewise

        error_registry.register(*ERROR_KINDS)
        on_lifecycle(Moment.CREATED, make_creator_owner)
