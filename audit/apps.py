from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The chain of all changes: in public the platform's, in each tenant its own."""

    name = "audit"
    verbose_name = "Audit"
