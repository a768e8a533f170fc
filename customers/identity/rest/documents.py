"""What the documentation says of tokens, and how their bodies are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from inspect import cleandoc
from typing import Any

from rest_framework.request import Request

from config.foundation.errors import Refused
from config.foundation.rest.operations import BODY_ERRORS, QUERY_ERRORS, Component, Operation
from config.foundation.rest.queries import DIRECTORY_PARAMETER
from config.foundation.rest.views.documents import WRITE_ERRORS
from customers.identity.operations import ROTATION_OVERLAP, ROTATION_OVERLAP_MAX
from customers.identity.rest import examples
from customers.identity.serializers import (
    ApiTokenPatchSerializer,
    ApiTokenSerializer,
    ApiTokenWriteSerializer,
    NewTokenSerializer,
)

TAG = "API tokens"
_HOUR = timedelta(hours=1)
_ONCE = (
    "The answer holds the token's text, this once: it is stored nowhere, and an answer that is given again for its "
    "Idempotency-Key has `token` null and a `notice` with the code `secret_not_replayed` instead."
)
_OF_TOKENS = "A token that calls needs the write flag, and acts on none that may do more than itself."
_CHANGE_ERRORS = (*QUERY_ERRORS, *WRITE_ERRORS, "beyond_own_token", "precondition_failed")
_ROTATION = Component(
    "ApiTokenRotation",
    {
        "type": "object",
        "description": "How a token is rotated.",
        "properties": {
            "overlap_hours": {
                "type": "integer",
                "minimum": 0,
                "maximum": ROTATION_OVERLAP_MAX // _HOUR,
                "default": ROTATION_OVERLAP // _HOUR,
                "description": "Hours for which the earlier secret stays good; 0: it is void at once.",
            }
        },
        "additionalProperties": False,
    },
)
_USE = Component(
    "ApiTokenUse",
    {
        "type": "object",
        "description": "How a token is used, as far as it was written down: at most a minute behind.",
        "required": ["last_used_at", "last_address", "last_agent", "days"],
        "properties": {
            "last_used_at": {"type": ["string", "null"], "format": "date-time"},
            "last_address": {"type": ["string", "null"], "description": "Where the last call came from."},
            "last_agent": {"type": "string", "description": "The first word of its User-Agent."},
            "days": {
                "type": "array",
                "description": "Of the last 30 days (UTC), those with calls.",
                "items": {
                    "type": "object",
                    "required": ["day", "answered", "refused"],
                    "properties": {
                        "day": {"type": "string", "format": "date"},
                        "answered": {"type": "integer", "minimum": 0},
                        "refused": {
                            "type": "object",
                            "description": "Calls that were refused, by code.",
                            "additionalProperties": {"type": "integer", "minimum": 1},
                        },
                    },
                },
            },
        },
    },
)


def describe(resource: Any, action: str, described: Callable[[], Operation]) -> Operation:
    """Return the documentation of an action of a resource of tokens; ``described`` says what every table's is."""
    if action in ("list", "retrieve"):
        return _read(resource, action, described())
    stem, meaning = resource.plural.replace(" ", "_"), cleandoc(resource.__doc__ or "").replace("\n", " ")
    makers = {
        "create": _creation,
        "partial_update": _change,
        "rotate": _rotation,
        "use": _use,
        "destroy": _revocation,
    }
    return makers[action](stem, meaning)


def body_of(request: Request) -> Any:
    """Return what the body holds.

    Raises:
        Refused: ``malformed_json``, no body at all.
    """
    if request.stream is None:
        raise Refused("malformed_json", "Send a body of JSON.")
    return request.data


def _read(resource: Any, action: str, operation: Operation) -> Operation:
    parameters = tuple(one for one in operation.parameters if one is not DIRECTORY_PARAMETER)
    if action == "retrieve":
        return replace(operation, parameters=parameters)
    page = operation.response_example | {"results": [resource.listed_example]}
    return replace(
        operation, parameters=parameters, response=resource.listed_serializer_class, response_example=page
    )


def _creation(stem: str, meaning: str) -> Operation:
    return Operation(
        operation_id=f"{stem}_create",
        summary="Make a token",
        description=f"{meaning} {_ONCE} {_OF_TOKENS}",
        tag=TAG,
        request=ApiTokenWriteSerializer.component(is_partial=False),
        request_example=examples.WRITE,
        response=NewTokenSerializer,
        response_example=examples.NEW,
        status=201,
        headers=("ETag", "Location"),
        takes_reason=True,
        takes_key=True,
        errors=(*BODY_ERRORS, *QUERY_ERRORS, *WRITE_ERRORS, "duplicate", "beyond_own_token"),
    )


def _change(stem: str, meaning: str) -> Operation:
    return Operation(
        operation_id=f"{stem}_update",
        summary="Change a token",
        description=(
            f"{meaning} A JSON merge patch (RFC 7396) of name, networks, and whether it is enabled; nothing else of a "
            f"token changes, and nothing of a revoked one. {_OF_TOKENS}"
        ),
        tag=TAG,
        request=ApiTokenPatchSerializer.component(is_partial=True),
        request_example={"is_enabled": False},
        response=ApiTokenSerializer,
        response_example=examples.TOKEN | {"is_enabled": False, "row_version": 2},
        headers=("ETag",),
        takes_reason=True,
        takes_key=True,
        precondition="IfMatch",
        errors=(*BODY_ERRORS, *_CHANGE_ERRORS, "token_unusable"),
    )


def _rotation(stem: str, meaning: str) -> Operation:
    return Operation(
        operation_id=f"{stem}_rotate",
        summary="Give a token another secret",
        description=(
            f"{meaning} The earlier secret stays good for the overlap; one that was in an overlap already is void at "
            f"once. Of several who rotate the state that they read, one does. {_ONCE} {_OF_TOKENS}"
        ),
        tag=TAG,
        request=_ROTATION,
        request_example={"overlap_hours": 24},
        response=NewTokenSerializer,
        response_example=examples.ROTATED,
        headers=("ETag",),
        takes_reason=True,
        takes_key=True,
        precondition="IfMatchRequired",
        errors=(*BODY_ERRORS, *_CHANGE_ERRORS, "precondition_required", "token_unusable"),
    )


def _use(stem: str, meaning: str) -> Operation:
    return Operation(
        operation_id=f"{stem}_use",
        summary="See how a token is used",
        description=f"{meaning} Calls are counted by day and by how they ended, whoever's they were.",
        tag=TAG,
        response=_USE,
        response_example=examples.USE,
        headers=("ETag",),
        is_conditional=True,
        errors=QUERY_ERRORS,
    )


def _revocation(stem: str, meaning: str) -> Operation:
    return Operation(
        operation_id=f"{stem}_delete",
        summary="Revoke a token",
        description=(
            f"{meaning} It ends at once and for good, and stays to be read; revoking it again changes nothing."
        ),
        tag=TAG,
        response=None,
        response_example=None,
        status=204,
        takes_reason=True,
        precondition="IfMatch",
        errors=_CHANGE_ERRORS,
    )
