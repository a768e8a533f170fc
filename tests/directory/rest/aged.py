"""Addresses of a tenant where things are deprecated: an operation, a parameter, a field."""

from dataclasses import replace
from datetime import UTC, datetime

from django.urls import path

from config.foundation.rest.deprecation import Deprecation
from config.foundation.rest.operations import Operation
from directory.rest.resolve import Resolve
from directory.rest.resources import Participants

SINCE = datetime(2026, 1, 31, tzinfo=UTC)
SUNSET = datetime(2026, 7, 31, tzinfo=UTC)
RESOLVED = Deprecation(since=SINCE, sunset=SUNSET, replacement="Use POST /api/v2/resolve.")
COUNTRY = Deprecation(since=SINCE, sunset=SUNSET, replacement="Filter by region.")
NOTES = Deprecation(since=SINCE, sunset=SUNSET, replacement="Read remarks.")


class AgedResolve(Resolve):
    """A resolver of which one operation is deprecated."""

    operations = Resolve.operations | {"get": replace(Resolve.operations["get"], deprecated=RESOLVED)}


class AgedParticipants(Participants):
    """Participants with a deprecated parameter and field, which are to be created otherwise."""

    @classmethod
    def describe(cls, action: str) -> Operation:
        operation = super().describe(action)
        if action == "create":
            return replace(operation, deprecated=RESOLVED)
        if action == "list":
            operation = replace(operation, deprecated_parameters={"country": COUNTRY})
        return replace(operation, deprecated_fields={"notes": NOTES} if operation.response else {})


urlpatterns = [
    path("api/v1/resolve", AgedResolve.as_view()),
    path("api/v1/directory/participants", AgedParticipants.as_view({"get": "list", "post": "create"})),
    path("api/v1/directory/participants/<str:id>", AgedParticipants.as_view({"get": "retrieve"})),
]
