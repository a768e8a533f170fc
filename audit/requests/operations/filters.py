"""Filters that are saved for lists."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from audit.requests.models import SavedFilter
from config.foundation.actor import Actor, operation
from config.foundation.errors import Refused
from config.foundation.saved_filters import SavedParameters

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
def save_filter(*, actor: Actor, row: SavedFilter, reason: str = "") -> SavedFilter:  # noqa: ARG001 -- read by the decorator
    """Validate a filter and save it, new or changed; a new one is its writer's.

    Raises:
        ValidationError: what the row or its list refuse; a filter has to be a person's.
    """
    if row._state.adding and actor.user_id is not None:
        row.owner_id = actor.user_id
    row.full_clean()
    row.save()
    return row


@operation()
def change_filter(  # noqa: PLR0913 -- which row, how, and for whom
    *,
    actor: Actor,  # noqa: ARG001 -- read by the decorator
    model: type[SavedFilter],
    row_id: UUID,
    changes: Mapping[str, Any],
    check: Check = unchecked,
    reason: str = "",  # noqa: ARG001 -- read by the decorator
) -> SavedFilter:
    """Change some columns of a filter; parameters are replaced as a whole.

    Raises:
        ValidationError: what the row or its list refuse.
        Refused: ``not_found``.
    """
    row = _locked(model, row_id)
    check(row)
    for name, value in changes.items():
        setattr(row, name, value)
    row.full_clean()
    row.save()
    return row


@operation()
def delete_filter(
    *,
    actor: Actor,  # noqa: ARG001 -- read by the decorator
    row: SavedFilter,
    check: Check = unchecked,
    reason: str = "",  # noqa: ARG001 -- read by the decorator
) -> None:
    """Delete a filter.

    Raises:
        Refused: ``not_found``.
    """
    stored = _locked(type(row), row.pk)
    check(stored)
    stored.delete()


def _locked(model: type[SavedFilter], row_id: UUID) -> SavedFilter:
    row: SavedFilter | None = model.objects.select_for_update().filter(pk=row_id).order_by("pk").first()
    if row is None:
        raise Refused("not_found", "There is no such object.")
    return row
