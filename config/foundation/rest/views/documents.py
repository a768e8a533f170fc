"""What the documentation says of lists, details and writes of a table: the same for every table but for names."""

from __future__ import annotations

from inspect import cleandoc
from typing import Any

from config.foundation.rest.operations import BODY_ERRORS, QUERY_ERRORS, Operation
from config.foundation.rest.queries import DIRECTORY_PARAMETER, paging_parameters
from config.foundation.rest.saved import FILTER_PARAMETER
from config.foundation.rest.selection import selection_parameters

WRITE_ERRORS = ("write_not_allowed", "busy")
GUARD_ERRORS = ("precondition_failed", "precondition_required")


def describe_read(resource: Any, action: str) -> Operation:
    """Return the documentation of ``list`` or ``retrieve`` of a ReadOnlyResource."""
    stem, meaning = resource.plural.replace(" ", "_"), cleandoc(resource.__doc__ or "")
    if action == "list":
        return Operation(
            operation_id=f"{stem}_list",
            summary=f"List {resource.plural}",
            description=f"{meaning} "
            "Pages by cursor: follow `next` until it is null. With `offset` "
            "a page is cut by number, and rows are counted. Unchanged since `If-None-Match`, the answer is 304. "
            f"{_describe_files(resource)}",
            tag=resource.tag,
            response=resource.serializer_class,
            response_example={"results": [resource.example], "next": None, "previous": None},
            is_list=True,
            parameters=(
                *resource.filterset_class.parameters(),
                *((FILTER_PARAMETER,) if resource.list_name() else ()),
                *paging_parameters(resource.orderings),
                *selection_parameters(resource.selectable_fields(action), resource.brief_fields()),
                DIRECTORY_PARAMETER,
            ),
            headers=("Link", "ETag"),
            is_conditional=True,
            takes_selection=True,
            errors=(*QUERY_ERRORS, "unknown_field", "invalid_cursor", "list_too_slow"),
        )
    return Operation(
        operation_id=f"{stem}_retrieve",
        summary=f"Read one {resource.noun}",
        description=f"{meaning} Unchanged since `If-None-Match`, the answer is 304. The tag of chosen fields is "
        "good for that alone: to change the object, read all of it.",
        tag=resource.tag,
        response=resource.serializer_class,
        response_example=resource.example,
        parameters=(
            *selection_parameters(resource.selectable_fields(action), resource.brief_fields()),
            DIRECTORY_PARAMETER,
        ),
        headers=("Link", "ETag"),
        is_conditional=True,
        takes_selection=True,
        errors=(*QUERY_ERRORS, "unknown_field"),
    )


def _describe_files(resource: Any) -> str:
    needed = f", needs the privilege `{resource.export_privilege}`" if resource.export_privilege else ""
    return f"As CSV or lines of JSON it has all rows, takes no parameter of pages{needed}, and is audited."


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
