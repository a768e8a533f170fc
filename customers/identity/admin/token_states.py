"""How a token is, in a word, and the filter by it."""

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import DropdownFilter

from customers.identity.models import ApiToken

STATES = {  # word and colour, by what is wrong
    "": ("good", "success"),
    "token_revoked": ("revoked", "danger"),
    "token_expired": ("expired", "warning"),
    "token_disabled": ("off", "info"),
}


class StateFilter(DropdownFilter):  # type: ignore[misc]
    """By whether the token is good now, and why not."""

    title, parameter_name = "state", "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 -- the signature is Django's
        """Offer the states."""
        return [(word, word) for word, _colour in STATES.values()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> QuerySet[ApiToken]:  # noqa: ARG002 -- the signature is Django's
        """Keep the tokens in the state."""
        now = timezone.now()
        lasting = Q(revoked_at__isnull=True, expires_at__gt=now)
        meant = {
            "good": lasting & Q(is_enabled=True),
            "off": lasting & Q(is_enabled=False),
            "expired": Q(revoked_at__isnull=True, expires_at__lte=now),
            "revoked": Q(revoked_at__isnull=False),
        }.get(self.value() or "")
        return queryset if meant is None else queryset.filter(meant)
