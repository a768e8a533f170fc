from django.apps import AppConfig
from django.core import checks

from audit.errors import ERROR_KINDS
from config.foundation.errors import error_registry
from config.foundation.jobs import job_kinds
from config.foundation.refusals import on_exported, on_refused


class AuditConfig(AppConfig):
    """The chain of all changes: in public the platform's, in each tenant its own."""

    name = "audit"
    verbose_name = "Audit"

    def ready(self) -> None:
        """Explain the app's refusals, record those of all others, and watch over the published texts."""
        from audit.operations.recorders import (  # noqa: PLC0415 -- needs the models loaded
            check_texts,
            record_export,
            record_refused,
        )
        from audit.operations.verifications import VERIFICATION  # noqa: PLC0415 -- needs the models loaded

        error_registry.register(*ERROR_KINDS)
        job_kinds.register(VERIFICATION)
        on_refused(record_refused)
        on_exported(record_export)
        checks.register(check_texts)
