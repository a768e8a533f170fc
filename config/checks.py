"""System checks of a whole installation."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004 -- Django's name for it

from config.foundation.rest.addresses import networks_of
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


@register(Tags.security)
def check_trusted_proxies(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001 -- Django's signature
    """Find a trusted proxy that is no network: requests could not be told whose they are."""
    try:
        networks_of(tuple(settings.TRUSTED_PROXIES))
    except ValueError as error:
        return [Error(f"SWITCHBOARD_TRUSTED_PROXIES: {error}.", id="switchboard.E002")]
    return []
