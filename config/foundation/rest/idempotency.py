"""The ``Idempotency-Key`` header: a write that is repeated with its key has one effect and one answer.

Source: draft-ietf-httpapi-idempotency-key-header-07. See ``docs/adr/0029``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Protocol
from uuid import UUID

from django.db import transaction
from django.http import HttpResponse, HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response

from config.foundation.admission import Admission
from config.foundation.answers import Answer, Call, answer_store
from config.foundation.constraints import translated
from config.foundation.rest.errors import Faults
from config.foundation.rest.problems import response_of

IDEMPOTENCY_KEY = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
METHODS = frozenset({"POST", "PATCH"})
KEY_MAX_LENGTH = 255
KEPT_HEADERS = ("Cache-Control", "Content-Type", "ETag", "Location", "Retry-After")
_QUOTED = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')  # a string of RFC 8941
_BARE = re.compile(r"[!#-+\--:<-~]+")  # visible ASCII that neither quotes nor separates
_ESCAPED = re.compile(r'\\(["\\])')


class Repeatable(Protocol):
    """A view whose writes may be repeated."""

    admission: Admission
    kwargs: dict[str, Any]

    def pk_of(self, display_id: str) -> UUID | None:
        """Return the key that a display id names."""

    def revealed_ids(self) -> tuple[str, ...]:
        """Return the ids of the rows whose confidential values the answer shows."""

    def show_again(self, revealed: tuple[str, ...]) -> None:
        """Do what giving an answer again asks for, which shows these rows' confidential values once more.

        Raises:
            Refused: ``permission_denied``; ``not_found``, the caller may not see the row any more.
        """

    def kept(self, data: Any) -> Any:
        """Return what is kept of an answer's data: all of it but for what is shown once."""

    def get_renderer_context(self) -> dict[str, Any]:
        """Return what the renderer is told."""


Action = Callable[..., Response]


def collect_key_faults(headers: Mapping[str, str], faults: Faults) -> None:
    """Add a fault where there is a key that is none."""
    if IDEMPOTENCY_KEY in headers and key_of(headers) is None:
        detail = f"A key has 1 to {KEY_MAX_LENGTH} printable ASCII characters, in double quotes or without."
        faults.at_header(IDEMPOTENCY_KEY, detail, "invalid_key")


def key_of(headers: Mapping[str, str]) -> str | None:
    """Return the key that a request carries, without its quotes; None where it carries none, or a malformed one."""
    text = headers.get(IDEMPOTENCY_KEY, "").strip()
    quoted = _QUOTED.fullmatch(text)
    key = _ESCAPED.sub(r"\1", quoted[1]) if quoted else text if _BARE.fullmatch(text) else ""
    return key if 1 <= len(key) <= KEY_MAX_LENGTH else None


def once(action: Action) -> Callable[..., HttpResponseBase]:
    """Make an action keep its answer to a call with a key, and give it again to the same call.

    The answer is kept in the transaction of the effect: both are there, or neither is. A refusal is kept without an
    effect; one that is ours or passes (5xx, 429) is not kept, so that the call may be repeated.
    """

    @wraps(action)
    def perform(view: Any, request: Request, **kwargs: Any) -> HttpResponseBase:
        call = _call_of(view, request)
        if call is None:
            return action(view, request, **kwargs)
        refusal = None
        with translated(), transaction.atomic():
            known = answer_store().find(call)
            if known is not None:
                view.show_again(known.revealed)
                return _replay(known)
            try:
                response = action(view, request, **kwargs)
            except Exception as error:
                refused = response_of(error)
                if refused is None or not _is_kept(refused.status_code):
                    raise
                refusal, response = error, refused
            answer_store().keep(call, _answer_of(view, request, response))
        if refusal is not None:
            raise refusal
        return response

    return perform


def canonical(body: Any) -> str:
    """Return a body as the JSON text that equal bodies share: without white space, keys in order."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _call_of(view: Repeatable, request: Request) -> Call | None:
    key, row_id = key_of(request.headers), view.kwargs.get("id")
    names_nothing = row_id is not None and view.pk_of(row_id) is None
    if key is None or names_nothing or getattr(view, "is_rehearsal", False):
        return None
    principal, method = str(view.admission.actor), str(request.method)
    body = canonical([request.data, request.headers.get("If-Match", "")])
    return Call(principal, method, request.path_info, key, body)


def _is_kept(status: int) -> bool:
    return status < 500 and status != 429


def _answer_of(view: Repeatable, request: Request, response: Response) -> Answer:
    """Return an answer as it is to be given again: as it goes out, but for what is shown once.

    It is rendered here, where it can still be kept with its effect.
    """
    response.accepted_renderer = request.accepted_renderer
    response.accepted_media_type = request.accepted_media_type
    response.renderer_context = view.get_renderer_context()  # type: ignore[attr-defined]  # as the framework does
    response.render()
    headers = {name: response[name] for name in KEPT_HEADERS if name in response}
    kept = view.kept(response.data)
    body = response.content
    if kept is not response.data:
        body = request.accepted_renderer.render(
            kept, request.accepted_media_type, view.get_renderer_context()
        )
    return Answer(response.status_code, headers, body.decode(), view.revealed_ids())


def _replay(answer: Answer) -> HttpResponse:
    return HttpResponse(answer.body, status=answer.status, headers={**answer.headers, REPLAYED: "true"})
