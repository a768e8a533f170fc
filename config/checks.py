"""System checks of a whole installation."""

from typing import Any

from django.core.checks import CheckMessage, Tags, Warning, register  # noqa: A004 -- Django's name for it

from config.foundation.schemas import application_role


@register(Tags.security, deploy=True)
def check_application_role(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001 -- Django's signature
    """Warn where the application works as the owner of its schemas."""
    if application_role():
        return []
    message = (
        "The application works as the owner of its schemas: it could switch off what guards the audit chain."
    )
    hint = (
        "Let DATABASE_URL name a restricted role, SWITCHBOARD_OWNER_DATABASE_URL the owner, and run "
        "grant_application_role."
    )
    return [Warning(message, hint=hint, id="switchboard.W001")]
