"""The published contract of resolution, as JSON Schema; its mixed casing is part of it."""

from __future__ import annotations

from typing import Any, get_args

from config.foundation.rest.operations import Component
from config.foundation.rest.schema import PROBLEM
from directory.resolution.documents import Outcome

BULK_MAX = 1000


def _texts(*names: str, length: int = 512) -> dict[str, Any]:
    return {name: {"type": "string", "maxLength": length} for name in names}


def _reference(component: Component) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{component.name}"}


IDENTIFIER = Component(
    "ResolveIdentifier",
    {
        "type": "object",
        "required": ["type", "value"],
        "additionalProperties": False,
        "properties": {
            "type": {"type": "string", "maxLength": 64, "description": "A registered identifier type."},
            "value": {"type": "string", "maxLength": 512},
            "scope": {"type": "string", "maxLength": 128, "description": "Omitted: the rail's default."},
        },
    },
)
REQUEST = Component(
    "ResolveRequest",
    {
        "type": "object",
        "description": "Who is to be reached, for what, and under which constraints.",
        "required": ["identifiers"],
        "additionalProperties": False,
        "properties": {
            "identifiers": {"type": "array", "minItems": 1, "maxItems": 20, "items": _reference(IDENTIFIER)},
            "serviceContext": {
                "type": "object",
                "additionalProperties": False,
                "properties": _texts("service", "action", "process", "documentType", "serviceIndicator"),
            },
            "constraints": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "protocols": {"type": "array", "items": {"type": "string"}},
                    "profiles": {"type": "array", "items": {"type": "string"}},
                    **_texts("scheme", "brand", "network.brand", "mpc", "role", "callingGt"),
                    "ssn": {"type": "integer", "minimum": 0, "maximum": 255},
                    "sls": {"type": "integer", "minimum": 0},
                    "minConfidence": {"type": "number", "minimum": 0, "maximum": 1},
                    "maxStaleSeconds": {"type": "integer", "minimum": 0},
                },
            },
            "tenant": {"type": "string", "description": "Must name the tenant of the address."},
            "asOf": {
                "type": "string",
                "format": "date-time",
                "description": "The instant to judge validity at.",
            },
            "limit": {"type": "integer", "minimum": 1, "maximum": 50, "default": 10},
            "explain": {"type": "boolean", "default": False},
            "correlationId": {"type": "string", "maxLength": 128},
        },
    },
    uses=(IDENTIFIER,),
)
DIRECTIVE = Component(
    "RouteDirective",
    {
        "type": "object",
        "description": "How to reach the party: where, in which profile, secured how.",
        "required": ["target_protocol", "target_address"],
        "additionalProperties": True,
        "properties": {
            "target_protocol": {"type": "string"},
            "target_address": {"type": "string"},
            "transport_profile": {"type": "string"},
            "security": {
                "type": "object",
                "properties": {
                    "signRequired": {"type": "boolean"},
                    "encryptRequired": {"type": "boolean"},
                    "keyRefs": {"type": "array", "items": {"type": "string"}},
                    "algorithms": {"type": "object", "additionalProperties": True},
                },
            },
            "service_context": {"type": "object", "additionalProperties": True},
            "qos": {"type": "object", "additionalProperties": True},
            "ttl_seconds": {"type": "integer", "minimum": 0},
            "evidence": {
                "type": "object",
                "properties": {
                    "source": {"type": "string"},
                    "lastVerified": {"type": "string", "format": "date-time"},
                    "confidenceScore": {"type": "number", "minimum": 0, "maximum": 1},
                },
            },
        },
    },
)
RESPONSE = Component(
    "ResolveResponse",
    {
        "type": "object",
        "description": "Directives in order. `primary` is absent where nothing matched, which is no error.",
        "required": ["alternates", "directives", "evidence", "resolution_trace", "directory_version"],
        "additionalProperties": True,
        "properties": {
            "primary": _reference(DIRECTIVE),
            "alternates": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["directive", "reason"],
                    "properties": {"directive": _reference(DIRECTIVE), "reason": {"type": "string"}},
                },
            },
            "directives": {"type": "array", "items": _reference(DIRECTIVE)},
            "failure_policy": {
                "type": "object",
                "description": "Advice to the sender.",
                "required": ["retry", "backoff", "circuitBreak"],
                "properties": {
                    "retry": {"type": "integer", "minimum": 0},
                    "backoff": {"type": "string"},
                    "circuitBreak": {"type": "boolean"},
                },
            },
            "evidence": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["source", "freshness", "confidence"],
                    "properties": {
                        "source": {"type": "string"},
                        "freshness": {"type": "string", "format": "date-time"},
                        "confidence": {"type": "number", "minimum": 0, "maximum": 1},
                        "step": {"type": "string", "description": "The hop of an edge that contributed."},
                    },
                },
            },
            "negative_cache_ttl": {"type": "integer", "minimum": 0},
            "resolution_trace": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["level", "source", "outcome"],
                    "properties": {
                        "level": {"type": "string"},
                        "source": {"type": "string"},
                        "outcome": {"type": "string", "enum": list(get_args(Outcome))},
                        "candidates": {"type": "integer", "minimum": 0},
                        "directory": {"type": "string"},
                        "matched_prefix": {"type": "string"},
                    },
                    "additionalProperties": True,
                },
            },
            "directory_version": {"type": "string"},
            "correlationId": {"type": "string"},
            "explanation": {"description": "Only with `explain`: every candidate, and what removed it."},
        },
    },
    uses=(DIRECTIVE,),
)
BULK_REQUEST = Component(
    "BulkResolveRequest",
    {
        "type": "object",
        "required": ["requests"],
        "additionalProperties": False,
        "properties": {
            "requests": {"type": "array", "minItems": 1, "maxItems": BULK_MAX, "items": _reference(REQUEST)}
        },
    },
    uses=(REQUEST, IDENTIFIER),
)
BULK_RESPONSE = Component(
    "BulkResolveResponse",
    {
        "type": "object",
        "required": ["results"],
        "properties": {
            "results": {
                "type": "array",
                "description": "One answer or problem for each request, in their order.",
                "items": {"anyOf": [_reference(RESPONSE), _reference(PROBLEM)]},
            }
        },
    },
    uses=(RESPONSE, DIRECTIVE, PROBLEM),
)
