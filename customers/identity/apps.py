from django.apps import AppConfig


class IdentityConfig(AppConfig):
    """People, their memberships and roles, and the tokens that act for them (public schema)."""

    name = "customers.identity"
    label = "identity"
    verbose_name = "People and access"
