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
from customers.identity.errors import TOKEN_DISABLED, TOKEN_EXPIRED, TOKEN_REVOKED
from customers.identity.models import ApiToken, User
from customers.identity.rest.middleware import remember_presented
from customers.identity.tokens import present

CHALLENGE = 'Bearer realm="switchboard"'
_SCHEME = "bearer"
_FAULTS = {
    TOKEN_REVOKED: "The token was revoked. Make another one.",
    TOKEN_EXPIRED: "The token has expired. Make another one.",
    TOKEN_DISABLED: "The token is switched off. Its owner can switch it on again.",
}


class ApiTokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer sbt_…``."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """Return the token's user and the token; None where the header is absent.

        Raises:
            Refused: ``token_invalid``; to who has the right secret, why it is not good: ``token_revoked``,
                ``token_expired`` or ``token_disabled``.
        """
        header = request.META.get("HTTP_AUTHORIZATION")
        if header is None:
            return None
        scheme, _, text = header.strip().partition(" ")
        given = text.strip() if scheme.lower() == _SCHEME else ""
        token, fault = present(given, timezone.now())
        if token is not None:
            remember_presented(request._request, token, is_accepted=not fault)  # noqa: SLF001 -- what middleware sees
        if token is None or fault:
            raise Refused(fault, _FAULTS.get(fault, "The token is not accepted. Create or rotate one."))
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
