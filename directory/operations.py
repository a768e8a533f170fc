"""Changes of the directory, each one transaction that the audit chain attributes to its actor.

All take their locks from the top: participants, what belongs to them, what names that; a version before its rules.
"""

from collections.abc import Mapping
from contextlib import suppress
from copy import copy
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import CASCADE, ForeignKey, JSONField, QuerySet
from psycopg import sql

from config.foundation.actor import Actor, operation
from config.foundation.constraints import OVERTAKEN, missing_reference, refuse_while_in_use
from config.foundation.errors import Refused
from config.foundation.keys import DecryptionError, decrypt
from config.foundation.rows import TenantRow, selected_schema
from directory.enums import ArtifactStatus, EdgeEnd, NodeType, SensitivityTier
from directory.models import (
    Capability,
    Credential,
    Edge,
    Endpoint,
    Identifier,
    Participant,
    PrefixRule,
    RoutingArtifact,
)
from directory.models.routing import NODE_MODELS

WRITE_AGAIN = "Write the value again: it is sealed for the type and scope that it was written with."
AnyRow = TypeVar("AnyRow", bound=TenantRow)


@operation()
def save_row(*, actor: Actor, row: AnyRow, reason: str = "") -> AnyRow:  # noqa: ARG001 -- read by the decorator
    """Validate a row of any directory table and save it, new or changed.

    Raises:
        ValidationError: what the row's fields, its ``clean`` or its constraints refuse; ``conflict`` where somebody
            changed it after it was read: all of its columns are written.
        Refused: ``artifact_not_draft``; ``not_found`` where the row was deleted meanwhile.
    """
    stored = None
    if not row._state.adding:
        stored = _locked(type(row), row.pk)
        if row.row_version != stored.row_version:
            raise ValidationError(OVERTAKEN, code="conflict")
        _refuse_in_force(stored)
        _refuse_unsealing(stored, row)
    return _saved(row, stored)


@operation()
def change_row(
    *,
    actor: Actor,  # noqa: ARG001 -- read by the decorator
    model: type[AnyRow],
    row_id: UUID,
    changes: Mapping[str, Any],
    reason: str = "",  # noqa: ARG001 -- read by the decorator
) -> AnyRow:
    """Change some columns of a row of any directory table; what another writer changed in others stands.

    Args:
        actor: who the audit chain names.
        model: the table.
        row_id: the row, which is locked before it is read.
        changes: new values by field; into a JSON object they are merged (RFC 7396), a list replaces a list.
        reason: for the audit chain.

    Raises:
        ValidationError: what the row's fields, its ``clean`` or its constraints refuse.
        Refused: ``not_found``, ``artifact_not_draft``.
    """
    row = _locked(model, row_id)
    _refuse_in_force(row)
    stored = copy(row)
    for name, value in changes.items():
        is_json = isinstance(model._meta.get_field(name), JSONField)
        setattr(row, name, merged(getattr(row, name), value) if is_json else value)
    _refuse_unsealing(stored, row)
    return _saved(row, stored)


@operation()
def delete_row(*, actor: Actor, row: TenantRow, reason: str = "") -> None:  # noqa: ARG001 -- read by the decorator
    """Delete a row of any directory table, with what belongs to it alone.

    Raises:
        Refused: ``in_use`` while a prefix rule, or a run, still names the row; ``artifact_not_draft``; ``not_found``.
    """
    stored = _locked(type(row), row.pk)
    _refuse_in_force(stored)
    refuse_while_in_use(stored)
    if isinstance(stored, Participant | Endpoint):
        # Django would empty their relation to an endpoint, as a change of its own, before it deletes them.
        for model in (Capability, Credential):
            model.objects.filter(**{str(stored._meta.model_name): stored}).delete()
    row.delete()


@operation(verb="activate")
def activate_artifact(
    *,
    actor: Actor,  # noqa: ARG001 -- read by the decorator
    artifact: RoutingArtifact,
    reason: str = "",  # noqa: ARG001 -- read by the decorator
) -> RoutingArtifact:
    """Put a version of an artifact in force and retire the one that was; activating that one again undoes it.

    An active version stays as it is.

    Raises:
        Refused: ``not_found``, where the version was deleted meanwhile.
    """
    current, versions = _locked_with_versions(artifact.pk)
    if current.status != ArtifactStatus.ACTIVE:
        versions.filter(status=ArtifactStatus.ACTIVE).update(status=ArtifactStatus.RETIRED)
        current.status = ArtifactStatus.ACTIVE
        current.full_clean()
        current.save()
    return current


def merged(stored: Any, patch: Any) -> Any:
    """Return a JSON value with a merge patch applied: null takes a member away, a list replaces what was (RFC 7396)."""
    if not isinstance(patch, dict):
        return patch
    result = dict(stored) if isinstance(stored, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def _saved(row: AnyRow, stored: AnyRow | None) -> AnyRow:
    if isinstance(row, Edge):
        _hold_ends(row)
    else:
        _hold_owners(row)
    if isinstance(row, Endpoint) and not row._state.adding:
        _refuse_leaving_parts(row)
    row.full_clean()
    if isinstance(row, Identifier) and isinstance(stored, Identifier):
        _keep_sealed(row, stored)
    row.save()
    return row


def _keep_sealed(row: Identifier, stored: Identifier) -> None:
    """Keep the ciphertext of a confidential value that was written again as it was: each sealing gives another."""
    if row.normalized == stored.normalized and min(row.tier, stored.tier) >= SensitivityTier.CONFIDENTIAL:
        schema = selected_schema(DEFAULT_DB_ALIAS)
        with suppress(DecryptionError):
            if decrypt(schema, row.value) == decrypt(schema, stored.value):
                row.value = stored.value


def _locked(model: type[AnyRow], row_id: UUID) -> AnyRow:
    """Read a row as it is now, and let nobody else write it before this transaction ends.

    What owns it is held first, as its deletion does: the other order deadlocks with that.
    """
    owners = _owners_of(model)
    names = [owner.attname for owner in owners]
    keys = model.objects.filter(pk=row_id).values_list(*names).first() if owners else None
    for owner, key in zip(owners, keys or (), strict=False):
        if key is not None:
            _hold(owner.related_model, key)
    row: AnyRow | None = (
        model.objects.select_for_update(of=("self",)).filter(pk=row_id).order_by("pk").first()
    )
    if row is None:
        raise _gone(model)
    return row


def _locked_with_versions(artifact_id: UUID) -> tuple[RoutingArtifact, QuerySet[RoutingArtifact]]:
    """Lock all versions of an artifact, so that two activations follow each other; return it and the versions."""
    while named := RoutingArtifact.objects.filter(pk=artifact_id).first():
        versions = RoutingArtifact.objects.select_for_update().filter(kind=named.kind, name=named.name)
        locked = {row.pk: row for row in versions.order_by("version", "pk")}
        if artifact_id in locked:  # else it was renamed, or deleted, before it could be locked
            return locked[artifact_id], versions
    raise _gone(RoutingArtifact)


def _hold_owners(row: TenantRow) -> None:
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


def _hold_ends(edge: Edge) -> None:
    """Keep the rows that an edge joins from being deleted before it is written; no key of the database does.

    Participants first, as in every write.
    """
    ends = [
        (NODE_MODELS[NodeType(kind)], row_id)
        for end, kind, row_id in (
            (edge.from_end, edge.from_type, edge.from_id),
            (edge.to_end, edge.to_type, edge.to_id),
        )
        if end == EdgeEnd.OWN and kind in NodeType and isinstance(row_id, UUID)
    ]
    parts = [(model, row_id) for model, row_id in ends if model is not Participant]
    owners = {row_id for model, row_id in ends if model is Participant}
    for model, row_id in parts:
        owners |= set(model.objects.filter(pk=row_id).values_list("participant_id", flat=True))
    for row_id in sorted(owners):
        _hold(Participant, row_id)
    for model, row_id in sorted(parts, key=lambda part: (part[0]._meta.db_table, part[1])):
        _hold(model, row_id)


def _hold(model: type[TenantRow], row_id: UUID) -> bool:
    """Keep a row as a foreign key does: no operation deletes or changes it, others may hold it; tell if it is there."""
    with connection.cursor() as cursor:
        table = sql.Identifier(model._meta.db_table)
        statement = sql.SQL("SELECT FROM {} WHERE id = %s FOR KEY SHARE").format(table)
        cursor.execute(statement.as_string(cursor.connection), [row_id])
        return bool(cursor.rowcount)


def _refuse_leaving_parts(endpoint: Endpoint) -> None:
    """Refuse another participant for an endpoint that capabilities or credentials of the earlier one name.

    Raises:
        ValidationError: ``endpoint_of_another_participant``, under ``participant``.
    """
    for model in (Capability, Credential):
        if model.objects.filter(endpoint=endpoint).exclude(participant=endpoint.participant_id).exists():
            error = ValidationError(
                f"Some {model._meta.verbose_name_plural} of its participant name this endpoint: change those first.",
                code="endpoint_of_another_participant",
            )
            raise ValidationError({"participant": error})


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


def _refuse_in_force(stored: TenantRow) -> None:
    """Let pass what is no version of an artifact and no rule of one, or whose version is a draft.

    Raises:
        Refused: ``artifact_not_draft``.
    """
    if isinstance(stored, RoutingArtifact):
        stored.refuse_unless_draft()
    elif isinstance(stored, PrefixRule):
        stored.artifact.refuse_unless_draft()


def _refuse_unsealing(stored: TenantRow, row: TenantRow) -> None:
    """Refuse another type or scope for a confidential value that is not written again: it might become readable.

    Raises:
        ValidationError: ``required``, under ``value``.
    """
    if not isinstance(stored, Identifier) or not isinstance(row, Identifier):
        return
    is_kept = stored.tier >= SensitivityTier.CONFIDENTIAL and row.value == stored.value
    if is_kept and (row.identifier_type, row.scope) != (stored.identifier_type, stored.scope):
        raise ValidationError({"value": ValidationError(WRITE_AGAIN, code="required")})
