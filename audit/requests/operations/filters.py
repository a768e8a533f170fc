"""Filters that are saved for lists."""

from collections.abc import Callable, Collection, Mapping
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError

from audit.requests.models import SavedFilter
from config.foundation.actor import Actor, operation
from config.foundation.errors import Refused
from config.foundation.saved_filters import SavedParameters

MANAGE = "directory.manage"  # who holds it changes what others share
STAYS_SHARED = "This filter is somebody else's: its owner alone takes it back. Leave it shared, or delete it."
Check = Callable[[Any], None]  # is shown the row under its lock, before anything changes, and may refuse


def unchecked(_row: Any) -> None:
    """Let every row pass."""


class KeptFilters:
    """The filters of the selected schema; see ``config.foundation.saved_filters.FilterStore``."""

    def find(self, *, slug: str, resource: str, user_id: UUID) -> SavedParameters | None:
        """Return a person's own filter with this slug, else the shared one, where it is of this list."""
        usable = SavedFilter.objects.usable_by(user_id).filter(slug=slug)
        row = next(iter(sorted(usable.order_by("pk")[:2], key=lambda one: one.owner_id != user_id)), None)
        if row is None or row.resource != resource:
            return None
        return SavedParameters(row.parameters, f"{row.pk}:{row.row_version}")


@operation()
def save_filter(
    *,
    actor: Actor,
    row: SavedFilter,
    privileges: Collection[str] = (),
    reason: str = "",  # noqa: ARG001 -- read by the decorator
) -> SavedFilter:
    """Validate a filter and save it, new or changed; a new one is its writer's.

    Raises:
        ValidationError: what the row or its list refuse; a filter has to be a person's; ``owner_only``.
        Refused: ``not_found``; ``permission_denied``, it is somebody else's.
    """
    if row._state.adding:
        row.owner_id = actor.user_id or row.owner_id
    else:
        refuse_foreign(_locked(type(row), row.pk), actor=actor, privileges=privileges)
    return _saved(row, actor)


@operation()
def change_filter(  # noqa: PLR0913 -- which row, how, and for whom
    *,
    actor: Actor,
    model: type[SavedFilter],
    row_id: UUID,
    changes: Mapping[str, Any],
    check: Check = unchecked,
    privileges: Collection[str] = (),
    reason: str = "",  # noqa: ARG001 -- read by the decorator
) -> SavedFilter:
    """Change some columns of a filter; parameters are replaced as a whole.

    ``privileges`` are those of the actor here: somebody else's filter needs one.

    Raises:
        ValidationError: what the row or its list refuse; ``owner_only``, it is taken back by another than its owner.
        Refused: ``not_found``; ``permission_denied``, it is somebody else's.
    """
    row = _locked(model, row_id)
    refuse_foreign(row, actor=actor, privileges=privileges)
    check(row)
    for name, value in changes.items():
        setattr(row, name, value)
    return _saved(row, actor)


@operation()
def delete_filter(
    *,
    actor: Actor,
    row: SavedFilter,
    check: Check = unchecked,
    privileges: Collection[str] = (),
    reason: str = "",  # noqa: ARG001 -- read by the decorator
) -> None:
    """Delete a filter.

    Raises:
        Refused: ``not_found``; ``permission_denied``, it is somebody else's.
    """
    stored = _locked(type(row), row.pk)
    refuse_foreign(stored, actor=actor, privileges=privileges)
    check(stored)
    stored.delete()


def refuse_foreign(row: SavedFilter, *, actor: Actor, privileges: Collection[str]) -> None:
    """Let pass one's own filter and, of who holds ``directory.manage``, one that others share.

    Raises:
        Refused: ``not_found``, somebody else keeps it to themselves; ``permission_denied``.
    """
    if row.owner_id == actor.user_id:
        return
    if not row.is_shared:
        raise _unknown()
    if MANAGE not in privileges:
        raise Refused("permission_denied", "This filter is somebody else's.", needed=MANAGE)


def _saved(row: SavedFilter, actor: Actor) -> SavedFilter:
    if not (row._state.adding or row.is_shared or row.owner_id == actor.user_id):
        raise ValidationError({"is_shared": ValidationError(STAYS_SHARED, code="owner_only")})
    row.full_clean()
    row.save()
    return row


def _locked(model: type[SavedFilter], row_id: UUID) -> SavedFilter:
    row: SavedFilter | None = model.objects.select_for_update().filter(pk=row_id).order_by("pk").first()
    if row is None:
        raise _unknown()
    return row


def _unknown() -> Refused:
    return Refused("not_found", "There is no such object.")
