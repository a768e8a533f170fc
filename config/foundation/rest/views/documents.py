"""What the documentation says of lists, details and writes of a table: the same for every table but for names."""

from __future__ import annotations

from collections.abc import Callable
from inspect import cleandoc
from typing import Any, NamedTuple

from config.foundation.rest.filters import id_schema
from config.foundation.rest.items import ITEMS_MAX
from config.foundation.rest.operations import BODY_ERRORS, QUERY_ERRORS, Component, Operation
from config.foundation.rest.queries import DIRECTORY_PARAMETER, paging_parameters
from config.foundation.rest.saved import FILTER_PARAMETER
from config.foundation.rest.selection import selection_parameters
from config.foundation.rest.views.rehearsal import DRY_RUN_PARAMETER, REHEARSAL

WRITE_ERRORS = ("write_not_allowed", "busy")
GUARD_ERRORS = ("precondition_failed", "precondition_required")
TAG_EXAMPLE = '"5d41402abc4b2a76b9719d911017c592"'
MANY = f"An array of 1 to {ITEMS_MAX:,} does all or none, in the order of its items; faults name the item: `#/3/name`."
ETAG_SCHEMA = {
    "type": "string",
    "description": "The row's ETag, as you have read it: has it changed since, the answer is 412. `*` names any state.",
}

_TAGS_ONE_BY_ONE = (
    " `add_tags` and `remove_tags` change some tags and leave those that others write at the same moment; they do not "
    "go with `tags`."
)


class Rehearsed(NamedTuple):
    """What an operation says of its rehearsal, by the keywords of ``Operation``."""

    rehearsal: Component
    rehearsal_example: dict[str, Any]
    parameters: tuple[dict[str, Any], ...]


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


def rehearsal_of(resource: Any, action: str, parameters: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    """Return what the documentation says of ``dry_run``, with an item of this outcome as the example."""
    row = resource.example
    item: dict[str, Any] = {"action": action, "id": row["id"], "row": row}
    if action == "create":
        item |= {"id": None, "row": {name: row[name] for name in row if name not in ("id", "url")}}
    elif action == "update":
        item["row"] = changed_example(resource)
        item["changes"] = {
            name: {"before": row[name], "after": value} if name in row else {}
            for name, value in change_example(resource).items()
        }
    else:
        item["cascades"] = [{"kind": "endpoint", "count": 2}] if resource.noun == "participant" else []
    example = {"dry_run": True, "items": [item]}
    return Rehearsed(REHEARSAL, example, (*parameters, DRY_RUN_PARAMETER))._asdict()


def describe_write(resource: Any, action: str) -> Operation:
    """Return the documentation of a write of a WritableResource, by its action."""
    describe: Callable[[Any, str, str], Operation] = _DESCRIBED[action]
    stem = resource.plural.replace(" ", "_")
    meaning = f"{cleandoc(resource.__doc__ or '')} Needs the privilege `{resource.write_privilege}`."
    return describe(resource, stem, meaning)


def _describe_create(resource: Any, stem: str, meaning: str) -> Operation:
    an = "an" if resource.noun[0] in "aeiou" else "a"
    body, example = resource.write_serializer_class.component(is_partial=False), write_example(resource)
    return Operation(
        operation_id=f"{stem}_create",
        summary=f"Create {an} {resource.noun}",
        description=f"{meaning} The answer is the new row, at `Location`. {MANY}",
        tag=resource.tag,
        request=body,
        request_example=example,
        request_items=_items(f"{_name_of(resource)}Writes", body),
        request_items_example=[example],
        response=resource.serializer_class,
        response_example=resource.example,
        answers_items=True,
        status=201,
        headers=("ETag", "Location"),
        takes_reason=True,
        takes_key=True,
        errors=(*BODY_ERRORS, *QUERY_ERRORS, *WRITE_ERRORS, "duplicate", *resource.write_errors),
        **rehearsal_of(resource, "create"),
    )


def _describe_update(resource: Any, stem: str, meaning: str) -> Operation:
    an, guard = "an" if resource.noun[0] in "aeiou" else "a", precondition_of(resource)
    return Operation(
        operation_id=f"{stem}_update",
        summary=f"Change {an} {resource.noun}",
        description=(
            f"{meaning} A JSON merge patch (RFC 7396): what is "
            "left out stays, lists are replaced, null empties a column that may be empty. A change to what is "
            "there already changes neither version nor tag."
            f"{_tags_of(resource)}"
        ),
        tag=resource.tag,
        request=resource.write_serializer_class.component(is_partial=True),
        request_example=change_example(resource),
        response=resource.serializer_class,
        response_example=changed_example(resource),
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
        **rehearsal_of(resource, "update"),
    )


def _describe_delete(resource: Any, stem: str, meaning: str) -> Operation:
    an, guard = "an" if resource.noun[0] in "aeiou" else "a", precondition_of(resource)
    return Operation(
        operation_id=f"{stem}_delete",
        summary=f"Delete {an} {resource.noun}",
        description=(
            f"{meaning} What belongs to the row alone goes with it; while others refer to it, it stays."
        ),
        tag=resource.tag,
        response=None,
        response_example=None,
        status=204,
        takes_reason=True,
        precondition=guard["precondition"],
        errors=(*QUERY_ERRORS, *WRITE_ERRORS, "in_use", *resource.write_errors, *guard["errors"]),
        **rehearsal_of(resource, "delete"),
    )


def _describe_bulk_update(resource: Any, stem: str, meaning: str) -> Operation:
    change = resource.write_serializer_class.component(is_partial=True)
    item = Component(
        f"{_name_of(resource)}PatchItem",
        {
            **change.schema,
            "properties": {**_named_row(resource), **change.schema["properties"]},
            "required": _required(resource),
        },
        uses=change.uses,
    )
    named = {"id": resource.example["id"]} | ({"etag": TAG_EXAMPLE} if resource.is_guarded else {})
    return Operation(
        operation_id=f"{stem}_bulk_update",
        summary=f"Change many {resource.plural}",
        description=(
            f"{meaning} Each item names its row by `id`, may say by `etag` in which state, and has the changes of a "
            f"JSON merge patch besides. {MANY} The answer has the rows in the same order."
            f"{_tags_of(resource)}"
        ),
        tag=resource.tag,
        request_items=_items(f"{_name_of(resource)}Patches", item),
        request_items_example=[named | change_example(resource)],
        response=resource.serializer_class,
        response_example=[changed_example(resource)],
        answers_items=True,
        takes_reason=True,
        takes_key=True,
        errors=(
            *BODY_ERRORS, *QUERY_ERRORS, *WRITE_ERRORS, "duplicate", "field_not_editable",
            *resource.write_errors, *precondition_of(resource)["errors"],
        ),
        **rehearsal_of(resource, "update"),
    )  # fmt: skip


def _describe_bulk_delete(resource: Any, stem: str, meaning: str) -> Operation:
    state = Component(
        f"{_name_of(resource)}State",
        {
            "type": "object",
            "description": "A row, and the state in which it was read.",
            "properties": _named_row(resource),
            "required": _required(resource),
            "additionalProperties": False,
        },
    )
    plain = id_schema(resource.model.display_prefix)
    named = {"id": resource.example["id"], "etag": TAG_EXAMPLE}
    return Operation(
        operation_id=f"{stem}_bulk_delete",
        summary=f"Delete many {resource.plural}",
        description=(
            f"{meaning} Each item is an id, or an object of `id` and `etag`. What belongs to a row alone goes with it; "
            f"while others refer to one, all stay. {MANY.replace('/name', '')}"
        ),
        tag=resource.tag,
        request_items=_items(f"{_name_of(resource)}Deletions", state, *(() if resource.is_guarded else (plain,))),
        request_items_example=[named if resource.is_guarded else named["id"]],
        response=None,
        response_example=None,
        status=204,
        takes_reason=True,
        takes_key=True,
        errors=(
            *BODY_ERRORS, *QUERY_ERRORS, *WRITE_ERRORS, "in_use", *resource.write_errors,
            *precondition_of(resource)["errors"],
        ),
        **rehearsal_of(resource, "delete"),
    )  # fmt: skip


_DESCRIBED: dict[str, Callable[[Any, str, str], Operation]] = {
    "create": _describe_create,
    "partial_update": _describe_update,
    "destroy": _describe_delete,
    "bulk_update": _describe_bulk_update,
    "bulk_delete": _describe_bulk_delete,
}


def _tags_of(resource: Any) -> str:
    return _TAGS_ONE_BY_ONE if "tags" in resource.write_serializer_class.Meta.fields else ""


def _name_of(resource: Any) -> str:
    return str(resource.model._meta.object_name)


def write_example(resource: Any) -> dict[str, Any]:
    """Return a body that creates the example of this resource."""
    fields = resource.write_serializer_class.Meta.fields
    example = {name: value for name, value in resource.example.items() if name in fields}
    return example | dict(resource.write_example)


def change_example(resource: Any) -> dict[str, Any]:
    """Return a body that changes the example of this resource."""
    example = write_example(resource)
    name = next(iter(reversed(example)))
    return dict(resource.change_example) or {name: example[name]}


def changed_example(resource: Any) -> dict[str, Any]:
    """Return the example of this resource as that change leaves it."""
    changes = {name: value for name, value in change_example(resource).items() if name in resource.example}
    versions = {name: resource.example[name] + 1 for name in ("row_version",) if name in resource.example}
    return {**resource.example, **changes, **versions}


def _named_row(resource: Any) -> dict[str, Any]:
    return {"id": id_schema(resource.model.display_prefix), "etag": ETAG_SCHEMA}


def _required(resource: Any) -> list[str]:
    return ["id", "etag"] if resource.is_guarded else ["id"]


def _items(name: str, item: Component, *others: dict[str, Any]) -> Component:
    reference = {"$ref": f"#/components/schemas/{item.name}"}
    one: dict[str, Any] = {"oneOf": [*others, reference]} if others else reference
    schema = {"type": "array", "items": one, "minItems": 1, "maxItems": ITEMS_MAX}
    return Component(name, schema, uses=(item,))
