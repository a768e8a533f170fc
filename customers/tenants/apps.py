from django.apps import AppConfig


class TenantsConfig(AppConfig):
    """Tenants, their hosts and where their schemas are placed (public schema)."""

    name = "customers.tenants"
    label = "tenants"
    verbose_name = "Tenants"
