"""The base of every view: who is let in, and what is refused before anything is looked up."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request
from rest_framework.views import APIView

from config.foundation.admission import Admission, Selection
from config.foundation.errors import Refused
from config.foundation.rest.errors import Faults
from config.foundation.rest.operations import Documented
from config.foundation.rest.parsers import StrictJSONParser
from config.foundation.rest.queries import collect_parameter_faults
from config.foundation.rest.reasons import collect_reason_faults


class AdmittedView(Documented, APIView):
    """A view that only an admitted caller with ``required_privilege`` reaches.

    ``parameters`` names the query parameters; others are refused. ``admission`` says who calls, in which
    tenant, and what they may do. A view that writes says so by ``is_write``; a search by POST does not.
    """

    required_privilege: ClassVar[str]
    is_write: bool = False
    parameters: ClassVar[tuple[str, ...]] = ()
    parser_classes = (StrictJSONParser,)
    admission: Admission

    def perform_authentication(self, request: Request) -> None:
        """Let the caller in, which selects the tenant's schema.

        Raises:
            NotAuthenticated: there is no credential.
            Refused: tenancy does not let the caller in.
        """
        super().perform_authentication(request)
        if request.user is None:
            raise NotAuthenticated
        selection: Selection = request._request.selection  # type: ignore[attr-defined]  # noqa: SLF001
        self.admission = selection.admit(request.user, request.auth)

    def needed_privileges(self) -> tuple[str, ...]:
        """Return the privileges that this request needs, in the order in which a missing one is named."""
        return (self.required_privilege,)

    def collect_faults(self, request: Request, faults: Faults) -> None:
        """Add what is wrong with the query parameters."""
        collect_parameter_faults(request.query_params, known=self.parameters, repeatable=(), faults=faults)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Admit the caller and check their privilege, before anything is looked up.

        Raises:
            Refused: ``bad_request``, a body without a declared length.
        """
        super().initial(request, *args, **kwargs)
        if "HTTP_TRANSFER_ENCODING" in request.META and not request.META.get("CONTENT_LENGTH"):
            # Django reads as much as is declared: such a body would pass for an empty one.
            raise Refused("bad_request", "Send the body's length (Content-Length); chunks are not read.")
        if self.offers(request.method or ""):
            faults = Faults()
            collect_reason_faults(request.headers, faults)
            self.collect_faults(request, faults)
            faults.raise_any()

    def offers(self, method: str) -> bool:
        """Tell whether this view answers a method: of another, 405 says more than a fault of its parameters."""
        name = method.lower()
        return name != "options" and name in self.http_method_names and hasattr(self, name)
