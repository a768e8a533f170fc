"""Authentication of API requests: a token in the header, or the browser's session.

A header credential that fails ends the request: it never falls through to a cookie.
"""

from typing import Any

from django.http import HttpRequest
from django.middleware.csrf import CsrfViewMiddleware
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from config.foundation.errors import Refused
from customers.identity.models import ApiToken, User
from customers.identity.operations import note_token_use
from customers.identity.tokens import PREFIX, find_token

CHALLENGE = 'Bearer realm="switchboard"'
_SCHEME = "bearer"


class ApiTokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer sbt_…``."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """Return the token's user and the token; None where the header is absent.

        Raises:
            Refused: ``token_in_query`` or ``token_invalid``, whatever is wrong with the token.
        """
        if any(value.startswith(PREFIX) for values in request.query_params.lists() for value in values[1]):
            raise Refused(
                "token_in_query",
                "Send the token in the Authorization header; this one is in logs now: rotate it.",
            )
        header = request.META.get("HTTP_AUTHORIZATION")
        if header is None:
            return None
        now = timezone.now()
        scheme, _, text = header.strip().partition(" ")
        token = find_token(text.strip(), now) if scheme.lower() == _SCHEME else None
        if token is None:
            raise Refused("token_invalid", "The token is not accepted. Create or rotate one.")
        note_token_use(token=token, now=now)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002 -- DRF's signature
        """Return the challenge of a 401."""
        return CHALLENGE


class BrowserSessionAuthentication(BaseAuthentication):
    """The session of the admin, with its CSRF token on unsafe methods."""

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        """Return the person who is signed in, or None.

        Raises:
            Refused: ``csrf_failed``.
        """
        page = request._request  # noqa: SLF001 -- Django's, whose user is the session's
        user = getattr(page, "user", None)
        if not isinstance(user, User) or not user.is_active:
            return None
        _enforce_csrf(page)
        return user, None


class _CsrfCheck(CsrfViewMiddleware):
    """Returns the reason instead of answering."""

    def _reject(self, request: HttpRequest, reason: str) -> Any:  # noqa: ARG002 -- Django's signature
        return reason


def _enforce_csrf(request: HttpRequest) -> None:
    check = _CsrfCheck(lambda _request: None)  # type: ignore[arg-type] # it is never asked to answer
    check.process_request(request)
    if check.process_view(request, None, (), {}):  # type: ignore[arg-type] # as DRF calls it
        raise Refused("csrf_failed", "Send the token of the page's form, or use an API token.")
