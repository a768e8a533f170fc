"""Whether the payload of an artifact has the form of its kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from jsonschema import Draft202012Validator

from directory.enums import ArtifactKind
from directory.validators.columns import faults_of

if TYPE_CHECKING:
    from directory.models import RoutingArtifact

_MATCH_AND_DIRECTIVE = Draft202012Validator(
    {
        "type": "object",
        "required": ["match", "directive"],
        "additionalProperties": False,
        "properties": {
            "match": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "identifiers": {
                        "type": "array",
                        "maxItems": 1000,
                        "items": {
                            "type": "object",
                            "required": ["type", "value"],
                            "additionalProperties": False,
                            "properties": {
                                "type": {"type": "string"},
                                "value": {"type": "string"},
                                "scope": {"type": "string"},
                            },
                        },
                    },
                    **{
                        name: {"type": "string", "maxLength": 512}
                        for name in ("type", "service", "action", "process", "documentType")
                    },
                },
            },
            "directive": {
                "type": "object",
                "required": ["target_protocol", "target_address"],
                "additionalProperties": False,
                "properties": {
                    "target_protocol": {"type": "string", "minLength": 1},
                    "target_address": {"type": "string", "minLength": 1},
                    "transport_profile": {"type": "string"},
                    "keyRefs": {"type": "array", "maxItems": 20, "items": {"type": "string"}},
                    "qos": {"type": "object"},
                },
            },
            "priority": {"type": "integer"},
        },
    }
)
_DIRECTIVE_KINDS = frozenset(
    {ArtifactKind.TENANT_OVERRIDE, ArtifactKind.CONTRACT, ArtifactKind.DEFAULT_ROUTE}
)


def check_artifact(artifact: RoutingArtifact) -> None:
    """Refuse a payload that is not of the form its kind of artifact has.

    Raises:
        ValidationError: ``payload_invalid``, under ``payload``.
    """
    if artifact.kind in _DIRECTIVE_KINDS:
        faults = faults_of(_MATCH_AND_DIRECTIVE, artifact.payload)
    else:
        faults = [] if isinstance(artifact.payload, dict) else ["The payload is a JSON object."]
    if faults:
        raise ValidationError(
            {"payload": [ValidationError(fault, code="payload_invalid") for fault in faults]}
        )
