"""Rehearsals of writes (``?dry_run=true``): what a write would change, told from the rows before and after it.

The write is performed by the same operation in the same transaction, which is rolled back once the answer is made.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import PROTECT, RESTRICT, Model
from django.http import QueryDict
from rest_framework.request import Request
from rest_framework.response import Response

from config.foundation.rest.errors import Faults
from config.foundation.rest.operations import Component
from config.foundation.rest.serializers import STAMP_FIELDS
from config.foundation.rows import STAMPS, Row

if TYPE_CHECKING:
    from config.foundation.rest.views.writing import WritableResource

DRY_RUN = "dry_run"
IDENTITY = ("id", "url")  # of a row that is not kept they name nothing
OUTCOMES = ("create", "update", "no_op", "delete")
REHEARSAL = Component(
    "Rehearsal",
    {
        "type": "object",
        "description": "What a write would change, item by item in the order of the body; nothing was kept.",
        "required": ["dry_run", "items"],
        "properties": {
            "dry_run": {"const": True},
            "items": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["action", "id", "row"],
                    "properties": {
                        "action": {"type": "string", "enum": list(OUTCOMES)},
                        "id": {"type": ["string", "null"], "description": "The row; null for a new one."},
                        "row": {
                            "type": "object",
                            "additionalProperties": True,
                            "description": "The row as it would be (a new one without id and address), or of a "
                            "deletion as it is; confidential values are hidden.",
                        },
                        "changes": {
                            "type": "object",
                            "description": "Of an update, before and after by key; hidden values are equal.",
                            "additionalProperties": {
                                "type": "object",
                                "properties": {"before": {}, "after": {}},
                            },
                        },
                        "cascades": {
                            "type": "array",
                            "description": "Of a deletion, the rows of other tables that would go with it.",
                            "items": {
                                "type": "object",
                                "required": ["kind", "count"],
                                "properties": {
                                    "kind": {"type": "string"},
                                    "count": {"type": "integer", "minimum": 1},
                                },
                            },
                        },
                    },
                },
            },
        },
    },
)
DRY_RUN_PARAMETER: dict[str, Any] = {
    "name": DRY_RUN,
    "in": "query",
    "description": (
        "`true` rehearses: everything is done and undone, and the answer says what would have changed, or is the "
        "refusal. It needs the privilege, but no token with the write flag; an Idempotency-Key is not kept."
    ),
    "schema": {"type": "boolean"},
}

Dependents = dict[type[Model], set[Any]]


def is_rehearsal(query: QueryDict) -> bool:
    """Tell whether a query asks for a rehearsal."""
    return query.get(DRY_RUN) == "true"


def collect_dry_run_faults(query: QueryDict, faults: Faults) -> None:
    """Add a fault where ``dry_run`` is neither true nor false."""
    if query.get(DRY_RUN, "false") not in ("true", "false"):
        faults.at_parameter(DRY_RUN, "Write true or false.", "invalid_choice")


@dataclass(frozen=True, slots=True)
class Noted:
    """A row as it was before the write, with its representation, and of a deletion what might go with it."""

    row: Row
    shape: dict[str, Any]
    dependents: Dependents


class Rehearsal:
    """One rehearsed call: notes rows before they are changed, and answers from what became of them."""

    def __init__(self, resource: WritableResource, request: Request) -> None:
        self._resource, self._request = resource, request
        self._noted: dict[UUID, Noted] = {}

    def note(self, row: Row, *, is_deletion: bool = False) -> None:
        """Remember a row as it is now."""
        read = self._resource.get_queryset().get(pk=row.pk)
        (shape,) = self._resource.shaped(self._request, [read])
        self._noted[row.pk] = Noted(read, shape, _dependents_of(row) if is_deletion else {})

    def answer_written(self, rows: list[Any], *, status: int) -> Response:
        """Answer what was created and changed: these rows, and then whatever else was noted and has changed."""
        named = {row.pk for row in rows}
        others = self._resource.get_queryset().in_bulk([key for key in self._noted if key not in named])
        changed = [row for row in others.values() if row.row_version != self._noted[row.pk].row.row_version]
        read = [*rows, *sorted(changed, key=lambda row: str(row.pk))]
        shapes = self._resource.shaped(self._request, read)
        return _answer([self._written(row, shape) for row, shape in zip(read, shapes, strict=True)], status)

    def answer_deleted(self, row_ids: Iterable[UUID]) -> Response:
        """Answer what was deleted, and what went with it."""
        items = [self._noted[row_id] for row_id in row_ids]
        return _answer(
            [
                {
                    "action": "delete",
                    "id": item.row.display_id,
                    "row": item.shape,
                    "cascades": _gone(item.dependents),
                }
                for item in items
            ],
            200,
        )

    def _written(self, row: Row, shape: dict[str, Any]) -> dict[str, Any]:
        before = self._noted.get(row.pk)
        if before is None:
            return {"action": "create", "id": None, "row": _without(shape, IDENTITY)}
        is_same = before.row.row_version == row.row_version
        changes = {} if is_same else self._changes(before, row, shape)
        return {
            "action": "no_op" if is_same else "update",
            "id": row.display_id,
            "row": shape,
            "changes": changes,
        }

    def _changes(self, before: Noted, row: Row, shape: dict[str, Any]) -> dict[str, Any]:
        columns = [one for one in row._meta.concrete_fields if one.name not in STAMPS]
        differ = {
            one.name for one in columns if getattr(before.row, one.attname) != getattr(row, one.attname)
        }
        return {
            name: {"before": before.shape[name], "after": value}
            for name, value in _without(shape, STAMP_FIELDS).items()
            if value != before.shape[name] or name in differ
        }


def _answer(items: list[dict[str, Any]], status: int) -> Response:
    return Response({"dry_run": True, "items": items}, status=status)


def _without(shape: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in shape.items() if name not in names}


def _dependents_of(row: Row) -> Dependents:
    """Return the keys of the rows, by table, that refer to a row, or to one that does, and are not kept by that."""
    found: Dependents = defaultdict(set)
    front: list[tuple[type[Model], set[Any]]] = [(type(row), {row.pk})]
    while front:
        model, keys = front.pop()
        for relation in model._meta.related_objects:
            if relation.on_delete in (PROTECT, RESTRICT):
                continue
            related: Any = relation.related_model
            referring = related._default_manager.filter(**{f"{relation.field.name}__in": keys})  # noqa: SLF001
            new = set(referring.values_list("pk", flat=True)) - found[related]
            if new:
                found[related] |= new
                front.append((related, new))
    found[type(row)].discard(row.pk)
    return found


def _gone(dependents: Dependents) -> list[dict[str, Any]]:
    """Return how many of these rows are there no longer: ``[{"kind": "endpoint", "count": 3}]``."""
    counts = {}
    for model, keys in dependents.items():
        rows: Any = model._default_manager  # noqa: SLF001 -- Django's own name for it
        count = len(keys) - (rows.filter(pk__in=keys).count() if keys else 0)
        if count:
            counts[str(model._meta.verbose_name)] = count
    return [{"kind": kind, "count": count} for kind, count in sorted(counts.items())]
