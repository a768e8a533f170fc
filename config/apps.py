from django.apps import AppConfig


class CompositionConfig(AppConfig):
    """The composition root: commands, and checks of what only it can see together."""

    name = "config"

    def ready(self) -> None:
        """Enter the system checks, and the lists that filters are saved for."""
        from audit.rest.resources import AuditEvents, Consents  # noqa: PLC0415 -- these need the apps loaded
        from config import (  # noqa: PLC0415 -- they register themselves
            checks,  # noqa: F401
            deprecations,  # noqa: F401
            sessions,  # noqa: F401
        )
        from config.foundation.rest.saved import refusing  # noqa: PLC0415
        from config.foundation.rest.views import ReadOnlyResource  # noqa: PLC0415
        from config.foundation.saved_filters import refuse_texts_that, register_list  # noqa: PLC0415
        from directory.rest.resources import RESOURCES  # noqa: PLC0415
        from directory.validators.secrets import may_be_secret  # noqa: PLC0415

        resources: tuple[type[ReadOnlyResource], ...] = (*RESOURCES, AuditEvents, Consents)
        for resource in resources:
            register_list(resource.list_name(), refusing(resource.filterset_class))
        refuse_texts_that(may_be_secret)
