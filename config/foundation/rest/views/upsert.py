"""Rows at the address that a source knows them by: read there, and written as a whole, new or not."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Any, ClassVar, Protocol

from rest_framework.request import Request
from rest_framework.response import Response

from config.foundation.actor import Actor
from config.foundation.constraints import ambiguous_key
from config.foundation.errors import Refused
from config.foundation.rest.errors import Faults
from config.foundation.rest.etags import is_held, is_match
from config.foundation.rest.operations import Operation
from config.foundation.rest.views.keyed_documents import describe_keyed
from config.foundation.rest.views.writing import WritableResource, body_of
from config.foundation.rows import Row

UPSERT, RETRIEVE_BY_KEY = "upsert", "retrieve_by_key"
KEY_ACTIONS = frozenset({UPSERT, RETRIEVE_BY_KEY})
_NO_TEXT = re.compile("[\x00-\x1f\x7f]")


class Put(Protocol):
    """Makes the row with this row's key be like it, or creates it; it locks the key and then has it checked."""

    def __call__(
        self,
        *,
        actor: Actor,
        row: Any,
        key: Collection[str],
        columns: Collection[str],
        check: Callable[[Any], None],
    ) -> tuple[Any, bool]:
        """Return the row, and whether it is new."""


class KeyedResource(WritableResource):
    """A table whose rows have a second address, ``…/by/{source}/{external_id}``, of the columns in ``key``.

    GET reads the row. PUT writes all of it: what the body leaves out takes its default, and what is not written over
    the API stays. The last part of the address may hold slashes. Subclasses give ``put_operation`` as a staticmethod.
    """

    key: ClassVar[tuple[str, ...]] = ("source", "external_id")
    key_example: ClassVar[dict[str, str]] = {"source": "crm", "external_id": "4711"}
    extra_writes = frozenset({UPSERT})
    put_operation: ClassVar[Put]

    @classmethod
    def describe(cls, action: str) -> Operation:
        """Return the documentation of an action."""
        return describe_keyed(cls, action) if action in KEY_ACTIONS else super().describe(action)

    def key_values(self, named: dict[str, str]) -> dict[str, str]:
        """Return the values of the key's columns, of what the address names.

        Raises:
            Refused: ``not_found``.
        """
        return named

    def collect_faults(self, request: Request, faults: Faults) -> None:
        """Add what is wrong with query parameters and headers, and with a key that no row can have."""
        if self.action in KEY_ACTIONS:
            for name in self.key:
                column: Any = self.model._meta.get_field(name)
                text, limit = self.kwargs[name], column.max_length
                if len(text) > limit or _NO_TEXT.search(text) or text != text.strip():
                    detail = (
                        f"Write 1 to {limit} characters, without control characters and space around them."
                    )
                    faults.at_parameter(name, detail, "invalid_text")
        super().collect_faults(request, faults)

    def retrieve_by_key(self, request: Request, **named: str) -> Response:
        """Answer the row with this key, or 304 where the caller holds it already.

        Raises:
            Refused: ``not_found``, ``key_ambiguous``.
        """
        with self._directory(request):
            found = list(self.get_queryset().filter(**self.key_values(named)).order_by("pk")[:2])
            if not found:
                raise self.unknown()
            if len(found) > 1:
                raise ambiguous_key(self.model)
            return self.represented(request, found[0])

    def upsert(self, request: Request, **named: str) -> Response:
        """Create the row with this key, or write all of it."""
        key, body = self.key_values(named), body_of(request)
        serializer = self.write_serializer(fixed=key)
        with self.effect(serializer):
            row, is_new = self.put_operation(
                actor=self.admission.actor,
                row=self.model(**serializer.read(body) | key),
                key=self.key,
                columns=[str(field.source) for field in serializer.fields.values()],
                check=self.precondition_of_put(request),
            )
            response = self.answer(request, row.pk, status=201 if is_new else 200)
            if is_new and not self.is_rehearsal:
                response["Location"] = self.address_of(request, row)
        return response

    def precondition_of_put(self, request: Request) -> Callable[[Row | None], None]:
        """Return what refuses a state, or no row, that ``If-Match`` does not name or that ``If-None-Match`` does.

        Raises:
            Refused: ``precondition_required``.
        """
        wanted, unwanted = (request.headers.get(name, "") for name in ("If-Match", "If-None-Match"))
        if self.is_guarded and not wanted and not unwanted:
            raise Refused(
                "precondition_required", "Send If-Match with the ETag you have read, or If-None-Match: *."
            )

        def check(row: Row | None) -> None:
            if row is None:
                if wanted:
                    raise Refused("precondition_failed", f"There is no such {self.noun}: leave If-Match out.")
                return
            current = self.etag_of(request, self.get_queryset().get(pk=row.pk)) if wanted or unwanted else ""
            if (wanted and not is_match(current, wanted)) or is_held(current, unwanted):
                raise Refused(
                    "precondition_failed",
                    f"The {self.noun} is in another state than the headers ask for. Read it and decide anew.",
                    etag=current,
                )
            if self.is_rehearsal:
                self.rehearsal.note(row)

        return check

    def _collection_url(self, request: Request) -> str:
        if self.action not in KEY_ACTIONS:
            return super()._collection_url(request)
        return request.build_absolute_uri(request.path.removesuffix(f"/by/{'/'.join(self.kwargs.values())}"))
