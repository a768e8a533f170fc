"""How directory rows are shaped for reading. Confidential values are shown in clear only to who may see them.

The view says so in the context: ``{"reveals": bool, "revealed": list[Row]}``; a serializer that shows a
confidential value adds the row to ``revealed``, so that the reading is audited.
"""

from __future__ import annotations

from typing import Any

from django.db import DEFAULT_DB_ALIAS
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from config.foundation.display_ids import display_id
from config.foundation.keys import decrypt
from config.foundation.rest.serializers import STAMP_FIELDS, ReadSerializer, RowSerializer
from config.foundation.rows import selected_schema
from directory.enums import ArtifactKind, SensitivityTier
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
from directory.models.participants import PROVENANCE
from directory.models.routing import NODE_MODELS

HIDDEN = "•••"
_OBJECT_OR_NULL = {"type": ["object", "null"], "additionalProperties": True}
NODE_ID = {
    "type": "string",
    "pattern": f"^({'|'.join(model.display_prefix for model in NODE_MODELS.values())})_[0-9a-f]{{32}}$",
}


class ParticipantKeySerializer(ReadSerializer[Participant]):
    """The natural key of a participant, as it may be written back as a reference."""

    class Meta:
        model = Participant
        fields = ("name",)


class EndpointKeySerializer(ReadSerializer[Endpoint]):
    """The natural key of an endpoint within its participant."""

    class Meta:
        model = Endpoint
        fields = ("protocol", "address", "profile")


class ArtifactKeySerializer(ReadSerializer[RoutingArtifact]):
    """The natural key of a version of a routing artifact."""

    class Meta:
        model = RoutingArtifact
        fields = ("kind", "name", "version")


class SourceKeySerializer(ReadSerializer[Source]):
    """The natural key of a source."""

    class Meta:
        model = Source
        fields = ("name",)


class ParticipantSerializer(RowSerializer[Participant]):
    """An organization, node, service or range of numbers that can be reached."""

    class Meta:
        model = Participant
        fields = ("id", "url", "name", "kind", "country", "tags", "notes", *PROVENANCE, *STAMP_FIELDS)


class IdentifierSerializer(RowSerializer[Identifier]):
    """A name by which a participant is known on some rail; a confidential value may be hidden."""

    participant = ParticipantKeySerializer(read_only=True)
    value = serializers.SerializerMethodField(
        method_name="shown_value", help_text="As given; ••• where it is confidential and hidden."
    )
    normalized = serializers.SerializerMethodField(
        help_text="As looked up; ••• where the value is confidential."
    )

    class Meta:
        model = Identifier
        fields = (
            "id", "url", "participant_id", "participant", "identifier_type", "value", "normalized",
            "scope", "tier", "priority", *PROVENANCE, *STAMP_FIELDS,
        )  # fmt: skip

    def shown_value(self, identifier: Identifier) -> str:
        """Return the value, in clear where it is not confidential or the caller may see it."""
        if identifier.tier < SensitivityTier.CONFIDENTIAL:
            return identifier.value
        if not self.context["reveals"]:
            return HIDDEN
        self.context["revealed"].append(identifier)
        return decrypt(selected_schema(DEFAULT_DB_ALIAS), identifier.value)

    def get_normalized(self, identifier: Identifier) -> str:
        """Return the normal form; a blind index is nobody's business."""
        return identifier.normalized if identifier.tier < SensitivityTier.CONFIDENTIAL else HIDDEN


class EndpointSerializer(RowSerializer[Endpoint]):
    """An address at which a participant takes traffic of one protocol."""

    participant = ParticipantKeySerializer(read_only=True)
    qos = serializers.JSONField(read_only=True)

    class Meta:
        model = Endpoint
        fields = (
            "id", "url", "participant_id", "participant", "protocol", "address", "profile", "priority",
            "status", "valid_from", "valid_to", "qos", "published", *PROVENANCE, *STAMP_FIELDS,
        )  # fmt: skip


class CapabilitySerializer(RowSerializer[Capability]):
    """What a participant declares it can do; an empty column stands for anything."""

    participant = ParticipantKeySerializer(read_only=True)
    endpoint = EndpointKeySerializer(read_only=True, allow_null=True)

    class Meta:
        model = Capability
        fields = (
            "id", "url", "participant_id", "participant", "endpoint_id", "endpoint", "service", "action",
            "process", "document_type", "constraints_json", *PROVENANCE, *STAMP_FIELDS,
        )  # fmt: skip


class CredentialSerializer(RowSerializer[Credential]):
    """A reference to key material in a vault, of which only the vault's kind is shown."""

    participant = ParticipantKeySerializer(read_only=True)
    endpoint = EndpointKeySerializer(read_only=True, allow_null=True)
    vault_ref = serializers.SerializerMethodField(help_text="The vault's kind; the rest is never shown here.")

    class Meta:
        model = Credential
        fields = (
            "id", "url", "participant_id", "participant", "endpoint_id", "endpoint", "credential_type",
            "vault_ref", "fingerprint", "certificate", "valid_from", "valid_to", *PROVENANCE,
            *STAMP_FIELDS,
        )  # fmt: skip

    def get_vault_ref(self, credential: Credential) -> str:
        """Return ``vault://•••`` and its like."""
        scheme, separator, _rest = credential.vault_ref.partition(":")
        if not separator:
            return ""
        slashes = "//" if credential.vault_ref.startswith(f"{scheme}://") else ""
        return f"{scheme}:{slashes}{HIDDEN}"


class PolicySerializer(RowSerializer[Policy]):
    """A rule that lets candidates of a resolution stay or removes them."""

    class Meta:
        model = Policy
        fields = ("id", "url", "name", "rule_json", "effect", "priority", "enabled", "reason", *STAMP_FIELDS)


class EdgeSerializer(RowSerializer[Edge]):
    """A link of the provenance graph; its ends are ids of rows here or in the global directory."""

    from_id = serializers.SerializerMethodField()
    to_id = serializers.SerializerMethodField()

    class Meta:
        model = Edge
        fields = (
            "id", "url", "from_type", "from_id", "from_end", "to_type", "to_id", "to_end", "relation",
            "confidence", "source", "valid_from", "valid_to", "superseded_at", *STAMP_FIELDS,
        )  # fmt: skip

    @extend_schema_field(NODE_ID)
    def get_from_id(self, edge: Edge) -> str:
        """Return the id of the row the edge leads from."""
        return display_id(NODE_MODELS[edge.from_type].display_prefix, edge.from_id)  # type: ignore[index]

    @extend_schema_field(NODE_ID)
    def get_to_id(self, edge: Edge) -> str:
        """Return the id of the row the edge leads to."""
        return display_id(NODE_MODELS[edge.to_type].display_prefix, edge.to_id)  # type: ignore[index]


class RoutingArtifactSerializer(RowSerializer[RoutingArtifact]):
    """A version of a table or set of directives; a contract's payload is null to who may not see it."""

    payload = serializers.SerializerMethodField(help_text="Null where it is confidential and hidden.")

    class Meta:
        model = RoutingArtifact
        fields = (
            "id", "url", "kind", "name", "version", "status", "effective_from", "effective_to",
            "payload", "source", "signature", *STAMP_FIELDS,
        )  # fmt: skip

    @extend_schema_field(_OBJECT_OR_NULL)
    def get_payload(self, artifact: RoutingArtifact) -> Any:
        """Return the payload; a contract's routes are confidential."""
        if artifact.kind != ArtifactKind.CONTRACT:
            return artifact.payload
        if not self.context["reveals"]:
            return None
        self.context["revealed"].append(artifact)
        return artifact.payload


class PrefixRuleSerializer(RowSerializer[PrefixRule]):
    """A rule of a prefix table; a null selector matches any."""

    artifact = ArtifactKeySerializer(read_only=True)
    participant = ParticipantKeySerializer(read_only=True, allow_null=True)

    class Meta:
        model = PrefixRule
        fields = (
            "id", "url", "artifact_id", "artifact", "prefix", "range_text", "gti", "tt", "np", "nai",
            "ssn", "network_indicator", "brand", "region", "calling_prefix", "origin", "mode", "weight",
            "priority", "target_protocol", "target_address", "transport_profile", "participant_id",
            "participant", "result", "valid_from", "valid_to", *STAMP_FIELDS,
        )  # fmt: skip


class SourceSerializer(RowSerializer[Source]):
    """A connector's configuration; its settings are null to who may not see them."""

    settings = serializers.SerializerMethodField(help_text="Null where hidden: settings are confidential.")

    class Meta:
        model = Source
        fields = (
            "id", "url", "name", "kind", "settings", "trust_anchors", "ttl_s", "jitter_s",
            "negative_ttl_s", "max_stale_s", "timeout_ms", "retries", "breaker_threshold",
            "breaker_cool_down_s", "failure_mode", "enabled", *STAMP_FIELDS,
        )  # fmt: skip

    @extend_schema_field(_OBJECT_OR_NULL)
    def get_settings(self, source: Source) -> Any:
        """Return the settings to who may see them."""
        if not self.context["reveals"]:
            return None
        self.context["revealed"].append(source)
        return source.settings


class SourceRunSerializer(RowSerializer[SourceRun]):
    """One run of a source: what it read and wrote, and each row it refused with the reason."""

    source = SourceKeySerializer(read_only=True)  # type: ignore[assignment]  # the metaclass takes it off

    class Meta:
        model = SourceRun
        fields = (
            "id", "url", "source_id", "source", "started_at", "finished_at", "state", "rows_read",
            "rows_created", "rows_updated", "rows_unchanged", "rows_superseded", "rows_rejected",
            "errors", "progress_percent", *STAMP_FIELDS,
        )  # fmt: skip


class ProbeSerializer(RowSerializer[Probe]):
    """A routing test kept as data."""

    last_result = serializers.SerializerMethodField(help_text="Null until it has run.")

    class Meta:
        model = Probe
        fields = ("id", "url", "name", "request", "expected", "last_result", "last_run_at", *STAMP_FIELDS)

    @extend_schema_field(_OBJECT_OR_NULL)
    def get_last_result(self, probe: Probe) -> Any:
        """Return what the last run answered."""
        return probe.last_result
