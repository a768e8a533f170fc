"""Locks on rows of a directory, taken from the top: participants, what belongs to them, what names that.

A version of an artifact comes before its rules. A key under which there may be no row yet comes before any row.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import CASCADE, ForeignKey, QuerySet
from psycopg import sql

from config.foundation.constraints import ambiguous_key, missing_reference
from config.foundation.errors import Refused
from config.foundation.locks import hold_rows
from config.foundation.rows import Row, TenantRow, selected_schema
from directory.enums import EdgeEnd, NodeType
from directory.models import Edge, Participant, RoutingArtifact
from directory.models.routing import NODE_MODELS

AnyRow = TypeVar("AnyRow", bound=TenantRow)
Check = Callable[[Any], None]  # is shown the row under its lock, before anything changes, and may refuse


def unchecked(_row: Any) -> None:
    """Let every row pass."""


def lock_row(model: type[AnyRow], row_id: UUID) -> AnyRow:
    """Read a row as it is now, and let nobody else write it before this transaction ends.

    What owns it is held first, as its deletion does: the other order deadlocks with that.
    """
    row = _locked(model, row_id)
    if row is None:
        raise _gone(model)
    return row


def lock_keyed(model: type[AnyRow], key: Mapping[str, str]) -> AnyRow | None:
    """Let one at a time write the row that has this key in this directory; return it locked, or None.

    The key itself is locked, since there may be no row to lock. That row is then the transaction's first: see above.

    Raises:
        Refused: ``key_ambiguous``, several rows have it: an import gives those of one party the same.
    """
    name = ["switchboard key", selected_schema(DEFAULT_DB_ALIAS), model._meta.db_table, *key.values()]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [json.dumps(name)])
    while found := list(model.objects.filter(**key).order_by("pk").values_list("pk", flat=True)[:2]):
        if len(found) > 1:
            raise ambiguous_key(model)
        row = _locked(model, found[0])
        if row is not None and all(getattr(row, column) == value for column, value in key.items()):
            return row  # else it was deleted, or given another key, before it could be locked
    return None


def lock_versions(artifact_id: UUID) -> tuple[RoutingArtifact, QuerySet[RoutingArtifact]]:
    """Lock all versions of an artifact, so that two activations follow each other; return it and the versions."""
    while named := RoutingArtifact.objects.filter(pk=artifact_id).first():
        versions = RoutingArtifact.objects.select_for_update().filter(kind=named.kind, name=named.name)
        locked = {row.pk: row for row in versions.order_by("pk")}
        if artifact_id in locked:  # else it was renamed, or deleted, before it could be locked
            return locked[artifact_id], versions
    raise _gone(RoutingArtifact)


def hold_owners(row: TenantRow) -> None:
    """Keep what a row goes with from being deleted or changed until it is written, and read it as it is now.

    Raises:
        ValidationError: ``not_found``, under the relation.
    """
    for owner in _owners_of(type(row)):
        key = getattr(row, owner.attname)
        if key is None:
            continue
        if not _hold(owner.related_model, key):
            raise ValidationError({owner.name: missing_reference(owner.related_model)})
        if owner.is_cached(row) and owner.related_model is not Participant:  # whose columns decide nothing
            setattr(row, owner.name, owner.related_model.objects.get(pk=key))


def hold_ends(edge: Edge) -> None:
    """Keep the rows that an edge joins from being deleted before it is written; no key of the database does.

    Participants first, as in every write.
    """
    ends = _own_ends(edge)
    parts = [(model, row_id) for model, row_id in ends if model is not Participant]
    owners = {row_id for model, row_id in ends if model is Participant}
    for model, row_id in parts:
        owners |= set(model.objects.filter(pk=row_id).values_list("participant_id", flat=True))
    for row_id in sorted(owners):
        _hold(Participant, row_id)
    for model, row_id in sorted(parts, key=lambda part: (part[0]._meta.db_table, part[1])):
        _hold(model, row_id)


def hold_bulk(*, model: type[TenantRow], row_ids: Iterable[UUID], rows: Iterable[Row]) -> dict[UUID, Row]:
    """Lock rows that are to be written together, and first what they refer to, an edge's ends and their participants.

    Returns:
        The rows of these ids, by key.
    """
    found = list(rows)
    ends = {end for row in found if isinstance(row, Edge) for end in _own_ends(row)}
    owners: set[UUID] = set()
    for part in {part for part, _ in ends if part is not Participant}:
        keys = [row_id for one, row_id in ends if one is part]
        owners |= set(part.objects.filter(pk__in=keys).values_list("participant_id", flat=True))
    named = [*ends, *((Participant, owner) for owner in owners)]
    return hold_rows(model=model, row_ids=row_ids, rows=found, named=named)


def _own_ends(edge: Edge) -> list[tuple[Any, UUID]]:
    """Return table and key of the ends that are in the edge's own directory."""
    return [
        (NODE_MODELS[NodeType(kind)], row_id)
        for end, kind, row_id in (
            (edge.from_end, edge.from_type, edge.from_id),
            (edge.to_end, edge.to_type, edge.to_id),
        )
        if end == EdgeEnd.OWN and kind in NodeType and isinstance(row_id, UUID)
    ]


def _locked(model: type[AnyRow], row_id: UUID) -> AnyRow | None:
    owners = _owners_of(model)
    names = [owner.attname for owner in owners]
    keys = model.objects.filter(pk=row_id).values_list(*names).first() if owners else None
    for owner, key in zip(owners, keys or (), strict=False):
        if key is not None:
            _hold(owner.related_model, key)
    row: AnyRow | None = (
        model.objects.select_for_update(of=("self",)).filter(pk=row_id).order_by("pk").first()
    )
    return row


def _hold(model: type[TenantRow], row_id: UUID) -> bool:
    """Keep a row as a foreign key does: no operation deletes or changes it, others may hold it; tell if it is there."""
    with connection.cursor() as cursor:
        table = sql.Identifier(model._meta.db_table)
        statement = sql.SQL("SELECT FROM {} WHERE id = %s FOR KEY SHARE").format(table)
        cursor.execute(statement.as_string(cursor.connection), [row_id])
        return bool(cursor.rowcount)


@cache
def _owners_of(model: type[TenantRow]) -> tuple[Any, ...]:
    """Return the relations to rows that a row of this table is deleted with, from the top."""
    return tuple(
        field
        for field in model._meta.concrete_fields
        if isinstance(field, ForeignKey) and field.remote_field.on_delete is CASCADE
    )


def _gone(model: type[TenantRow]) -> Refused:
    return Refused(
        "not_found", f"There is no such {model._meta.verbose_name}; it may have been deleted meanwhile."
    )
