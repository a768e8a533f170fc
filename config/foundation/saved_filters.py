"""Filters of lists that people save under a name; which lists there are, and who keeps them, is said from above."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from django.core.exceptions import ValidationError

Parameters = Mapping[str, Sequence[str]]  # values by parameter, as in a query
Refuse = Callable[[Parameters], None]  # raises ValidationError
UNKNOWN_LIST = "There is no such list. There are {}."
TEXT_REFUSED = "This may hold a card number or a key, which is never kept here."
NOT_OF_THIS_LIST = "There is no such filter of this list."


@dataclass(frozen=True, slots=True)
class SavedParameters:
    """What a saved filter asks for, and its state: another one, where anything of it was changed."""

    parameters: Parameters
    state: str


class FilterStore(Protocol):
    """Keeps filters in the selected schema."""

    def find(self, *, slug: str, resource: str, user_id: UUID) -> SavedParameters | None:
        """Return a filter of a list that this person may use: their own, or one that is shared."""


_stores: list[FilterStore] = []
_lists: dict[str, Refuse] = {}
_secrets: list[Callable[[str], bool]] = []


def keep_filters_in(store: FilterStore) -> None:
    """Enter the store of filters, in place of an earlier one."""
    _stores[:] = [store]


def filter_store() -> FilterStore:
    """Return the store of filters."""
    return _stores[0]


def register_list(name: str, refuse: Refuse) -> None:
    """Enter a list, such as ``directory/participants``, and what refuses parameters that it does not take."""
    _lists[name] = refuse


def list_names() -> tuple[str, ...]:
    """Return the names of all lists."""
    return tuple(sorted(_lists))


def check_parameters(name: str, parameters: Parameters) -> None:
    """Let pass only parameters that the list takes.

    Raises:
        ValidationError: ``unknown_list`` under ``resource``, or under ``parameters`` what the list refuses.
    """
    if name not in _lists:
        message = UNKNOWN_LIST.format(", ".join(list_names()))
        raise ValidationError({"resource": ValidationError(message, code="unknown_list")})
    _lists[name](parameters)


def refuse_texts_that(may_be_secret: Callable[[str], bool]) -> None:
    """Enter what tells texts that are not kept, in place of an earlier one."""
    _secrets[:] = [may_be_secret]


def may_be_kept(text: str) -> bool:
    """Tell whether a text is none that is never kept."""
    return not any(may_be_secret(text) for may_be_secret in _secrets)
