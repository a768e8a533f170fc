from django.apps import AppConfig

from config.foundation.errors import error_registry
from directory.errors import ERROR_KINDS


class DirectoryConfig(AppConfig):
    """Participants and where they are reached: in public the global directory, in each tenant its own."""

    name = "directory"
    verbose_name = "Directory"

    def ready(self) -> None:
        """Explain the app's refusals to whoever asks the registry."""
        error_registry.register(*ERROR_KINDS)
