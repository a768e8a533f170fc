"""What the documentation says of rows at the address that a source knows them by."""

from __future__ import annotations

from inspect import cleandoc
from typing import Any

from config.foundation.rest.operations import BODY_ERRORS, QUERY_ERRORS, Operation
from config.foundation.rest.queries import DIRECTORY_PARAMETER
from config.foundation.rest.views.documents import WRITE_ERRORS, precondition_of, rehearsal_of, write_example

IF_NONE_MATCH_ANY: dict[str, Any] = {
    "name": "If-None-Match",
    "in": "header",
    "description": "`*`: create, and change nothing that is there (RFC 9110); the row exists, the answer is 412.",
    "schema": {"type": "string"},
}


def describe_keyed(resource: Any, action: str) -> Operation:
    """Return the documentation of ``retrieve_by_key`` or ``upsert`` of a KeyedResource."""
    meaning, stem = cleandoc(resource.__doc__ or ""), resource.plural.replace(" ", "_")
    address = tuple(_parameter_of_key(resource, name) for name in resource.key)
    known = {name: value for name, value in resource.key_example.items() if name in resource.example}
    if action == "retrieve_by_key":
        return Operation(
            operation_id=f"{stem}_retrieve_by_key",
            summary=f"Read the {resource.noun} that a source knows by this id",
            description=f"{meaning} The same answer and tag as at its own address, `url`.",
            tag=resource.tag,
            response=resource.serializer_class,
            response_example=resource.example | known,
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
        response_example=resource.example | known,
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
        **rehearsal_of(resource, "update", (*address, IF_NONE_MATCH_ANY)),
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
