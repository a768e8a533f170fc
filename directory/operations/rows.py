"""A row of any table of the directory: saved, changed in part, put under its key, deleted."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from copy import copy
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS
from django.db.models import JSONField

from config.foundation.actor import Actor, operation
from config.foundation.constraints import OVERTAKEN, refuse_while_in_use
from config.foundation.keys import DecryptionError, decrypt
from config.foundation.lists import ListChange
from config.foundation.rows import TenantRow, selected_schema
from directory.enums import SensitivityTier
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
from directory.operations.locking import (
    AnyRow,
    Check,
    hold_ends,
    hold_owners,
    lock_keyed,
    lock_row,
    unchecked,
)

WRITE_AGAIN = "Write the value again: it is sealed for the type and scope that it was written with."


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
        stored = lock_row(type(row), row.pk)
        if row.row_version != stored.row_version:
            raise ValidationError(OVERTAKEN, code="conflict")
        _refuse_in_force(stored)
        _refuse_unsealing(stored, row)
    return _saved(row, stored)


@operation()
def change_row(  # noqa: PLR0913 -- which row, how, and for whom
    *,
    actor: Actor,  # noqa: ARG001 -- read by the decorator
    model: type[AnyRow],
    row_id: UUID,
    changes: Mapping[str, Any],
    check: Check = unchecked,
    reason: str = "",  # noqa: ARG001 -- read by the decorator
) -> AnyRow:
    """Change some columns of a row of any directory table; what another writer changed in others stands.

    Args:
        actor: who the audit chain names.
        model: the table.
        row_id: the row, which is locked before it is read.
        changes: new values by field; into a JSON object they are merged (RFC 7396), a list replaces a list, and a
            ListChange is applied to what the row holds under its lock.
        check: refuses a row that is no longer what the caller takes it for.
        reason: for the audit chain.

    Raises:
        ValidationError: what the row's fields, its ``clean`` or its constraints refuse.
        Refused: ``not_found``, ``artifact_not_draft``.
    """
    row = lock_row(model, row_id)
    check(row)
    _refuse_in_force(row)
    stored = copy(row)
    for name, value in changes.items():
        setattr(row, name, _changed(row, name, value))
    _refuse_unsealing(stored, row)
    return _saved(row, stored)


@operation()
def put_row(  # noqa: PLR0913 -- which row, how, and for whom
    *,
    actor: Actor,  # noqa: ARG001 -- read by the decorator
    row: AnyRow,
    key: Collection[str],
    columns: Collection[str],
    check: Check = unchecked,
    reason: str = "",  # noqa: ARG001 -- read by the decorator
) -> tuple[AnyRow, bool]:
    """Make the row that has this row's key be like it, or create it; return it, and whether it is new.

    Args:
        actor: who the audit chain names.
        row: how it is to be, not saved yet.
        key: the columns by which it is known.
        columns: those that are written, JSON and lists as a whole; others stay as they are.
        check: is shown the stored row under its lock, or None where there is none, and may refuse.
        reason: for the audit chain.

    Raises:
        ValidationError: what the row's fields, its ``clean`` or its constraints refuse.
        Refused: ``key_ambiguous``, ``artifact_not_draft``.
    """
    written = lock_keyed(type(row), {name: getattr(row, name) for name in key})
    check(written)
    if written is None:
        return _saved(row, None), True
    _refuse_in_force(written)
    stored = copy(written)
    for name in columns:
        setattr(written, name, getattr(row, name))
    _refuse_unsealing(stored, written)
    return _saved(written, stored), False


@operation()
def delete_row(
    *,
    actor: Actor,  # noqa: ARG001 -- read by the decorator
    row: TenantRow,
    check: Check = unchecked,
    reason: str = "",  # noqa: ARG001 -- read by the decorator
) -> None:
    """Delete a row of any directory table, with what belongs to it alone.

    Raises:
        Refused: ``in_use`` while a prefix rule, or a run, still names the row; ``artifact_not_draft``; ``not_found``.
    """
    stored = lock_row(type(row), row.pk)
    check(stored)
    _refuse_in_force(stored)
    refuse_while_in_use(stored)
    if isinstance(stored, Participant | Endpoint):
        # Django would empty their relation to an endpoint, as a change of its own, before it deletes them.
        for model in (Capability, Credential):
            model.objects.filter(**{str(stored._meta.model_name): stored}).delete()
    row.delete()


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


def _changed(row: TenantRow, name: str, value: Any) -> Any:
    if isinstance(value, ListChange):
        return value.applied_to(getattr(row, name))
    is_json = isinstance(row._meta.get_field(name), JSONField)
    return merged(getattr(row, name), value) if is_json else value


def _saved(row: AnyRow, stored: AnyRow | None) -> AnyRow:
    if isinstance(row, Edge):
        hold_ends(row)
    else:
        hold_owners(row)
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
