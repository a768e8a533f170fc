"""Pages of the directory."""

from typing import ClassVar

from django.contrib import admin
from unfold.admin import TabularInline

from config.foundation.admin import AuditedAdmin, ReadOnlyAdmin
from directory.enums import SensitivityTier
from directory.models import Capability, Endpoint, Identifier

HIDDEN = "•••"


class PartOfParticipantInline(TabularInline):  # type: ignore[misc]
    """Rows that belong to a participant, looked at on its page and kept on their own."""

    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: object, obj: object = None) -> bool:  # noqa: ARG002 -- the signature is Django's
        """Refuse."""
        return False

    def has_change_permission(self, request: object, obj: object = None) -> bool:  # noqa: ARG002 -- the signature is Django's
        """Refuse."""
        return False

    def has_view_permission(self, request: object, obj: object = None) -> bool:  # noqa: ARG002 -- the signature is Django's
        """Allow: whoever sees the participant sees its parts."""
        return True


class IdentifierInline(PartOfParticipantInline):
    """Identifiers of a participant."""

    model = Identifier
    fields = readonly_fields = ("identifier_type", "shown_value", "scope", "priority")

    @admin.display(description="value")
    def shown_value(self, identifier: Identifier) -> str:
        """Show the value unless it is confidential."""
        return shown_value(identifier)


class EndpointInline(PartOfParticipantInline):
    """Endpoints of a participant."""

    model = Endpoint
    fields = ("protocol", "address", "priority", "status")


class CapabilityInline(PartOfParticipantInline):
    """What a participant can do."""

    model = Capability
    fields = ("service", "action", "process", "document_type")


def shown_value(identifier: Identifier) -> str:
    """Return the value, or a mask from the confidential tier up."""
    return HIDDEN if identifier.tier >= SensitivityTier.CONFIDENTIAL else str(identifier.value)


class ParticipantAdmin(AuditedAdmin):
    """Parties that can be reached."""

    list_display = ("name", "kind", "country", "source", "updated_at")
    list_filter = ("kind",)
    search_fields = ("name", "external_id")
    inlines = (IdentifierInline, EndpointInline, CapabilityInline)
    ordering = ("name", "pk")


class IdentifierAdmin(ReadOnlyAdmin):
    """Names by which participants are found."""

    list_display = ("identifier_type", "shown_value", "participant", "scope", "priority")
    search_fields = ("=normalized",)
    list_select_related = ("participant",)
    fields: ClassVar[tuple[str, ...]] = (
        "participant",
        "identifier_type",
        "shown_value",
        "scope",
        "tier",
        "priority",
        "source",
    )
    readonly_fields = ("shown_value",)
    ordering = ("identifier_type", "pk")

    @admin.display(description="value")
    def shown_value(self, identifier: Identifier) -> str:
        """Show the value unless it is confidential."""
        return shown_value(identifier)


class EndpointAdmin(ReadOnlyAdmin):
    """Where participants are reached."""

    list_display = ("participant", "protocol", "address", "priority", "status")
    list_filter = ("status",)
    list_select_related = ("participant",)
    ordering = ("pk",)


class CapabilityAdmin(ReadOnlyAdmin):
    """What participants can do."""

    list_display = ("participant", "service", "action", "document_type")
    list_select_related = ("participant",)
    ordering = ("pk",)


class CredentialAdmin(ReadOnlyAdmin):
    """Certificates and references to keys; neither the reference nor the certificate is shown."""

    list_display = ("participant", "credential_type", "fingerprint", "valid_from", "valid_to")
    list_filter = ("credential_type",)
    list_select_related = ("participant",)
    fields = ("participant", "endpoint", "credential_type", "fingerprint", "valid_from", "valid_to")
    ordering = ("pk",)


class RoutingArtifactAdmin(ReadOnlyAdmin):
    """Versions of routing tables."""

    list_display = ("name", "kind", "version", "status", "effective_from", "effective_to")
    list_filter = ("kind", "status")
    search_fields = ("name",)
    ordering = ("name", "-version", "pk")


class PrefixRuleAdmin(ReadOnlyAdmin):
    """Rules of a routing table."""

    list_display = ("prefix", "artifact", "mode", "priority", "target_protocol", "target_address")
    list_filter = ("mode",)
    search_fields = ("prefix",)
    list_select_related = ("artifact",)
    ordering = ("prefix", "pk")


class PolicyAdmin(AuditedAdmin):
    """Rules that allow, deny or prefer routes."""

    list_display = ("name", "effect", "priority", "enabled")
    list_filter = ("effect", "enabled")
    search_fields = ("name",)
    ordering = ("-priority", "pk")


class EdgeAdmin(ReadOnlyAdmin):
    """Relations between nodes of the directory."""

    list_display = ("from_type", "from_id", "relation", "to_type", "to_id", "source")
    list_filter = ("relation",)
    ordering = ("pk",)


class SourceAdmin(ReadOnlyAdmin):
    """Where rows come from; settings are not shown, for they may hold keys."""

    list_display = ("name", "kind", "enabled", "failure_mode")
    list_filter = ("kind", "enabled")
    search_fields = ("name",)
    fields = ("name", "kind", "enabled", "ttl_s", "max_stale_s", "timeout_ms", "retries", "failure_mode")
    ordering = ("name", "pk")


class SourceRunAdmin(ReadOnlyAdmin):
    """Imports and how far they have come."""

    list_display = (
        "source",
        "state",
        "progress_percent",
        "started_at",
        "finished_at",
        "rows_read",
        "rows_rejected",
    )
    list_filter = ("state",)
    list_select_related = ("source",)
    ordering = ("-started_at", "pk")


class ProbeAdmin(ReadOnlyAdmin):
    """Questions whose answers are known."""

    list_display = ("name", "last_run_at")
    search_fields = ("name",)
    ordering = ("name", "pk")
