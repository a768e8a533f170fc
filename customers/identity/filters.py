"""Filters of the lists of tokens."""

from __future__ import annotations

from typing import Any

from config.foundation.rest.filters import DeclaredFilter, DeclaredFilters, TrueFalseField
from config.foundation.rest.lookups import BOOLEAN, EQUAL, MOMENT, NULLABLE, OPTIONAL, TEXT
from config.foundation.rest.moments import MomentField
from customers.identity.models import ApiToken

_MOMENT_SCHEMA = {"type": "string", "format": "date-time"}


def _last_use(lookup: str) -> DeclaredFilter:
    if lookup == "isnull":
        each: Any = TrueFalseField(required=False)
        schema: dict[str, Any] = {"type": "boolean"}
    else:
        each, schema = MomentField(required=False), _MOMENT_SCHEMA
    return DeclaredFilter(field_name="use__last_used_at", lookup_expr=lookup, each=each, schema=schema)


class MyTokenFilters(DeclaredFilters):
    """Filters of a person's own tokens; by their last use, one that was never used is not before any moment."""

    searched = ("name", "key_id")
    last_used_at__lt = _last_use("lt")
    last_used_at__lte = _last_use("lte")
    last_used_at__gt = _last_use("gt")
    last_used_at__gte = _last_use("gte")
    last_used_at__empty = _last_use("isnull")

    class Meta:
        model = ApiToken
        fields = {
            "name": TEXT,
            "key_id": EQUAL,
            "tenant": OPTIONAL,
            "may_write": BOOLEAN,
            "is_enabled": BOOLEAN,
            "expires_at": MOMENT,
            "revoked_at": (*MOMENT, *NULLABLE),
            "created_at": MOMENT,
            "updated_at": MOMENT,
        }


class TenantTokenFilters(MyTokenFilters):
    """Filters of the tokens that are bound to a tenant."""

    class Meta(MyTokenFilters.Meta):
        fields = {name: held for name, held in MyTokenFilters.Meta.fields.items() if name != "tenant"} | {
            "user": EQUAL
        }
