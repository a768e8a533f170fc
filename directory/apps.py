from django.apps import AppConfig

from config.foundation.constraints import register_trigger_rule
from config.foundation.errors import error_registry
from config.foundation.jobs import job_kinds
from directory.errors import ARTIFACT_NOT_DRAFT, ERROR_KINDS, NOT_A_DRAFT


class DirectoryConfig(AppConfig):
    """Participants and where they are reached: in public the global directory, in each tenant its own."""

    name = "directory"
    verbose_name = "Directory"

    def ready(self) -> None:
        """Explain the app's refusals to whoever asks the registry, and enter its jobs."""
        from directory.connectors.jobs import KINDS  # noqa: PLC0415 -- needs the models loaded

        error_registry.register(*ERROR_KINDS)
        job_kinds.register(*KINDS)
        register_trigger_rule("artifact_not_draft", code=ARTIFACT_NOT_DRAFT, message=NOT_A_DRAFT)
