"""Which keys of each table a body may hold; what they may say is the models' to decide.

Not written over the API, because an act of its own sets them: an artifact's ``status`` (activation), ``superseded_at``
(an import that no longer holds the row), a probe's ``last_result``. Nor what follows from other columns: ``normalized``
and ``tier``. ``verified_at`` is written: people verify rows too.
"""

from __future__ import annotations

from typing import TypeVar

from config.foundation.rest.references import natural_keys
from config.foundation.rest.writing import WriteSerializer
from directory.models import (
    Capability,
    Credential,
    Endpoint,
    Identifier,
    Participant,
    Policy,
    PrefixRule,
    Probe,
    RoutingArtifact,
    Source,
)
from directory.models.base import DirectoryRow
from directory.models.participants import PROVENANCE

R = TypeVar("R", bound=DirectoryRow)
WRITTEN_PROVENANCE = tuple(name for name in PROVENANCE if name != "superseded_at")


class DirectoryWriteSerializer(WriteSerializer[R]):
    """A row of the directory; participants, endpoints and routing artifacts may be named by what they are known by."""

    natural_keys = natural_keys(
        {
            Participant: ("name", "kind", "country", "source", "external_id", "confidence"),
            Endpoint: (
                "protocol", "address", "profile", "priority", "status", "published", "participant", "source",
                "external_id", "confidence",
            ),
            RoutingArtifact: ("kind", "name", "version", "status", "source"),
        }
    )  # fmt: skip
    owners = {
        "status": "activation",
        "superseded_at": "imports of the source",
        "normalized": "type and value",
        "tier": "the type",
        "last_result": "runs of the probe",
        "last_run_at": "runs of the probe",
    }


class ParticipantWriteSerializer(DirectoryWriteSerializer[Participant]):
    """An organization, node, service or range of numbers that can be reached."""

    class Meta:
        model = Participant
        fields = ("name", "kind", "country", "tags", "notes", *WRITTEN_PROVENANCE)


class IdentifierWriteSerializer(DirectoryWriteSerializer[Identifier]):
    """A name by which a participant is known on some rail; a confidential value is written, and hidden when read."""

    class Meta:
        model = Identifier
        fields = ("participant_id", "identifier_type", "value", "scope", "priority", *WRITTEN_PROVENANCE)


class EndpointWriteSerializer(DirectoryWriteSerializer[Endpoint]):
    """An address at which a participant takes traffic of one protocol."""

    class Meta:
        model = Endpoint
        fields = (
            "participant_id", "protocol", "address", "profile", "priority", "status", "valid_from", "valid_to", "qos",
            "published", *WRITTEN_PROVENANCE,
        )  # fmt: skip


class CapabilityWriteSerializer(DirectoryWriteSerializer[Capability]):
    """What a participant declares it can do; an empty column stands for anything."""

    class Meta:
        model = Capability
        fields = (
            "participant_id", "endpoint_id", "service", "action", "process", "document_type", "constraints_json",
            *WRITTEN_PROVENANCE,
        )  # fmt: skip


class CredentialWriteSerializer(DirectoryWriteSerializer[Credential]):
    """A reference to key material in a vault; fingerprint and validity follow from a certificate where there is one."""

    class Meta:
        model = Credential
        fields = (
            "participant_id", "endpoint_id", "credential_type", "vault_ref", "fingerprint", "certificate", "valid_from",
            "valid_to", *WRITTEN_PROVENANCE,
        )  # fmt: skip


class PolicyWriteSerializer(DirectoryWriteSerializer[Policy]):
    """A rule that lets candidates of a resolution stay or removes them."""

    class Meta:
        model = Policy
        fields = ("name", "rule_json", "effect", "priority", "enabled", "reason")


class RoutingArtifactWriteSerializer(DirectoryWriteSerializer[RoutingArtifact]):
    """A version of a table or set of directives, as a draft."""

    class Meta:
        model = RoutingArtifact
        fields = (
            "kind", "name", "version", "effective_from", "effective_to", "payload", "source", "signature",
        )  # fmt: skip


class PrefixRuleWriteSerializer(DirectoryWriteSerializer[PrefixRule]):
    """A rule of a draft of a prefix table; a null selector matches any."""

    class Meta:
        model = PrefixRule
        fields = (
            "artifact_id", "prefix", "range_text", "gti", "tt", "np", "nai", "ssn", "network_indicator", "brand",
            "region", "calling_prefix", "origin", "mode", "weight", "priority", "target_protocol", "target_address",
            "transport_profile", "participant_id", "result", "valid_from", "valid_to",
        )  # fmt: skip


class SourceWriteSerializer(DirectoryWriteSerializer[Source]):
    """A connector's configuration; its settings are written, and hidden when read."""

    class Meta:
        model = Source
        fields = (
            "name", "kind", "settings", "trust_anchors", "ttl_s", "jitter_s", "negative_ttl_s", "max_stale_s",
            "timeout_ms", "retries", "breaker_threshold", "breaker_cool_down_s", "failure_mode", "enabled",
        )  # fmt: skip


class ProbeWriteSerializer(DirectoryWriteSerializer[Probe]):
    """A routing test kept as data: a request and the part of its answer that must be so."""

    class Meta:
        model = Probe
        fields = ("name", "request", "expected")
