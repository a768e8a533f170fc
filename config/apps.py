from django.apps import AppConfig


class CompositionConfig(AppConfig):
    """The composition root: commands, and checks of what only it can see together."""

    name = "config"

    def ready(self) -> None:
        """Enter the system checks."""
        from config import (  # noqa: PLC0415 -- they register themselves, and need the apps loaded
            checks,  # noqa: F401
            deprecations,  # noqa: F401
            sessions,  # noqa: F401
        )
