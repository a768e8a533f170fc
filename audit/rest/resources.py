"""Events and consents of the tenant's own chain."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, ClassVar

from django.conf import settings
from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from audit import filters, models, serializers
from audit.operations import latest_text, newest_event
from audit.presenters import summarize
from audit.rest import examples
from config.foundation.errors import Refused
from config.foundation.rest.errors import Faults
from config.foundation.rest.etags import etag, is_held
from config.foundation.rest.operations import Operation
from config.foundation.rest.queries import DIRECTORY_PARAMETER
from config.foundation.rest.views import ReadOnlyResource

TAG = "Audit"
EVENT_ID_MAX_LENGTH = 18  # digits that any bigint can hold


class ChainResource(ReadOnlyResource):
    """A table beside or in the chain; there is no global one to read from a tenant."""

    required_privilege = "view_audit"
    tag = TAG

    def list_version(self) -> str:
        """Return the newest event."""
        return newest_event()

    @classmethod
    def describe(cls, action: str) -> Operation:
        """Return the documentation of ``list`` or ``retrieve``."""
        described = super().describe(action)
        return replace(
            described, parameters=tuple(one for one in described.parameters if one is not DIRECTORY_PARAMETER)
        )

    def collect_faults(self, request: Request, faults: Faults) -> None:
        """Add what is wrong with the query parameters."""
        if "directory" in request.query_params:
            faults.at_parameter("directory", "This parameter is not known here.", "unknown_parameter")
        super().collect_faults(request, faults)


class AuditEvents(ChainResource):
    """What happened in this tenant: changes, reads of confidential data, sign-ins, refusals; newest first."""

    model = models.AuditEvent  # type: ignore[assignment]  # no Row: its id is its place in the chain
    serializer_class = serializers.AuditEventSerializer  # type: ignore[assignment]  # for the same reason
    filterset_class = filters.AuditEventFilters
    export_privilege = "export_audit"
    orderings = ("id",)
    default_ordering = ("-pk",)
    natural = ("at", "actor", "action")
    noun, plural = "audit event", "audit events"
    example = examples.EVENT
    detail_example: ClassVar[dict[str, Any]] = examples.EVENT_DETAIL
    id_schema: ClassVar[dict[str, Any]] = {"type": "integer", "minimum": 1, "maximum": 2**63 - 1}

    @classmethod
    def list_name(cls) -> str:
        """Return what saved filters call this list."""
        return "audit/events"

    @classmethod
    def describe(cls, action: str) -> Operation:
        """Return the documentation; a single event shows its place in the chain as well."""
        described = super().describe(action)
        if action == "list":
            return described
        return replace(described, response=cls.shaping_class(action), response_example=cls.detail_example)

    def list_version(self) -> str:
        """Return the newest event; of a person, none: tokens and memberships are no rows of this schema."""
        return "" if "person" in self.request.query_params else super().list_version()

    @classmethod
    def shaping_class(cls, action: str) -> type[BaseSerializer[Any]]:
        """Return the serializer of an action's answer."""
        return cls.serializer_class if action == "list" else serializers.AuditEventDetailSerializer

    def get_queryset(self) -> QuerySet[Any]:
        """Return the events; the bytes that the chain is computed over belong to the single event."""
        events: QuerySet[Any] = models.AuditEvent.objects.all()
        return events.defer("record", "leaf", "hash_prev", "hash") if self.action == "list" else events

    def serializer_context(self, rows: Iterable[Any]) -> dict[str, Any]:  # noqa: ARG002 -- the base's
        """Let the serializer say each event in words."""
        return {"summarize": summarize}

    def retrieve(self, request: Request, id: str) -> Response:  # noqa: A002 -- the base's
        """Answer one event, or 304 where the caller holds it already."""
        is_number = id.isascii() and id.isdigit() and len(id) <= EVENT_ID_MAX_LENGTH
        event = self.get_queryset().filter(pk=int(id)).first() if is_number else None
        if event is None:
            raise Refused("not_found", "There is no such object.")
        tag = etag(settings.VERSION, request.build_absolute_uri(), bytes(event.hash).hex())
        if is_held(tag, request.headers.get("If-None-Match", "")):
            return Response(status=304, headers={"ETag": tag})
        (shape,) = self.shaped(request, [event])
        return Response(shape, headers={"ETag": tag})


class PlatformEvents(AuditEvents):
    """What happened on the platform: changes of tenants, people and access, sign-ins, refusals; newest first.

    For operators who may look at the platform's chain, by their session or a token that is bound to no tenant.
    """

    filterset_class = filters.PlatformEventFilters
    example = examples.PLATFORM_EVENT
    detail_example = examples.PLATFORM_EVENT_DETAIL

    @classmethod
    def list_name(cls) -> str:
        """Return what saved filters call this list: they are tenants'."""
        return ""


class Consents(ChainResource):
    """Consents that subjects gave, withdrew, or that ran out; what holds of a purpose is the latest."""

    model = models.Consent
    serializer_class = serializers.ConsentSerializer
    filterset_class = filters.ConsentFilters
    orderings = ("at", "purpose", "created_at")
    default_ordering = ("-at", "-pk")
    natural = ("subject", "purpose", "action", "at")
    noun, plural = "consent", "consents"
    example = examples.CONSENT

    @classmethod
    def list_name(cls) -> str:
        """Return what saved filters call this list."""
        return "audit/consents"

    def get_queryset(self) -> QuerySet[Any]:
        """Return the consents, each knowing whether it is the latest where that is shown."""
        consents = models.Consent.objects
        found: QuerySet[Any] = (
            consents.with_latest() if self.shows("is_latest", "is_current") else consents.all()
        )
        return found

    def etag_of(self, request: Request, row: Any) -> str:
        """Return the tag: a row never changes, but what a later one or a new text makes of it does."""
        current = (getattr(row, "is_latest", ""), latest_text(row.purpose).version)
        return etag(super().etag_of(request, row), *current)
