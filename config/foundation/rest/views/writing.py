"""Create, change and delete rows of a table: who may, what a body may hold, one operation, one answer.

Each write is one transaction around the operation and the representation that answers it, opened in ``effect``:
what all writes are to have in common (stored answers, preconditions, rehearsals) belongs there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any, ClassVar, Protocol
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from rest_framework.request import Request
from rest_framework.response import Response

from config.foundation.actor import Actor
from config.foundation.constraints import translated
from config.foundation.errors import Refused
from config.foundation.locks import hold_rows
from config.foundation.rest.errors import Faults, InvalidInput
from config.foundation.rest.etags import is_match
from config.foundation.rest.idempotency import METHODS, collect_key_faults, once
from config.foundation.rest.operations import Operation
from config.foundation.rest.references import KnownRows
from config.foundation.rest.views.bulk import change_all, create_all, delete_all
from config.foundation.rest.views.documents import describe_write
from config.foundation.rest.views.reading import ReadOnlyResource
from config.foundation.rest.views.rehearsal import DRY_RUN, Rehearsal, collect_dry_run_faults, is_rehearsal
from config.foundation.rest.writing import WriteSerializer
from config.foundation.rows import Row

BULK_WRITES = frozenset({"bulk_update", "bulk_delete"})
WRITES = frozenset({"create", "partial_update", "destroy"}) | BULK_WRITES
DELETIONS = frozenset({"destroy", "bulk_delete"})
READ_ONLY_FROM_HERE = (
    "The global directory is read-only from a tenant. Its operators change it on the platform."
)


Check = Callable[[Any], None]


class Save(Protocol):
    """Saves a new row."""

    def __call__(self, *, actor: Actor, row: Any) -> Any:
        """Return the row."""


class Change(Protocol):
    """Changes a stored row, which it locks and then has checked."""

    def __call__(
        self, *, actor: Actor, model: Any, row_id: UUID, changes: Mapping[str, Any], check: Check
    ) -> Any:
        """Return the row."""


class Delete(Protocol):
    """Deletes a row, which it locks and then has checked."""

    def __call__(self, *, actor: Actor, row: Any, check: Check) -> None:
        """Return nothing."""


class Hold(Protocol):
    """Locks rows that are to be written together, and what they refer to."""

    def __call__(self, *, model: Any, row_ids: Iterable[UUID], rows: Iterable[Row]) -> dict[UUID, Row]:
        """Return the rows of these ids, by key."""


class WritableResource(ReadOnlyResource):
    """A table that is written as well, by POST, PATCH and DELETE, one row or many at once.

    Any write may be rehearsed (``?dry_run=true``) where ``is_rehearsable``: then ``effect`` is undone, and ``answer``
    tells what it was.

    Subclasses give ``write_privilege``, ``write_serializer_class`` and the three operations, each as a staticmethod.
    ``extra_writes`` names further actions that write. ``hold_operation`` locks the rows of a bulk write. What
    ``is_guarded`` is changed only by who says which state of it they change (``If-Match``, or an item's ``etag``).
    """

    is_guarded: ClassVar[bool] = False
    is_rehearsable: ClassVar[bool] = True

    write_privilege: ClassVar[str]
    write_serializer_class: ClassVar[type[WriteSerializer[Any]]]
    write_example: ClassVar[dict[str, Any]] = {}
    change_example: ClassVar[dict[str, Any]] = {}
    write_errors: ClassVar[tuple[str, ...]] = ()
    extra_writes: ClassVar[frozenset[str]] = frozenset()
    save_operation: ClassVar[Save]
    change_operation: ClassVar[Change]
    delete_operation: ClassVar[Delete]
    hold_operation: ClassVar[Hold] = staticmethod(hold_rows)
    _rehearsal: Rehearsal | None = None

    @property
    def performs_write(self) -> bool:
        """Tell whether this request changes something, or rehearses that: either needs the privilege of writing."""
        return getattr(self, "action", None) in WRITES | self.extra_writes

    @property
    def is_rehearsal(self) -> bool:
        """Tell whether what this request does is undone again."""
        return self.is_rehearsable and self.performs_write and is_rehearsal(self.request.query_params)

    @cached_property
    def known_rows(self) -> KnownRows:
        """Return the rows that the bodies of this request name: each is asked for once."""
        return KnownRows()

    @property
    def is_write(self) -> bool:  # type: ignore[override]  # the base has a constant
        """Tell whether this request is to change anything."""
        return self.performs_write and not self.is_rehearsal

    def needed_privileges(self) -> tuple[str, ...]:
        """Return what this request needs; a write shows what it wrote, so that it needs the reading as well."""
        return (
            (self.write_privilege, *super().needed_privileges())
            if self.performs_write
            else super().needed_privileges()
        )

    @classmethod
    def describe(cls, action: str) -> Operation:
        """Return the documentation of an action."""
        return describe_write(cls, action) if action in WRITES else super().describe(action)

    def collect_faults(self, request: Request, faults: Faults) -> None:
        """Add what is wrong with the query parameters, and with the key of a repeatable write.

        Raises:
            Refused: ``permission_denied``, a write to the global directory.
        """
        if self.performs_write and self._is_global(request):
            raise Refused("permission_denied", READ_ONLY_FROM_HERE)
        if self.performs_write and request.method in METHODS:
            collect_key_faults(request.headers, faults)
        if self.performs_write and self.is_rehearsable:
            collect_dry_run_faults(request.query_params, faults)
        super().collect_faults(request, faults)

    def action_parameters(self) -> frozenset[str]:
        """Return the query parameters that this action has of its own."""
        return frozenset({DRY_RUN}) if self.performs_write and self.is_rehearsable else frozenset()

    @once
    def create(self, request: Request) -> Response:
        """Create a row or, of an array, a row for each item."""
        body = body_of(request)
        if isinstance(body, list):
            return create_all(self, request, body)
        serializer = self.write_serializer()
        with self.effect(serializer):
            row = self.save_operation(actor=self.admission.actor, row=self.model(**serializer.read(body)))
            response = self.answer(request, row.pk, status=201)
            if not self.is_rehearsal:
                response["Location"] = self.address_of(request, row)
        return response

    @once
    def bulk_update(self, request: Request) -> Response:
        """Change the row that each item of an array names."""
        return change_all(self, request, body_of(request))

    @once
    def bulk_delete(self, request: Request) -> Response:
        """Delete the row that each item of an array names."""
        return delete_all(self, request, body_of(request))

    @once
    def partial_update(self, request: Request, id: str) -> Response:  # noqa: A002
        """Change the columns that the body names."""
        row_id = self._existing(id)
        serializer, body = self.write_serializer(is_partial=True), body_of(request)
        with self.effect(serializer):
            self.change_operation(
                actor=self.admission.actor,
                model=self.model,
                row_id=row_id,
                changes=serializer.read(body),
                check=self.precondition(request),
            )
            return self.answer(request, row_id)

    def destroy(self, request: Request, id: str) -> Response:  # noqa: A002 -- DRF's signature
        """Delete a row."""
        with self.effect():
            row_id = self.pk_of(id)
            row = self.model._default_manager.filter(pk=row_id).first() if row_id else None  # noqa: SLF001
            if row_id is None or row is None:
                raise self.unknown()
            self.delete_operation(actor=self.admission.actor, row=row, check=self.precondition(request))
            return self.answer_deleted([row_id])

    def precondition(self, request: Request) -> Check:
        """Return what refuses a row that is not in the state that ``If-Match`` names; to be asked under its lock.

        Raises:
            Refused: ``precondition_required``.
        """
        named = request.headers.get("If-Match", "")
        if self.is_guarded and not named:
            raise Refused(
                "precondition_required", f"Send If-Match with the ETag of the {self.noun} that you have read."
            )
        return self.state_check(request, named)

    def state_check(self, request: Request, named: str) -> Check:
        """Return what refuses a row in another state than those named, and in a rehearsal notes a row that passes."""

        def check(row: Row) -> None:
            if named:
                refuse_other(row)
            if self.is_rehearsal:
                self.rehearsal.note(row, is_deletion=self.action in DELETIONS)

        def refuse_other(row: Row) -> None:
            current = self.etag_of(request, self.get_queryset().get(pk=row.pk))
            if not is_match(current, named):
                raise Refused(
                    "precondition_failed",
                    f"The {self.noun} has changed since you read it. Read it again and decide anew.",
                    etag=current,
                )

        return check

    @contextmanager
    def effect(self, serializer: WriteSerializer[Any] | None = None) -> Iterator[None]:
        """Run a write and its answer in one transaction; refusals point at the keys of the body.

        Raises:
            InvalidInput: what model, constraint or operation refuse.
        """
        try:
            with translated(), transaction.atomic():
                yield
                if self.is_rehearsal:
                    transaction.set_rollback(True)
        except ValidationError as error:
            if serializer is None:
                raise
            raise InvalidInput(serializer.faults_of(error)) from None

    def answer(self, request: Request, row_id: UUID, *, status: int = 200) -> Response:
        """Return the representation of a row as it is now, with its tag."""
        row = self.get_queryset().get(pk=row_id)
        if self.is_rehearsal:
            return self.rehearsal.answer_written([row], status=status)
        (shape,) = self.shaped(request, [row])
        return Response(shape, status=status, headers={"ETag": self.etag_of(request, row)})

    def answer_all(self, request: Request, row_ids: list[UUID], *, status: int = 200) -> Response:
        """Return the representations of rows as they are now, in this order."""
        found = self.get_queryset().in_bulk(row_ids)
        rows = [found[row_id] for row_id in row_ids]
        if self.is_rehearsal:
            return self.rehearsal.answer_written(rows, status=status)
        return Response(self.shaped(request, rows), status=status)

    def answer_deleted(self, row_ids: list[UUID]) -> Response:
        """Return the answer to a deletion: nothing, or of a rehearsal what would have gone."""
        return self.rehearsal.answer_deleted(row_ids) if self.is_rehearsal else Response(status=204)

    @property
    def rehearsal(self) -> Rehearsal:
        """Return what notes and tells this rehearsal."""
        self._rehearsal = self._rehearsal or Rehearsal(self, self.request)
        return self._rehearsal

    def revealed_ids(self) -> tuple[str, ...]:
        """Return the ids of the rows whose confidential values the answer shows."""
        return ()

    def show_again(self, revealed: tuple[str, ...]) -> None:  # noqa: ARG002 -- for subclasses
        """Do what a kept answer asks for that shows confidential values of these rows once more.

        Raises:
            Refused: ``permission_denied``, the caller sees them no longer; ``not_found``, nor the row of the address.
        """
        row_id = self.pk_of(self.kwargs["id"]) if "id" in self.kwargs else None
        if row_id is None or self.get_queryset().filter(pk=row_id).exists():
            return
        if self.model._default_manager.filter(pk=row_id).exists():  # noqa: SLF001 -- else it was deleted
            raise self.unknown()

    def kept(self, data: Any) -> Any:
        """Return what is kept of an answer's data for a repetition: all of it."""
        return data

    def _existing(self, display_id: str) -> UUID:
        row_id = self.pk_of(display_id)
        if row_id is None or not self.model._default_manager.filter(pk=row_id).exists():  # noqa: SLF001
            raise self.unknown()
        return row_id

    def write_serializer(
        self, *, is_partial: bool = False, fixed: Mapping[str, str] | None = None
    ) -> WriteSerializer[Any]:
        """Return what reads the body of a write; ``fixed`` are the values that the address says already."""
        shown = self.serializer_class.Meta.fields
        context = {"shown": shown, "known": self.known_rows, "fixed": fixed or {}}
        return self.write_serializer_class(partial=is_partial, context=context)


def body_of(request: Request) -> Any:
    """Return what the body holds.

    Raises:
        Refused: ``malformed_json``, no body at all: the framework reads it as an object without members.
    """
    if request.stream is None:
        raise Refused("malformed_json", "Send a body of JSON.")
    return request.data


def refuse_content(request: Request) -> None:
    """Let pass no body, and one that says nothing.

    Raises:
        InvalidInput: ``invalid_type``, ``unknown_field``.
    """
    faults = Faults()
    if not isinstance(request.data, dict):
        faults.at_pointer((), "Send a JSON object, or no body.", "invalid_type")
    else:
        for key in request.data:
            faults.at_pointer((key,), "This key is not known here.", "unknown_field")
    faults.raise_any()
