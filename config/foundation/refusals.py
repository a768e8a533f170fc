"""Hands refusals and exports over to whoever records them: the chain lies above the foundation."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django_tenants.utils import get_public_schema_name

from config.foundation.actor import Actor
from config.foundation.display_ids import parse_display_id

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
RECORDED_STATUSES = frozenset({403, 409, 412, 422})  # of a caller who was let in; a 400 is no act


@dataclass(frozen=True, slots=True)
class Refusal:
    """A write, or a page of the admin, that was refused to an authenticated caller.

    ``schema`` is that of the chain to be told ("": the one selected); ``resource`` and ``resource_id`` name table and
    row where they are known.
    """

    actor: Actor
    code: str
    schema: str
    resource: str = ""
    resource_id: str = ""


@dataclass(frozen=True, slots=True)
class Export:
    """Rows that were taken away as a file; ``filters`` are names alone: a value may be confidential."""

    actor: Actor
    resource: str
    format: str
    filters: tuple[str, ...]
    row_count: int


_refusal_recorders: list[Callable[[Refusal], None]] = []
_export_recorders: list[Callable[[Export], None]] = []


def on_refused(recorder: Callable[[Refusal], None]) -> None:
    """Enter a function that is told each refused write, after it was rolled back."""
    if recorder not in _refusal_recorders:
        _refusal_recorders.append(recorder)


def on_exported(recorder: Callable[[Export], None]) -> None:
    """Enter a function that is told each export, in the transaction of the export."""
    if recorder not in _export_recorders:
        _export_recorders.append(recorder)


def tell_refused(refusal: Refusal) -> None:
    """Tell the recorders of a refused write."""
    for recorder in _refusal_recorders:
        recorder(refusal)


def tell_exported(export: Export) -> None:
    """Tell the recorders of an export."""
    for recorder in _export_recorders:
        recorder(export)


def tell_refused_call(context: Mapping[str, Any], *, status: int, code: str) -> None:
    """Tell the recorders of a refused API call, if it was a write of an authenticated caller.

    ``context`` is the framework's: ``{"view", "request", …}``; the view declares in ``reading_methods`` which unsafe
    methods only read, and by ``is_rehearsal`` that this call does. Who was let in is recorded where they were; who was
    not, in the platform's chain, by the same statements whatever the tenant is: that it exists must not show.
    """
    view, request = context.get("view"), context.get("request")
    if (
        request is None
        or request.method in SAFE_METHODS
        or request.method in getattr(view, "reading_methods", ())
        or getattr(view, "is_rehearsal", False)
    ):
        return
    resource, resource_id = _row_of(view)
    admission = getattr(view, "admission", None)
    if admission is not None:
        if status in RECORDED_STATUSES:
            schema = admission.tenant.schema_name if admission.tenant else get_public_schema_name()
            tell_refused(Refusal(admission.actor, code, schema, resource, resource_id))
        return
    user = getattr(request, "_user", None)  # set by authentication; asking for it would authenticate again
    if (
        user is not None and status < 500 and status != HTTPStatus.TOO_MANY_REQUESTS
    ):  # which is to cost nothing
        actor = Actor.caller(user, getattr(request, "_auth", None))
        tell_refused(Refusal(actor, code, get_public_schema_name(), resource, resource_id))


def tell_refused_page(
    request: Any, *, code: str, resource: str, resource_id: str = "", schema: str = ""
) -> None:
    """Tell the recorders of a page or submission of the admin that was refused; ``schema`` is as in ``Refusal``."""
    actor = Actor.user(request.user.pk)
    tell_refused(Refusal(actor, code, schema, resource, resource_id))


def _row_of(view: Any) -> tuple[str, str]:
    """Return table and row of a call, as its address says; a malformed id is none."""
    model = getattr(view, "model", None)
    if model is None:
        return "", ""
    prefix = getattr(model, "display_prefix", "")
    pk: UUID | None = parse_display_id(prefix, str(view.kwargs.get("id", "")))
    return model._meta.label_lower, str(pk) if pk else ""
