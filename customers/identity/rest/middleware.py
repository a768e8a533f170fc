"""What is done about tokens around a request: none is taken from an address, and the use of each is noted."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from config.foundation.addresses import client_address
from config.foundation.rest.problems import MEDIA_TYPE, answer_problem
from customers.identity.errors import IP_NOT_ALLOWED
from customers.identity.models import ApiToken
from customers.identity.operations import token_uses
from customers.identity.tokens import find_tokens_in, present

API_PREFIX = "/api/"
TOKEN_IN_QUERY = "token_in_query"  # noqa: S105 -- a code
_PRESENTED = "switchboard_token"

Answer = Callable[[HttpRequest], HttpResponseBase]


class TokenMiddleware:
    """Refuses a token in the query of any address of the API, and counts the calls of tokens; stands after tenancy."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request."""
        if not request.path_info.startswith(API_PREFIX):
            return self.get_response(request)
        texts = (text for name, values in request.GET.lists() for text in (name, *values))
        shown = find_tokens_in(texts)
        if shown:
            return _refuse(request, shown)
        response = self.get_response(request)
        presented = getattr(request, _PRESENTED, None)
        if presented is not None:
            token, is_accepted = presented
            code = _code_of(response)
            _note(request, token, code, is_use=is_accepted and code != IP_NOT_ALLOWED)
        return response


def remember_presented(request: HttpRequest, token: ApiToken, *, is_accepted: bool) -> None:
    """Have the call counted for the token, whose right secret was presented."""
    setattr(request, _PRESENTED, (token, is_accepted))


def _refuse(request: HttpRequest, shown: list[str]) -> HttpResponseBase:
    """Refuse, and have the owner of the token told where it is one."""
    token, _fault = present(shown[0], timezone.now())
    if token is not None:
        _note(request, token, TOKEN_IN_QUERY, is_use=False)
    return answer_problem(
        TOKEN_IN_QUERY, "Send the token in the Authorization header; this one is in logs now: rotate it."
    )


def _note(request: HttpRequest, token: ApiToken, code: str, *, is_use: bool) -> None:
    token_uses.note(
        token.pk,
        now=timezone.now(),
        code=code,
        is_use=is_use,
        address=client_address(request.META, settings.TRUSTED_PROXIES),
        agent=request.META.get("HTTP_USER_AGENT", ""),
    )


def _code_of(response: Any) -> str:
    """Return the code of a refusal; "" for an answer."""
    if response.status_code < 400:
        return ""
    if response.get("Content-Type", "") == MEDIA_TYPE:
        held = getattr(response, "data", None) or json.loads(response.content)
        return str(held.get("code", ""))
    return "internal_error" if response.status_code >= 500 else "bad_request"
