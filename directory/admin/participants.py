"""Pages of participants and of what belongs to them."""

from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.db.models import (
    CharField,
    Count,
    ForeignKey,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Coalesce, Concat
from django.forms import ModelChoiceField
from django.http import HttpRequest
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from directory.admin.base import PROVENANCE, DirectoryAdmin, DirectoryInline
from directory.admin.filters import (
    CountryFilter,
    SourceFilter,
    SupersededFilter,
)
from directory.admin.labels import SHOWN_VALUE, shown_value
from directory.enums import ParticipantKind, SensitivityTier
from directory.forms import MASK, CredentialForm, EndpointForm, IdentifierForm
from directory.models import Capability, Credential, Endpoint, Identifier, Participant

SEARCHED_MAX = 1_000  # participants that one search finds by identifier
KIND_COLOURS = {
    ParticipantKind.ORGANIZATION: "info",
    ParticipantKind.NODE: "warning",
    ParticipantKind.SERVICE: "success",
    ParticipantKind.RANGE: "primary",
}


class IdentifierInline(DirectoryInline):
    """Identifiers of a participant."""

    model = Identifier
    form = IdentifierForm
    covered: ClassVar[dict[str, str]] = {"value": "shown_value"}
    fields = ("identifier_type", "value", "scope", "priority", "verified_at", "source")
    readonly_fields = ("verified_at", "source")
    ordering = ("-priority", "identifier_type", "pk")

    @admin.display(description="value")
    def shown_value(self, row: Identifier) -> str:
        """Show the value unless it is confidential."""
        return shown_value(row)


class EndpointInline(DirectoryInline):
    """Endpoints of a participant."""

    model = Endpoint
    form = EndpointForm
    fields = ("protocol", "address", "profile", "priority", "status", "source")
    readonly_fields = ("source",)
    ordering = ("-priority", "protocol", "pk")


class OwnEndpointInline(DirectoryInline):
    """Rows that may name one of the participant's endpoints."""

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Offer the participant's endpoints, read once for all rows of the inline."""
        if db_field.name != "endpoint":
            return super().formfield_for_foreignkey(db_field, request, **kwargs)
        match = request.resolver_match
        owner = _uuid(match.kwargs.get("object_id", "") if match else "")
        endpoints = Endpoint.objects.filter(participant_id=owner).order_by("-priority", "pk")
        field = super().formfield_for_foreignkey(db_field, request, queryset=endpoints, **kwargs)
        if isinstance(field, ModelChoiceField):
            field.choices = [("", "any endpoint"), *((str(row.pk), str(row)) for row in endpoints)]
        return field


class CapabilityInline(OwnEndpointInline):
    """What a participant declares it can do."""

    model = Capability
    fields = ("service", "action", "process", "document_type", "endpoint")
    ordering = ("service", "action", "pk")


class CredentialInline(OwnEndpointInline):
    """References to a participant's key material."""

    model = Credential
    form = CredentialForm
    covered: ClassVar[dict[str, str]] = {"vault_ref": "shown_reference"}
    fields = ("credential_type", "vault_ref", "fingerprint", "endpoint", "valid_from", "valid_to")
    readonly_fields = ("valid_from", "valid_to")
    ordering = ("credential_type", "pk")

    @admin.display(description="vault reference")
    def shown_reference(self, row: Credential) -> str:
        """Tell whether there is a reference."""
        return MASK if row.vault_ref else "-"


class ParticipantAdmin(DirectoryAdmin):
    """Parties that can be reached."""

    list_display = (
        "name", "shown_kind", "country", "main_identifier", "identifier_count", "endpoint_count", "source",
        "updated_at",
    )  # fmt: skip
    list_filter = (("kind", ChoicesDropdownFilter), CountryFilter, SourceFilter, SupersededFilter)
    search_fields = ("name",)
    search_help_text = "Name, or an identifier that is not confidential"
    ordering = ("name", "pk")
    inlines = (IdentifierInline, EndpointInline, CapabilityInline, CredentialInline)
    readonly_fields = ("superseded_at",)
    fieldsets = (
        ("Who it is", {"fields": (("name", "kind"), ("country", "tags"), "notes")}),
        PROVENANCE,
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Participant]:
        """Annotate what the list counts, which the database does for the rows of the page alone."""
        identifiers = Identifier.objects.filter(participant=OuterRef("pk"), superseded_at__isnull=True)
        main = identifiers.order_by("-priority", "tier", "identifier_type", "pk")
        shown = Concat("identifier_type", Value(" "), SHOWN_VALUE, output_field=CharField())
        rows: QuerySet[Participant] = super().get_queryset(request)
        return rows.annotate(
            main_identifier_shown=Subquery(main.annotate(shown=shown).values("shown")[:1]),
            identifiers_counted=_counted(identifiers),
            endpoints_counted=_counted(Endpoint.objects.filter(participant=OuterRef("pk"))),
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Search names, and identifiers below the confidential tier."""
        named, may_repeat = super().get_search_results(request, queryset, search_term)
        term = search_term.strip()
        if not term:
            return named, may_repeat
        identified = Identifier.objects.filter(
            Q(value__istartswith=term) | Q(normalized__istartswith=term),
            tier__lt=SensitivityTier.CONFIDENTIAL,
        ).order_by("pk")
        owners = set(identified.values_list("participant_id", flat=True)[:SEARCHED_MAX])
        return (named | queryset.filter(pk__in=owners) if owners else named), may_repeat

    @display(description="kind", ordering="kind", label=KIND_COLOURS)  # type: ignore[untyped-decorator]
    def shown_kind(self, row: Participant) -> tuple[str, str]:
        """Show the kind as a coloured word."""
        return row.kind, row.get_kind_display()

    @admin.display(description="main identifier")
    def main_identifier(self, row: Any) -> str:
        """Show the most preferred identifier."""
        return row.main_identifier_shown or "-"

    @admin.display(description="identifiers")
    def identifier_count(self, row: Any) -> int:
        """Show how many identifiers stand."""
        count: int = row.identifiers_counted
        return count

    @admin.display(description="endpoints")
    def endpoint_count(self, row: Any) -> int:
        """Show how many endpoints there are."""
        count: int = row.endpoints_counted
        return count


def _counted(rows: QuerySet[Any]) -> Coalesce:
    counted = rows.order_by().values("participant").annotate(found=Count("pk")).values("found")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
