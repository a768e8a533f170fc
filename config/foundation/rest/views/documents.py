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
IF_NONE_MATCH_ANY: dict[str, Any] = {
    "name": "If-None-Match",
    "in": "header",
    "description": "`*`: create, and change nothing that is there (RFC 9110); the row exists, the answer is 412.",
    "schema": {"type": "string"},
}


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


_TAGS_ONE_BY_ONE = (
    " `add_tags` and `remove_tags` change some tags and leave those that others write at the same moment; they do not "
    "go with `tags`."
)


def write_example(resource: Any) -> dict[str, Any]:
    """Return a body that creates the example of this resource."""
    written = resource.write_serializer_class.Meta.fields
    example = {name: value for name, value in resource.example.items() if name in written}
    return example | dict(resource.write_example)


def describe_write(resource: Any, action: str) -> Operation:
    """Return the documentation of ``create``, ``partial_update`` or ``destroy`` of a WritableResource."""
    meaning, stem = cleandoc(resource.__doc__ or ""), resource.plural.replace(" ", "_")
    writes = resource.write_serializer_class
    example = write_example(resource)
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
                f"{_TAGS_ONE_BY_ONE if 'tags' in writes.Meta.fields else ''}"
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
                "field_not_editable",
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


def describe_keyed(resource: Any, action: str) -> Operation:
    """Return the documentation of ``retrieve_by_key`` or ``upsert`` of a KeyedResource."""
    meaning, stem = cleandoc(resource.__doc__ or ""), resource.plural.replace(" ", "_")
    address = tuple(_parameter_of_key(resource, name) for name in resource.key)
    if action == "retrieve_by_key":
        return Operation(
            operation_id=f"{stem}_retrieve_by_key",
            summary=f"Read the {resource.noun} that a source knows by this id",
            description=f"{meaning} The same answer and tag as at its own address, `url`.",
            tag=resource.tag,
            response=resource.serializer_class,
            response_example=resource.example,
            parameters=(*address, DIRECTORY_PARAMETER),
            headers=("ETag",),
            is_conditional=True,
            errors=(*QUERY_ERRORS, "key_ambiguous"),
        )
    example = {name: value for name, value in write_example(resource).items() if name not in resource.key}
    guard = precondition_of(resource)
    return Operation(
        operation_id=f"{stem}_upsert",
        summary=f"Write the {resource.noun} that a source knows by this id",
        description=(
            f"{meaning} Needs the privilege `{resource.write_privilege}`. The row is created (201) or written as a "
            "whole (200): the body is that of a creation, and what it leaves out takes its default; what is not "
            "written over the API stays. The key is said by the address, and may be repeated in the body. The same "
            "call again changes nothing: neither version nor tag, and no audit event."
        ),
        tag=resource.tag,
        request=resource.write_serializer_class.component(is_partial=False),
        request_example=example,
        response=resource.serializer_class,
        response_example=resource.example,
        parameters=(*address, IF_NONE_MATCH_ANY),
        headers=("ETag",),
        other_statuses=((201, ("Location",)),),
        takes_reason=True,
        precondition="IfMatch",
        errors=(
            *BODY_ERRORS,
            *QUERY_ERRORS,
            *WRITE_ERRORS,
            "duplicate",
            "field_not_editable",
            "key_ambiguous",
            *resource.write_errors,
            "precondition_failed",
            *guard["errors"],
        ),
    )


def _parameter_of_key(resource: Any, name: str) -> dict[str, Any]:
    column = resource.model._meta.get_field(name)
    is_last = name == resource.key[-1]
    described = (
        "The row's id there; slashes are its own, as they are or as `%2F`."
        if is_last
        else "Name of the source, or its id; one with a slash in its name is addressed by its id."
    )
    characters = r"[^\x00-\x1f\x7f]" if is_last else r"[^/\x00-\x1f\x7f]"
    schema = {"type": "string", "pattern": f"^{characters}+$", "minLength": 1, "maxLength": column.max_length}
    example = {"example": resource.key_example[name]}
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": described,
        "schema": schema,
    } | example
