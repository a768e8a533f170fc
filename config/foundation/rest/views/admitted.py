"""The base of every view: who is let in, and what is refused before anything is looked up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Any, ClassVar

from django.utils import timezone
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.foundation.actor import Actor
from config.foundation.admission import Admission, Selection
from config.foundation.errors import Refused
from config.foundation.rest.deprecation import Kind, Part, announce, note_use, parts_of_action, refuse_gone
from config.foundation.rest.errors import Faults
from config.foundation.rest.headers import collect_empty_headers
from config.foundation.rest.limits import cost_of_items, meter_of
from config.foundation.rest.operations import Documented
from config.foundation.rest.parsers import StrictJSONParser
from config.foundation.rest.queries import collect_parameter_faults
from config.foundation.rest.reasons import collect_reason_faults


class AdmittedView(Documented, APIView):
    """A view that only an admitted caller with ``required_privilege`` reaches.

    ``parameters`` names the query parameters; others are refused. ``admission`` says who calls, in which
    tenant, and what they may do. A view that writes says so by ``is_write``; a search by POST does not.
    ``clock`` says when a deprecated part is gone.
    """

    required_privilege: ClassVar[str]
    is_write: bool = False
    parameters: ClassVar[tuple[str, ...]] = ()
    parser_classes = (StrictJSONParser,)
    clock: Callable[[], datetime] = staticmethod(timezone.now)
    admission: Admission
    deprecated_parts: tuple[Part, ...] = ()  # of the operation that is called
    now: datetime

    def perform_authentication(self, request: Request) -> None:
        """Let the caller in, which selects the tenant's schema.

        Raises:
            NotAuthenticated: there is no credential.
            Refused: tenancy does not let the caller in; ``throttled``.
        """
        super().perform_authentication(request)
        if request.user is None:
            raise NotAuthenticated
        page: Any = request._request  # noqa: SLF001 -- Django's, which middleware has worked on
        meter = meter_of(page)
        meter.authenticate(Actor.caller(request.user, request.auth))
        selection: Selection = page.selection
        self.admission = selection.admit(request.user, request.auth)
        meter.admit(self.admission.tenant.pk if self.admission.tenant is not None else None)

    def charge_items(self, request: Request, count: int) -> None:
        """Charge what a request with so many items costs beyond one, before its work is done.

        Raises:
            Refused: ``throttled``.
        """
        meter_of(request._request).charge(cost_of_items(count) - 1)  # noqa: SLF001 -- Django's

    def needed_privileges(self) -> tuple[str, ...]:
        """Return the privileges that this request needs, in the order in which a missing one is named."""
        return (self.required_privilege,)

    def collect_faults(self, request: Request, faults: Faults) -> None:
        """Add what is wrong with the query parameters."""
        collect_parameter_faults(request.query_params, known=self.parameters, repeatable=(), faults=faults)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Admit the caller and check their privilege, before anything is looked up.

        Raises:
            Refused: ``bad_request``, a body without a declared length; ``gone``, after the sunset of what is called.
        """
        super().initial(request, *args, **kwargs)
        if "HTTP_TRANSFER_ENCODING" in request.META and not request.META.get("CONTENT_LENGTH"):
            # Django reads as much as is declared: such a body would pass for an empty one.
            raise Refused("bad_request", "Send the body's length (Content-Length); chunks are not read.")
        if self.offers(request.method or ""):
            self._refuse_gone(request)
            faults = Faults()
            collect_empty_headers(request.headers, faults)
            collect_reason_faults(request.headers, faults)
            self.collect_faults(request, faults)
            faults.raise_any()

    def offers(self, method: str) -> bool:
        """Tell whether this view answers a method: of another, 405 says more than a fault of its parameters."""
        name = method.lower()
        return name != "options" and name in self.http_method_names and hasattr(self, name)

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """Return the answer, which says what of the call is deprecated."""
        answer: Response = super().finalize_response(request, response, *args, **kwargs)
        shows = answer.status_code < HTTPStatus.BAD_REQUEST
        used = [
            part
            for part in self.deprecated_parts
            if (shows or part.kind is not Kind.FIELD) and self.is_used(request, part)
        ]
        announce(answer, used)
        note_use(request, self, used, answer.status_code)
        return answer

    def called_action(self, request: Request) -> str:
        """Return the name by which ``describe`` knows the operation that is called."""
        method = str(request.method).lower()
        return getattr(self, "action", None) or ("get" if method == "head" else method)

    def is_used(self, request: Request, part: Part) -> bool:
        """Tell whether the call uses a deprecated part of its operation."""
        return part.kind is not Kind.PARAMETER or part.name in request.query_params

    def _refuse_gone(self, request: Request) -> None:
        self.now = self.clock()
        view_class: Any = type(self)  # which mypy does not take for hashable
        self.deprecated_parts = parts_of_action(view_class, self.called_action(request))
        refuse_gone(self.deprecated_parts, request.query_params, self.now)
