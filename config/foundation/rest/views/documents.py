"""What the documentation says of the writes of a table, which is the same for every table but for names."""

from __future__ import annotations

from inspect import cleandoc
from typing import Any

from config.foundation.rest.operations import BODY_ERRORS, QUERY_ERRORS, Operation

WRITE_ERRORS = ("write_not_allowed", "busy")
GUARD_ERRORS = ("precondition_failed", "precondition_required")


def precondition_of(resource: Any) -> dict[str, Any]:
    """Return what the documentation says of ``If-Match`` on a change of this resource: parameter and errors."""
    parameter = "IfMatchRequired" if resource.is_guarded else "IfMatch"
    return {"precondition": parameter, "errors": GUARD_ERRORS[: 2 if resource.is_guarded else 1]}


def describe_write(resource: Any, action: str) -> Operation:
    """Return the documentation of ``create``, ``partial_update`` or ``destroy`` of a WritableResource."""
    meaning, stem = cleandoc(resource.__doc__ or ""), resource.plural.replace(" ", "_")
    writes = resource.write_serializer_class
    example = {name: value for name, value in resource.example.items() if name in writes.Meta.fields}
    example |= resource.write_example
    guard = precondition_of(resource)
    an = "an" if resource.noun[0] in "aeiou" else "a"
    if action == "create":
        return Operation(
            operation_id=f"{stem}_create",
            summary=f"Create {an} {resource.noun}",
            description=(
                f"{meaning} Needs the privilege `{resource.write_privilege}`. The answer is the new row, at `Location`."
            ),
            tag=resource.tag,
            request=writes.component(is_partial=False),
            request_example=example,
            response=resource.serializer_class,
            response_example=resource.example,
            status=201,
            headers=("ETag", "Location"),
            takes_reason=True,
            takes_key=True,
            errors=(*BODY_ERRORS, *QUERY_ERRORS, *WRITE_ERRORS, "duplicate", *resource.write_errors),
        )
    if action == "partial_update":
        name = next(iter(reversed(example)))
        return Operation(
            operation_id=f"{stem}_update",
            summary=f"Change {an} {resource.noun}",
            description=(
                f"{meaning} Needs the privilege `{resource.write_privilege}`. A JSON merge patch (RFC 7396): what is "
                "left out stays, lists are replaced, null empties a column that may be empty. A change to what is "
                "there already changes neither version nor tag."
            ),
            tag=resource.tag,
            request=writes.component(is_partial=True),
            request_example={name: example[name]},
            response=resource.serializer_class,
            response_example=resource.example,
            headers=("ETag",),
            takes_reason=True,
            takes_key=True,
            precondition=guard["precondition"],
            errors=(
                *BODY_ERRORS,
                *QUERY_ERRORS,
                *WRITE_ERRORS,
                "duplicate",
                *resource.write_errors,
                *guard["errors"],
            ),
        )
    return Operation(
        operation_id=f"{stem}_delete",
        summary=f"Delete {an} {resource.noun}",
        description=(
            f"{meaning} Needs the privilege `{resource.write_privilege}`. What belongs to the row alone goes with it; "
            "while others refer to it, it stays."
        ),
        tag=resource.tag,
        response=None,
        response_example=None,
        status=204,
        takes_reason=True,
        precondition=guard["precondition"],
        errors=(*QUERY_ERRORS, *WRITE_ERRORS, "in_use", *resource.write_errors, *guard["errors"]),
    )
