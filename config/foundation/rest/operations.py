"""What the documentation says of each operation, declared beside the view that performs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from config.foundation.rest.deprecation import Deprecation, Kind, Part

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
    "throttled",
    "internal_error",
    "tenant_not_ready",
    "not_ready",
)
BODY_ERRORS = (
    "malformed_json",
    "unknown_field",
    "validation_failed",
    "payload_too_large",
    "body_incomplete",
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
    ``takes_key`` may be repeated with its ``Idempotency-Key``; one that ``takes_selection``
    shows the fields that the caller chose, if any; ``request_items`` is an array that the body may be
    instead, and of one that ``answers_items`` the answer is an array then, or always where it takes no other body;
    ``rehearsal`` answers ``dry_run``; ``other_statuses`` are further successes with the same body, each with its
    headers; ``errors`` are codes beyond those of admission; ``deprecated_parameters`` and ``deprecated_fields`` name
    parameters of the query, and fields of the answer's (a list: its rows') first level.
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
    request_items: Component | None = None
    request_items_example: Any = None
    answers_items: bool = False
    rehearsal: Component | None = None
    rehearsal_example: Any = None
    other_statuses: tuple[tuple[int, tuple[str, ...]], ...] = ()
    takes_selection: bool = False
    errors: tuple[str, ...] = ()
    deprecated: Deprecation | None = None
    deprecated_parameters: Mapping[str, Deprecation] = field(default_factory=dict)
    deprecated_fields: Mapping[str, Deprecation] = field(default_factory=dict)

    @property
    def deprecated_parts(self) -> tuple[Part, ...]:
        """Return all that is deprecated here: the operation itself, parameters, fields."""
        declared = (
            (Kind.OPERATION, {"": self.deprecated} if self.deprecated else {}),
            (Kind.PARAMETER, self.deprecated_parameters),
            (Kind.FIELD, self.deprecated_fields),
        )
        return tuple(
            Part(self.operation_id, kind, name, deprecation)
            for kind, found in declared
            for name, deprecation in found.items()
        )


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
