"""Pages of what belongs to participants: identifiers, endpoints, capabilities and credential references."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.decorators import display

from directory.admin.base import PROVENANCE, DirectoryAdmin
from directory.admin.filters import IdentifierTypeFilter, ProtocolFilter, SourceFilter, SupersededFilter
from directory.admin.labels import shown_value
from directory.enums import EndpointStatus, SensitivityTier
from directory.forms import MASK, CredentialForm, EndpointForm, IdentifierForm
from directory.models import Credential, Endpoint, Identifier

STATUS_COLOURS = {
    EndpointStatus.ACTIVE: "success",
    EndpointStatus.DRAINING: "warning",
    EndpointStatus.INACTIVE: "danger",
}


class PartAdmin(DirectoryAdmin):
    """Pages of rows that belong to a participant."""

    autocomplete_fields: tuple[str, ...] = ("participant",)
    list_select_related: tuple[str, ...] = ("participant",)
    readonly_fields: tuple[str, ...] = ("superseded_at",)

    @admin.display(description="participant", ordering="participant__name")
    def owner(self, row: Any) -> str:
        """Link the participant."""
        url = reverse("admin:directory_participant_change", args=[row.participant_id])
        return format_html(
            '<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>', url, row.participant
        )


class IdentifierAdmin(PartAdmin):
    """Names by which participants are found."""

    form = IdentifierForm
    covered: ClassVar[dict[str, str]] = {"value": "shown_value"}
    list_display = (
        "identifier_type",
        "shown_value",
        "scope",
        "owner",
        "tier",
        "priority",
        "source",
        "verified_at",
    )
    list_filter = (IdentifierTypeFilter, ("tier", ChoicesDropdownFilter), SourceFilter, SupersededFilter)
    search_fields = ("value",)
    search_help_text = "Beginning of a value that is not confidential"
    ordering = ("identifier_type", "pk")
    readonly_fields = ("tier", "superseded_at")
    fieldsets = (
        (
            "Identifier",
            {"fields": ("participant", ("identifier_type", "scope"), ("value", "priority"), "tier")},
        ),
        PROVENANCE,
    )

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002 -- the signature is Django's
        queryset: QuerySet[Any],
        search_term: str,
    ) -> tuple[QuerySet[Any], bool]:
        """Search values below the confidential tier; one above it would stand in the address bar and in logs."""
        term = search_term.strip()
        if not term:
            return queryset, False
        begins = Q(value__istartswith=term) | Q(normalized__istartswith=term)
        return queryset.filter(begins, tier__lt=SensitivityTier.CONFIDENTIAL), False

    @admin.display(description="value", ordering="normalized")
    def shown_value(self, row: Identifier) -> str:
        """Show the value unless it is confidential."""
        return shown_value(row)


class EndpointAdmin(PartAdmin):
    """Where participants are reached."""

    form = EndpointForm
    list_display = (
        "address",
        "protocol",
        "owner",
        "profile",
        "priority",
        "shown_status",
        "published",
        "source",
    )
    list_filter = (
        ProtocolFilter, ("status", ChoicesDropdownFilter), ("valid_to", RangeDateTimeFilter), SourceFilter,
        SupersededFilter,
    )  # fmt: skip
    search_fields = ("address", "profile", "participant__name")
    ordering = ("protocol", "address", "pk")
    fieldsets = (
        ("Where", {"fields": ("participant", ("protocol", "profile"), "address")}),
        (
            "How it is used",
            {"fields": (("status", "priority"), ("valid_from", "valid_to"), "qos", "published")},
        ),
        PROVENANCE,
    )

    @display(description="status", ordering="status", label=STATUS_COLOURS)  # type: ignore[untyped-decorator]
    def shown_status(self, row: Endpoint) -> tuple[str, str]:
        """Show the status as a coloured word."""
        return row.status, row.get_status_display()


class CapabilityAdmin(PartAdmin):
    """What participants declare they can do."""

    list_display = ("__str__", "owner", "endpoint", "process", "document_type", "source")
    list_display_links = ("__str__",)
    list_filter = (SourceFilter, SupersededFilter)
    list_select_related = ("participant", "endpoint")
    autocomplete_fields = ("participant", "endpoint")
    search_fields = ("service", "action", "process", "document_type", "participant__name")
    ordering = ("service", "action", "pk")
    fieldsets = (
        ("Who", {"fields": ("participant", "endpoint")}),
        (
            "What",
            {
                "fields": (("service", "action"), "process", "document_type", "constraints_json"),
                "description": "An empty field stands for anything; “x.*” for all that begins so.",
            },
        ),
        PROVENANCE,
    )


class CredentialAdmin(PartAdmin):
    """References to key material; the reference is written, never shown."""

    form = CredentialForm
    covered: ClassVar[dict[str, str]] = {"vault_ref": "shown_reference"}
    list_display = ("__str__", "owner", "credential_type", "valid_from", "valid_to", "source")
    list_filter = (
        ("credential_type", ChoicesDropdownFilter), ("valid_to", RangeDateTimeFilter), SourceFilter, SupersededFilter,
    )  # fmt: skip
    autocomplete_fields = ("participant", "endpoint")
    search_fields = ("=fingerprint", "participant__name")
    search_help_text = "Whole fingerprint, or a participant's name"
    ordering = ("participant__name", "credential_type", "pk")
    fieldsets = (
        ("Whose", {"fields": ("participant", "endpoint", "credential_type")}),
        (
            "Key",
            {
                "fields": ("vault_ref", "certificate", "fingerprint", ("valid_from", "valid_to")),
                "description": "A private key is never kept here: give its reference in a vault.",
            },
        ),
        PROVENANCE,
    )

    @admin.display(description="vault reference")
    def shown_reference(self, row: Credential) -> str:
        """Tell whether there is a reference."""
        return MASK if row.vault_ref else "-"
