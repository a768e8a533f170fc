"""Create, change and delete rows of a table: who may, what a body may hold, one operation, one answer.

Each write is one transaction around the operation and the representation that answers it, opened in ``effect``:
what all writes are to have in common (stored answers, preconditions, rehearsals) belongs there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, Protocol
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from rest_framework.request import Request
from rest_framework.response import Response

from config.foundation.actor import Actor
from config.foundation.constraints import translated
from config.foundation.errors import Refused
from config.foundation.rest.errors import Faults, InvalidInput
from config.foundation.rest.etags import is_match
from config.foundation.rest.idempotency import METHODS, collect_key_faults, once
from config.foundation.rest.operations import Operation
from config.foundation.rest.views.documents import describe_write
from config.foundation.rest.views.reading import ReadOnlyResource
from config.foundation.rest.writing import WriteSerializer
from config.foundation.rows import Row

WRITES = frozenset({"create", "partial_update", "destroy"})
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


class WritableResource(ReadOnlyResource):
    """A table that is written as well, by POST, PATCH and DELETE.

    Subclasses give ``write_privilege``, ``write_serializer_class`` and the three operations, each as a staticmethod.
    ``extra_writes`` names further actions that write. What ``is_guarded`` is changed only by who says which state of it
    they change (``If-Match``).
    """

    is_guarded: ClassVar[bool] = False

    write_privilege: ClassVar[str]
    write_serializer_class: ClassVar[type[WriteSerializer[Any]]]
    write_example: ClassVar[dict[str, Any]] = {}
    write_errors: ClassVar[tuple[str, ...]] = ()
    extra_writes: ClassVar[frozenset[str]] = frozenset()
    save_operation: ClassVar[Save]
    change_operation: ClassVar[Change]
    delete_operation: ClassVar[Delete]

    @property
    def is_write(self) -> bool:  # type: ignore[override]  # the base has a constant
        """Tell whether this request is to change anything."""
        return getattr(self, "action", None) in WRITES | self.extra_writes

    def needed_privileges(self) -> tuple[str, ...]:
        """Return what this request needs; a write shows what it wrote, so that it needs the reading as well."""
        return (
            (self.write_privilege, *super().needed_privileges())
            if self.is_write
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
        if self.is_write and self._is_global(request):
            raise Refused("permission_denied", READ_ONLY_FROM_HERE)
        if self.is_write and request.method in METHODS:
            collect_key_faults(request.headers, faults)
        super().collect_faults(request, faults)

    @once
    def create(self, request: Request) -> Response:
        """Create a row."""
        serializer = self._serializer()
        with self.effect(serializer):
            row = self.save_operation(
                actor=self.admission.actor, row=self.model(**serializer.read(_body_of(request)))
            )
            response = self.answer(request, row.pk, status=201)
            response["Location"] = self.address_of(request, row)
        return response

    @once
    def partial_update(self, request: Request, id: str) -> Response:  # noqa: A002
        """Change the columns that the body names."""
        row_id = self._existing(id)
        serializer = self._serializer(is_partial=True)
        with self.effect(serializer):
            self.change_operation(
                actor=self.admission.actor,
                model=self.model,
                row_id=row_id,
                changes=serializer.read(_body_of(request)),
                check=self.precondition(request),
            )
            return self.answer(request, row_id)

    def destroy(self, request: Request, id: str) -> Response:  # noqa: A002 -- DRF's signature
        """Delete a row."""
        with self.effect():
            row_id = self.pk_of(id)
            row = self.model._default_manager.filter(pk=row_id).first() if row_id else None  # noqa: SLF001
            if row is None:
                raise self.unknown()
            self.delete_operation(actor=self.admission.actor, row=row, check=self.precondition(request))
        return Response(status=204)

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

        def check(row: Row) -> None:
            current = self.etag_of(request, self.get_queryset().get(pk=row.pk))
            if not is_match(current, named):
                raise Refused(
                    "precondition_failed",
                    f"The {self.noun} has changed since you read it. Read it again and decide anew.",
                    etag=current,
                )

        return check if named else _passed

    @contextmanager
    def effect(self, serializer: WriteSerializer[Any] | None = None) -> Iterator[None]:
        """Run a write and its answer in one transaction; refusals point at the keys of the body.

        Raises:
            InvalidInput: what model, constraint or operation refuse.
        """
        try:
            with translated(), transaction.atomic():
                yield
        except ValidationError as error:
            if serializer is None:
                raise
            raise InvalidInput(serializer.faults_of(error)) from None

    def answer(self, request: Request, row_id: UUID, *, status: int = 200) -> Response:
        """Return the representation of a row as it is now, with its tag."""
        row = self.get_queryset().get(pk=row_id)
        (shape,) = self.shaped(request, [row])
        return Response(shape, status=status, headers={"ETag": self.etag_of(request, row)})

    def revealed_ids(self) -> tuple[str, ...]:
        """Return the ids of the rows whose confidential values the answer shows."""
        return ()

    def show_again(self, revealed: tuple[str, ...]) -> None:
        """Do what a kept answer asks for that shows confidential values of these rows once more.

        Raises:
            Refused: ``permission_denied``, the caller sees them no longer.
        """

    def kept(self, data: Any) -> Any:
        """Return what is kept of an answer's data for a repetition: all of it."""
        return data

    def _existing(self, display_id: str) -> UUID:
        row_id = self.pk_of(display_id)
        if row_id is None or not self.model._default_manager.filter(pk=row_id).exists():  # noqa: SLF001
            raise self.unknown()
        return row_id

    def _serializer(self, *, is_partial: bool = False) -> WriteSerializer[Any]:
        shown = self.serializer_class.Meta.fields
        return self.write_serializer_class(partial=is_partial, context={"shown": shown})


def _body_of(request: Request) -> Any:
    """Return what the body holds.

    Raises:
        Refused: ``malformed_json``, no body at all: the framework reads it as an object without members.
    """
    if request.stream is None:
        raise Refused("malformed_json", "Send a body of JSON.")
    return request.data


def _passed(_row: Row) -> None:
    """Let every row pass: the caller names no state."""
