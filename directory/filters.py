"""Which columns of directory lists can be filtered, and how."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet

from audit.operations import rows_created_by, rows_updated_by
from config.foundation.display_ids import parse_display_id
from config.foundation.rest.described import AsOfFilter, RequestFilter
from config.foundation.rest.filters import DeclaredFilter, DeclaredFilters
from config.foundation.rest.lookups import (
    BOOLEAN,
    EQUAL,
    MANY,
    MOMENT,
    NULLABLE,
    OPTIONAL,
    OPTIONAL_TEXT,
    ORDERED,
    TEXT,
    WORDS,
)
from directory.enums import SensitivityTier
from directory.models import (
    Capability,
    Credential,
    Edge,
    Endpoint,
    Identifier,
    Participant,
    Policy,
    PrefixRule,
    Probe,
    RoutingArtifact,
    Source,
    SourceRun,
)
from directory.models.routing import NODE_MODELS

STAMPS = {"created_at": MOMENT, "updated_at": MOMENT}
SOURCED = {
    "source": EQUAL,
    "external_id": (*WORDS, *NULLABLE),
    "verified_at": (*MOMENT, *NULLABLE),
    "confidence": ORDERED,
    "superseded_at": NULLABLE,
    **STAMPS,
}
WINDOW = {"valid_from": (*MOMENT, *NULLABLE), "valid_to": (*MOMENT, *NULLABLE)}
OF_PARTICIPANT = {"participant": EQUAL, "participant__name": TEXT}


class AuditedFilters(DeclaredFilters):
    """Filters of a table whose changes are in the chain."""

    created_by_request = RequestFilter("created", rows_created_by)
    updated_by_request = RequestFilter("changed", rows_updated_by)


class SourcedFilters(AuditedFilters):
    """Filters of a table whose rows hold for a time, or until their source no longer has them."""

    as_of = AsOfFilter(ends=("valid_to", "superseded_at"))


class ParticipantFilters(AuditedFilters):
    """Filters of participants."""

    searched = ("name", "notes")

    class Meta:
        model = Participant
        fields = {"name": TEXT, "kind": EQUAL, "country": OPTIONAL, "tags": MANY, **SOURCED}


class IdentifierFilters(AuditedFilters):
    """Values are compared in clear, so a filter by value finds no confidential identifier."""

    searched = ("value", "normalized", "participant__name")

    class Meta:
        model = Identifier
        fields = {
            "identifier_type": TEXT,
            "value": TEXT,
            "normalized": TEXT,
            "scope": OPTIONAL_TEXT,
            "tier": EQUAL,
            "priority": ORDERED,
            **OF_PARTICIPANT,
            **SOURCED,
        }

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Leave confidential rows out wherever values are compared: stored there is ciphertext."""
        queryset = super().filter_queryset(queryset)
        if any(name.startswith(("value", "normalized")) or name == "q" for name in self.data):
            queryset = queryset.filter(tier__lt=SensitivityTier.CONFIDENTIAL)
        return queryset


class EndpointFilters(SourcedFilters):
    """Filters of endpoints."""

    searched = ("address", "participant__name")

    class Meta:
        model = Endpoint
        fields = {
            "protocol": EQUAL,
            "address": TEXT,
            "profile": OPTIONAL_TEXT,
            "priority": ORDERED,
            "status": EQUAL,
            "published": BOOLEAN,
            **OF_PARTICIPANT,
            **WINDOW,
            **SOURCED,
        }


class CapabilityFilters(AuditedFilters):
    """Filters of capabilities."""

    searched = ("service", "action", "process", "document_type", "participant__name")

    class Meta:
        model = Capability
        fields = {
            "service": OPTIONAL_TEXT,
            "action": OPTIONAL_TEXT,
            "process": OPTIONAL_TEXT,
            "document_type": OPTIONAL_TEXT,
            "endpoint": OPTIONAL,
            **OF_PARTICIPANT,
            **SOURCED,
        }


class CredentialFilters(SourcedFilters):
    """Filters of credentials."""

    searched = ("fingerprint", "participant__name")

    class Meta:
        model = Credential
        fields = {
            "credential_type": EQUAL,
            "fingerprint": OPTIONAL_TEXT,
            "endpoint": OPTIONAL,
            **OF_PARTICIPANT,
            **WINDOW,
            **SOURCED,
        }


class PolicyFilters(AuditedFilters):
    """Filters of policies."""

    searched = ("name", "reason")

    class Meta:
        model = Policy
        fields = {"name": TEXT, "effect": EQUAL, "priority": ORDERED, "enabled": BOOLEAN, **STAMPS}


class NodeIdField(forms.CharField):
    """The display id of any kind of row that an edge joins; cleaned to ``(type, uuid)``."""

    def to_python(self, value: Any) -> Any:
        """Return the kind and uuid.

        Raises:
            ValidationError: ``invalid_id``.
        """
        for kind, model in NODE_MODELS.items():
            parsed = parse_display_id(model.display_prefix, str(value))
            if parsed is not None:
                return kind, parsed
        prefixes = ", ".join(f"{model.display_prefix}_" for model in NODE_MODELS.values())
        raise ValidationError(f"An id here is one of {prefixes} and 32 hex digits.", code="invalid_id")


class NodeFilter(DeclaredFilter):
    """Edges that begin (or end) at one of these rows."""

    def __init__(self, side: str) -> None:
        prefixes = "|".join(model.display_prefix for model in NODE_MODELS.values())
        schema = {"type": "string", "pattern": f"^({prefixes})_[0-9a-f]{{32}}$"}
        super().__init__(
            field_name=side, lookup_expr="exact", each=NodeIdField(required=False), schema=schema
        )

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        """Narrow the queryset."""
        ends = Q()
        for kind, row_id in value or ():
            ends |= Q(**{f"{self.field_name}_type": kind, f"{self.field_name}_id": row_id})
        return qs.filter(ends)


class EdgeFilters(SourcedFilters):
    """Filters of edges."""

    from_id = NodeFilter("from")
    to_id = NodeFilter("to")

    class Meta:
        model = Edge
        fields = {
            "from_type": EQUAL,
            "from_end": EQUAL,
            "to_type": EQUAL,
            "to_end": EQUAL,
            "relation": EQUAL,
            "confidence": ORDERED,
            "source": EQUAL,
            "superseded_at": NULLABLE,
            **WINDOW,
            **STAMPS,
        }


class RoutingArtifactFilters(AuditedFilters):
    """Filters of routing artifacts."""

    as_of = AsOfFilter("effective_from", ("effective_to",))

    searched = ("name",)

    class Meta:
        model = RoutingArtifact
        fields = {
            "kind": EQUAL,
            "name": TEXT,
            "version": ORDERED,
            "status": EQUAL,
            "source": EQUAL,
            "effective_from": (*MOMENT, *NULLABLE),
            "effective_to": (*MOMENT, *NULLABLE),
            **STAMPS,
        }


class PrefixRuleFilters(AuditedFilters):
    """Filters of prefix rules."""

    as_of = AsOfFilter()

    searched = ("prefix", "range_text", "target_address")

    class Meta:
        model = PrefixRule
        fields = {
            "artifact": EQUAL,
            "artifact__name": TEXT,
            "artifact__kind": EQUAL,
            "artifact__status": EQUAL,
            "prefix": (*EQUAL, "istartswith"),
            "tt": OPTIONAL,
            "np": OPTIONAL,
            "nai": OPTIONAL,
            "ssn": OPTIONAL,
            "brand": OPTIONAL,
            "region": OPTIONAL,
            "mode": EQUAL,
            "priority": ORDERED,
            "target_protocol": EQUAL,
            "target_address": TEXT,
            **OF_PARTICIPANT,
            **WINDOW,
            **STAMPS,
        }


class SourceFilters(AuditedFilters):
    """Filters of sources."""

    searched = ("name",)

    class Meta:
        model = Source
        fields = {"name": TEXT, "kind": EQUAL, "failure_mode": EQUAL, "enabled": BOOLEAN, **STAMPS}


class SourceRunFilters(AuditedFilters):
    """Filters of runs of sources."""

    class Meta:
        model = SourceRun
        fields = {
            "source": EQUAL,
            "source__name": TEXT,
            "state": EQUAL,
            "started_at": MOMENT,
            "finished_at": (*MOMENT, *NULLABLE),
            "rows_rejected": ORDERED,
            **STAMPS,
        }


class ProbeFilters(AuditedFilters):
    """Filters of probes."""

    searched = ("name",)

    class Meta:
        model = Probe
        fields = {"name": TEXT, "last_run_at": (*MOMENT, *NULLABLE), **STAMPS}
