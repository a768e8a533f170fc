"""Filters of the directory's lists, whose choices cost at most one small query."""

from typing import Any

import pycountry
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter

from directory.models import Participant, Source
from directory.models.participants import INTERNAL_SOURCE
from directory.rails.registry import registry

Choices = list[tuple[str, str]]


class SourceFilter(DropdownFilter):  # type: ignore[misc]
    """By the source that a row comes from."""

    title = "source"
    parameter_name = "source"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:  # noqa: ARG002 -- the signature is Django's
        """Offer the sources of this directory and what was typed in."""
        names = {INTERNAL_SOURCE, *Source.objects.order_by("name", "pk").values_list("name", flat=True)}
        return [(name, name) for name in sorted(names)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002 -- the signature is Django's
        """Keep rows of the source."""
        return queryset.filter(source=self.value()) if self.value() else queryset


class CountryFilter(DropdownFilter):  # type: ignore[misc]
    """By country, of those that occur."""

    title = "country"
    parameter_name = "country"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:  # noqa: ARG002 -- the signature is Django's
        """Offer the countries of this directory's participants by name."""
        codes = Participant.objects.order_by("country").values_list("country", flat=True).distinct()
        return sorted(((code, country_name(code)) for code in codes if code), key=lambda choice: choice[1])

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002 -- the signature is Django's
        """Keep participants of the country."""
        return queryset.filter(country=self.value()) if self.value() else queryset


class IdentifierTypeFilter(DropdownFilter):  # type: ignore[misc]
    """By type, of those that the rails register."""

    title = "type"
    parameter_name = "identifier_type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:  # noqa: ARG002 -- the signature is Django's
        """Offer every registered type."""
        return [(kind.name, kind.name) for kind in registry.types()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002 -- the signature is Django's
        """Keep identifiers of the type."""
        return queryset.filter(identifier_type=self.value()) if self.value() else queryset


class ProtocolFilter(DropdownFilter):  # type: ignore[misc]
    """By protocol, of those that the rails register."""

    title = "protocol"
    parameter_name = "protocol"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:  # noqa: ARG002 -- the signature is Django's
        """Offer every registered protocol."""
        return [(protocol.name, protocol.label) for protocol in registry.protocols()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002 -- the signature is Django's
        """Keep endpoints of the protocol."""
        return queryset.filter(protocol=self.value()) if self.value() else queryset


class SupersededFilter(DropdownFilter):  # type: ignore[misc]
    """By whether the row's source still holds it."""

    title = "standing"
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:  # noqa: ARG002 -- the signature is Django's
        """Offer current and superseded rows."""
        return [("current", "Current"), ("superseded", "Superseded")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002 -- the signature is Django's
        """Keep rows that stand so."""
        if not self.value():
            return queryset
        return queryset.filter(superseded_at__isnull=self.value() == "current")


def country_name(code: str) -> str:
    """Return a country's name, or the code of one that ISO 3166-1 does not name."""
    found = pycountry.countries.get(alpha_2=code)
    return f"{found.name} ({code})" if found else code
