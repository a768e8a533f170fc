"""What holds for the whole API and belongs to no view: request ids, headers, and problems instead of HTML."""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import UUID, uuid4

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from config.foundation.actor import request_context
from config.foundation.errors import Refused, error_registry
from config.foundation.rest.limits import POLICY_HEADER, STATE_HEADER, Meter
from config.foundation.rest.problems import MEDIA_TYPE, answer_problem
from config.foundation.rest.reasons import reason_of

Answer = Callable[[HttpRequest], HttpResponseBase]

API_PATH = re.compile(r"(/t/[^/]+)?/api/")
VARY = ("Accept", "Authorization", "Cookie")
CACHE_CONTROL = "private, no-cache"
LIMITED_PATH = re.compile(
    r"(/t/[^/]+)?/api/v[0-9]+/"
)  # neither documents and their pages, nor files, nor health
KEPT_HEADERS = ("Allow", POLICY_HEADER, STATE_HEADER, "Retry-After", "WWW-Authenticate")
CODES_OF_STATUS = {
    400: ("bad_request", "The request cannot be read."),
    403: ("permission_denied", "You may not do this here."),
    404: ("not_found", "There is no such address."),
    405: ("method_not_allowed", "Use one of the methods that the Allow header lists."),
    406: ("not_acceptable", "Accept application/json."),
    413: ("payload_too_large", "The body is too large."),
    415: ("unsupported_media_type", "Send the body as application/json."),
    421: ("unknown_host", "No tenant has this host."),
    429: ("throttled", "Wait as long as Retry-After says."),
    503: ("not_ready", "The database does not answer. Try again in a while."),
}


class RequestIdMiddleware:
    """Names each request by a uuid, the caller's ``X-Request-ID`` where it is one, and keeps why it is made."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer within the request's context, and say its id."""
        request_id = _uuid_of(request.headers.get("X-Request-ID", "")) or str(uuid4())
        with request_context(request_id=request_id, reason=reason_of(request.headers)):
            response = self.get_response(request)
        response["X-Request-ID"] = request_id
        return response


class ApiResponseMiddleware:
    """Gives every answer under ``/api/`` its headers, and every refusal there the form of a problem."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request."""
        is_api = (
            API_PATH.match(request.path_info) is not None
        )  # asked first: tenancy takes the slug off the path
        response = self.get_response(request)
        if not is_api:
            return response
        if response.status_code >= 400 and response.get("Content-Type", "") != MEDIA_TYPE:
            response = _as_problem(response)
        if "Cache-Control" not in response:
            response["Cache-Control"] = CACHE_CONTROL
        patch_vary_headers(response, VARY)
        return response


class RateLimitMiddleware:
    """Counts every request of the API, and says in each answer how the caller stands, whoever answers.

    Here is refused whose address has used up what nobody known may ask; who is known is charged by the view.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request, or refuse it before anything is looked up."""
        if LIMITED_PATH.match(request.path_info) is None:
            return self.get_response(request)
        meter = Meter(request)
        request.meter = meter  # type: ignore[attr-defined] # where views find it
        try:
            meter.enter()
            response = self.get_response(request)
            meter.leave(response.status_code)
        except Refused as refusal:
            response = answer_problem(refusal.code, refusal.detail, **refusal.extensions)
        for name, text in meter.headers().items():
            response[name] = text
        return response


@require_safe
def explain_problem(request: HttpRequest, code: str) -> HttpResponse:
    """Explain one error code to people."""
    kind = error_registry.get(code)
    if kind is None:
        raise Http404
    return render(request, "problems/detail.html", {"kind": kind})


@require_safe
def list_problems(request: HttpRequest) -> HttpResponse:
    """List every error code."""
    return render(request, "problems/list.html", {"kinds": error_registry.all()})


def _as_problem(response: HttpResponseBase) -> HttpResponse:
    code, detail = CODES_OF_STATUS.get(response.status_code, ("internal_error", ""))
    answer = answer_problem(code, detail)
    for name in KEPT_HEADERS:
        if name in response:
            answer[name] = response[name]
    return answer


def _uuid_of(text: str) -> str:
    """Return a uuid in its usual form, or nothing for any other text."""
    try:
        return str(UUID(text)) if len(text) in (32, 36) else ""
    except ValueError:
        return ""
