"""Whether what is kept as JSON, payloads and routing tests, has its form and no card number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from jsonschema import Draft202012Validator

from directory.enums import ArtifactKind
from directory.rails.kinds import IdentifierError
from directory.rails.registry import registry
from directory.validators.columns import faults_of

if TYPE_CHECKING:
    from directory.models import Probe, RoutingArtifact

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
        ValidationError: ``payload_invalid`` or ``possible_card_number``, under ``payload``.
    """
    _refuse_card_numbers(artifact, ("payload",))
    if artifact.kind in _DIRECTIVE_KINDS:
        faults = faults_of(_MATCH_AND_DIRECTIVE, artifact.payload)
    else:
        faults = [] if isinstance(artifact.payload, dict) else ["The payload is a JSON object."]
    if faults:
        raise ValidationError(
            {"payload": [ValidationError(fault, code="payload_invalid") for fault in faults]}
        )


def check_probe(probe: Probe) -> None:
    """Refuse a routing test that asks for a card number.

    Raises:
        ValidationError: ``possible_card_number``, under ``request`` or ``expected``.
    """
    _refuse_card_numbers(probe, ("request", "expected"))


def _refuse_card_numbers(row: RoutingArtifact | Probe, fields: tuple[str, ...]) -> None:
    for field in fields:
        if _holds_card_number(getattr(row, field)):
            setattr(row, field, {})  # a refused value is not left on the row, where a traceback shows it
            message = "This holds what may be a card number, which is never kept here."
            raise ValidationError({field: ValidationError(message, code="possible_card_number")})


def _holds_card_number(value: Any) -> bool:
    """Tell whether JSON holds, anywhere, an identifier that its type refuses as a card number."""
    if isinstance(value, list):
        return any(_holds_card_number(item) for item in value)
    if not isinstance(value, dict):
        return False
    if isinstance(value.get("type"), str) and "value" in value:
        try:
            registry.get(value["type"]).normalize(value["value"], value.get("scope", ""))
        except IdentifierError as error:
            if error.code == "possible_card_number":
                return True
    return any(_holds_card_number(item) for item in value.values())
