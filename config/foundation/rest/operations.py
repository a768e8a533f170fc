"""What the documentation says of each operation, declared beside the view that performs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

ADMISSION_ERRORS = (
    "not_authenticated",
    "token_invalid",
    "token_revoked",
    "token_expired",
    "token_disabled",
    "token_in_query",
    "permission_denied",
    "tenant_mismatch",
    "tenant_inactive",
    "ip_not_allowed",
    "not_found",
    "not_acceptable",
    "unknown_host",
    "internal_error",
    "tenant_not_ready",
    "not_ready",
)
BODY_ERRORS = (
    "malformed_json",
    "unknown_field",
    "validation_failed",
    "payload_too_large",
    "unsupported_media_type",
)
QUERY_ERRORS = ("unknown_parameter", "validation_failed")
KEY_ERRORS = ("idempotency_in_progress", "idempotency_mismatch", "validation_failed")


@dataclass(frozen=True, slots=True)
class Component:
    """A named JSON Schema of the document; ``uses`` are further components that it refers to."""

    name: str
    schema: dict[str, Any]
    uses: tuple[Component, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation of the document.

    ``response`` is a serializer class, a Component, or None; ``is_list`` wraps it in a page. ``parameters`` are
    OpenAPI parameter objects; ``headers`` name the response's headers among ``HEADERS`` of ``schema``;
    ``precondition`` is the shared parameter of its ``If-Match``, if it takes one; one that
    ``takes_key`` may be repeated with its ``Idempotency-Key``; ``errors`` are codes beyond those
    of admission.
    """

    operation_id: str
    summary: str
    description: str
    tag: str
    response: Any
    response_example: Any
    is_list: bool = False
    request: Component | None = None
    request_example: Any = None
    parameters: tuple[dict[str, Any], ...] = ()
    headers: tuple[str, ...] = ()
    is_conditional: bool = False
    precondition: str = ""
    status: int = 200
    takes_reason: bool = False
    takes_key: bool = False
    errors: tuple[str, ...] = ()


class Documented:
    """A view that says what it does: ``operations`` by method or action."""

    operations: ClassVar[dict[str, Operation]] = {}

    @classmethod
    def describe(cls, action: str) -> Operation:
        """Return the documentation of a method or action.

        Raises:
            LookupError: the view does not say.
        """
        if action not in cls.operations:
            raise LookupError(f"{cls.__name__} does not document {action}")
        return cls.operations[action]
