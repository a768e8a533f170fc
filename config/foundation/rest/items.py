"""Bodies of many items: an array of 1 to 1,000, and every fault of every item at once, each at its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError

from config.foundation.display_ids import parse_display_id
from config.foundation.errors import Refused, error_registry
from config.foundation.rest.errors import FAULTS_MAX, Fault, Faults, InvalidInput, pointer
from config.foundation.rest.problems import faults_of_model
from config.foundation.rest.references import UNKNOWN_FIELD
from config.foundation.rest.writing import WriteSerializer

ITEMS_MAX = 1_000
COUNT_WRONG, REPEATED = "item_count", "repeated"
STATUSES_OF_ITEMS = frozenset({400, 404, 409, 412, 422, 428})  # what concerns one item, and not the call


@dataclass(frozen=True, slots=True)
class Item:
    """A row that an item names: by which id, in which state, and what the item says besides."""

    index: int
    row_id: UUID
    id_place: tuple[str | int, ...]
    etag: str
    body: dict[str, Any]


class ItemFaults(Faults):
    """Collects the faults of items; those of one begin with its number."""

    @contextmanager
    def of_item(
        self,
        index: int,
        serializer: WriteSerializer[Any] | None = None,
        places: Mapping[str, tuple[str | int, ...]] | None = None,
    ) -> Iterator[None]:
        """Collect what the block refuses of an item; ``places`` say where codes stand that name no key themselves.

        Raises:
            Refused: what concerns the call and not the item: somebody else writes, a privilege is missing.
        """
        try:
            yield
        except InvalidInput as error:
            self._add(index, error.faults)
        except ValidationError as error:
            found = serializer.faults_of(error) if serializer else list(faults_of_model(error))
            self._add(index, found)
        except Refused as refusal:
            kind = error_registry.get(refusal.code)
            if kind is None or kind.status not in STATUSES_OF_ITEMS:
                raise
            place = (places or {}).get(refusal.code, (index,))
            self.at_pointer(place, refusal.detail, refusal.code)

    def in_order(self) -> None:
        """Put the faults into the order of their items."""
        self.found.sort(key=_index_of)

    def _add(self, index: int, faults: list[Fault]) -> None:
        for fault in faults[: FAULTS_MAX - len(self.found)]:
            place = {
                kind: f"{pointer((index,))}{text[1:]}" if kind == "pointer" else text
                for kind, text in fault.place.items()
            }
            self.found.append(Fault(place, fault.detail, fault.code))


def items_of(body: Any) -> list[Any]:
    """Return the items of a body.

    Raises:
        InvalidInput: it is no array, or has none or too many.
    """
    faults = Faults()
    if not isinstance(body, list):
        faults.at_pointer((), "Send a JSON array.", "invalid_type")
    elif not 1 <= len(body) <= ITEMS_MAX:
        detail = f"Send 1 to {ITEMS_MAX:,} items in one call; these are {len(body):,}."
        faults.at_pointer((), f"{detail} Split the request." if body else detail, COUNT_WRONG)
    faults.raise_any()
    found: list[Any] = body
    return found


def named_items(
    items: list[Any], *, prefix: str, faults: ItemFaults, detail: str, takes_changes: bool
) -> list[Item]:
    """Return the items that name a row each, and collect the faults of the others.

    Shapes: ``{"id", "etag"?, …}``, the rest being changes; where those are not taken, a bare id as well.
    ``detail`` is what is said of an id that names nothing.
    """
    found: dict[UUID, Item] = {}
    for index, given in enumerate(items):
        is_bare = isinstance(given, str) and not takes_changes
        if not is_bare and not isinstance(given, dict):
            wanted = "Send a JSON object." if takes_changes else 'Send an id, or {"id", "etag"}.'
            faults.at_pointer((index,), wanted, "invalid_type")
            continue
        body = {"id": given} if is_bare else dict(given)
        place: tuple[str | int, ...] = (index,) if is_bare else (index, "id")
        row_id = _row_id(body, place, prefix=prefix, faults=faults, detail=detail)
        etag = body.pop("etag", "")
        if not isinstance(etag, str):
            etag = "*"
            faults.at_pointer((index, "etag"), "Write a text: the ETag that you have read.", "invalid_type")
        for key in () if takes_changes else body:
            faults.at_pointer((index, key), "This key is not known here.", UNKNOWN_FIELD)
        if row_id in found:
            first = pointer((found[row_id].index,))
            faults.at_pointer(place, f"This row is named twice: see {first}. Name it once.", REPEATED)
        elif row_id is not None:
            found[row_id] = Item(index, row_id, place, etag, body)
    return list(found.values())


def _row_id(
    body: dict[str, Any], place: tuple[str | int, ...], *, prefix: str, faults: ItemFaults, detail: str
) -> UUID | None:
    """Take the id out of an item and return the key that it names."""
    if "id" not in body:
        faults.at_pointer(place, "This field is required.", "required")
        return None
    given = body.pop("id")
    row_id = parse_display_id(prefix, given) if isinstance(given, str) else None
    if row_id is None:
        faults.at_pointer(place, detail, "not_found")
    return row_id


def _index_of(fault: Fault) -> int:
    first = fault.place.get("pointer", "#/").split("/")[1:2]
    return int(first[0]) if first and first[0].isdecimal() else -1
