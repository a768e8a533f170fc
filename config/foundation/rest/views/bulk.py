"""Many rows of one table created, changed or deleted by one call: all of them, or none.

Each item is a savepoint of its operation, so that what the database refuses of one is told as its fault, and those
after it are still looked at. See ``docs/adr/0032``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from typing import TYPE_CHECKING, Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from config.foundation.actor import acting
from config.foundation.display_ids import parse_display_id
from config.foundation.locks import lock_bulk
from config.foundation.rest.errors import Faults
from config.foundation.rest.items import Item, ItemFaults, items_of, named_items
from config.foundation.rest.references import ReferenceShape
from config.foundation.rest.writing import WriteSerializer
from config.foundation.rows import Row

if TYPE_CHECKING:
    from config.foundation.rest.views.writing import WritableResource

STATE_OF_EACH = "Give each item the etag of its row: one header cannot name the state of many."
STATE_MISSING = "Give the etag of the {noun} that you have read."


def create_all(resource: WritableResource, request: Request, body: Any) -> Response:
    """Create a row for each item.

    Raises:
        InvalidInput: every fault of every item.
    """
    bodies = _charged(resource, request, body)
    serializer = resource.write_serializer()
    with _together(resource, len(bodies)) as faults:
        _read_references(resource, serializer, bodies)
        rows: dict[int, Any] = {}
        for index, one in enumerate(bodies):
            with faults.of_item(index):
                rows[index] = resource.model(**copy(serializer).read(one))
        resource.hold_operation(model=resource.model, row_ids=(), rows=tuple(rows.values()))
        for index, row in rows.items():
            with faults.of_item(index, serializer):
                resource.save_operation(actor=resource.admission.actor, row=row)
        _end(faults)
        return resource.answer_all(request, [row.pk for row in rows.values()], status=201)


def change_all(resource: WritableResource, request: Request, body: Any) -> Response:
    """Change the row that each item names, by its other keys.

    Raises:
        InvalidInput: every fault of every item.
    """
    given = _charged(resource, request, body)
    _refuse_one_state(request)
    serializer = resource.write_serializer(is_partial=True)
    with _together(resource, len(given)) as faults:
        items = _named(resource, given, faults, takes_changes=True)
        _read_references(resource, serializer, [item.body for item in items])
        changes: dict[int, dict[str, Any]] = {}
        for item in items:
            with faults.of_item(item.index):
                changes[item.index] = copy(serializer).read(item.body)
        for item, _row in _held(resource, items, faults, changes):
            if item.index not in changes:
                continue
            with faults.of_item(item.index, serializer, _places_of(item)):
                resource.change_operation(
                    actor=resource.admission.actor,
                    model=resource.model,
                    row_id=item.row_id,
                    changes=changes[item.index],
                    check=resource.state_check(request, item.etag),
                )
        _end(faults)
        return resource.answer_all(request, [item.row_id for item in items])


def delete_all(resource: WritableResource, request: Request, body: Any) -> Response:
    """Delete the row that each item names.

    Raises:
        InvalidInput: every fault of every item.
    """
    given = _charged(resource, request, body)
    _refuse_one_state(request)
    with _together(resource, len(given)) as faults:
        items = _named(resource, given, faults, takes_changes=False)
        for item, row in _held(resource, items, faults, {}):
            if item.body:  # keys that nobody knows, which are told already
                continue
            with faults.of_item(item.index, None, _places_of(item)):
                resource.delete_operation(
                    actor=resource.admission.actor, row=row, check=resource.state_check(request, item.etag)
                )
        _end(faults)
        return resource.answer_deleted([item.row_id for item in items])


def _charged(resource: WritableResource, request: Request, body: Any) -> list[Any]:
    """Return the items of a body, for which the caller is charged before anything is looked up.

    Raises:
        InvalidInput: it is no array, or has none or too many.
        Refused: ``throttled``.
    """
    items = items_of(body)
    resource.charge_items(request, len(items))
    return items


@contextmanager
def _together(resource: WritableResource, count: int) -> Iterator[ItemFaults]:
    """Run a bulk write as one act, after any other of this table."""
    with resource.effect(), acting(resource.admission.actor):
        lock_bulk(resource.model, count=count)
        yield ItemFaults()


def _end(faults: ItemFaults) -> None:
    """Refuse all where anything is wrong with one.

    Raises:
        InvalidInput: the faults, in the order of the items.
    """
    faults.in_order()
    faults.raise_any()


def _named(
    resource: WritableResource, given: list[Any], faults: ItemFaults, *, takes_changes: bool
) -> list[Item]:
    """Return the items that name a row, and its state where that must be named."""
    items = named_items(
        given,
        prefix=resource.model.display_prefix,
        faults=faults,
        detail=resource.unknown().detail,
        takes_changes=takes_changes,
    )
    stateless = [item for item in items if resource.is_guarded and not item.etag]
    for item in stateless:
        faults.at_pointer(
            (item.index, "etag"), STATE_MISSING.format(noun=resource.noun), "precondition_required"
        )
    return items


def _held(
    resource: WritableResource, items: Sequence[Item], faults: ItemFaults, changes: dict[int, dict[str, Any]]
) -> list[tuple[Item, Row]]:
    """Lock the rows that items name and what these refer to, and return both; collect the ids that name nothing."""
    rows: dict[UUID, Row] = resource.get_queryset().in_bulk(
        [item.row_id for item in items]
    )  # that they may see
    become = [
        _changed(rows[item.row_id], changes[item.index])
        for item in items
        if item.index in changes and item.row_id in rows
    ]
    locked = resource.hold_operation(
        model=resource.model, row_ids=rows.keys(), rows=[*rows.values(), *become]
    )
    for item in items:
        if item.row_id not in locked:
            faults.at_pointer(item.id_place, resource.unknown().detail, "not_found")
    return [
        (item, locked[item.row_id])
        for item in items
        if item.row_id in locked and (item.etag or not resource.is_guarded)
    ]


def _changed(row: Row, changes: dict[str, Any]) -> Row:
    """Return a copy of a row as it is to refer to others."""
    result = copy(row)
    for name, value in changes.items():
        setattr(result, name, value)
    return result


def _read_references(
    resource: WritableResource, serializer: WriteSerializer[Any], bodies: Sequence[Any]
) -> None:
    """Read what all bodies refer to by id, in one statement for each table."""
    wanted: dict[type[Row], set[UUID]] = {}
    for name, field in serializer.fields.items():
        if isinstance(field, ReferenceShape):
            given = [one.get(name) for one in bodies if isinstance(one, dict)]
            prefix = field.model.display_prefix
            keys = [parse_display_id(prefix, one) for one in given if isinstance(one, str)]
            wanted.setdefault(field.model, set()).update(key for key in keys if key)
    for model, named in wanted.items():
        resource.known_rows.read(model, named)


def _places_of(item: Item) -> dict[str, tuple[str | int, ...]]:
    """Return where a refusal of an item's id, or of its state, stands."""
    return {"not_found": item.id_place, "precondition_failed": (item.index, "etag")}


def _refuse_one_state(request: Request) -> None:
    """Let pass ``If-Match`` only where it names any state.

    Raises:
        InvalidInput: it names one.
    """
    faults = Faults()
    if request.headers.get("If-Match", "*").strip() != "*":
        faults.at_header("If-Match", STATE_OF_EACH, "not_for_many")
    faults.raise_any()
