from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_delete, post_save

from config.foundation.errors import error_registry
from config.foundation.watch import notify_changed
from customers.tenants.errors import ERROR_KINDS


class TenantsConfig(AppConfig):
    """Tenants, their hosts and where their schemas are placed (public schema)."""

    name = "customers.tenants"
    label = "tenants"
    verbose_name = "Tenants"

    def ready(self) -> None:
        """Register the codes of this app's refusals, and have changes of what selects a tenant told."""
        error_registry.register(*ERROR_KINDS)
        for model in ("Tenant", "Domain", "Placement"):
            for saved in (post_save, post_delete):
                saved.connect(_tell_change, sender=self.get_model(model), dispatch_uid="tenancy")


def _tell_change(*, using: str, **_: Any) -> None:
    """Tell that what selects a tenant changed; the truth is the version that a trigger moves, whoever changes it."""
    from customers.tenants.models import TENANCY  # noqa: PLC0415 -- models are loaded after the apps

    notify_changed(TENANCY, using=using)
