from importlib import import_module

from django.apps import AppConfig


class SwitchboardConfig(AppConfig):
    """The composition root: its commands, and the checks of the system."""

    name = "config"

    def ready(self) -> None:
        """Register the checks."""
        import_module("config.sessions")
