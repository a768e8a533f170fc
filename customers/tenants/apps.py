from django.apps import AppConfig

from config.foundation.errors import error_registry
from customers.tenants.errors import ERROR_KINDS


class TenantsConfig(AppConfig):
    """Tenants, their hosts and where their schemas are placed (public schema)."""

    name = "customers.tenants"
    label = "tenants"
    verbose_name = "Tenants"

    def ready(self) -> None:
        """Register the codes of this app's refusals."""
        error_registry.register(*ERROR_KINDS)
