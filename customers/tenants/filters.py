"""Filters of the lists of tenants."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter

from customers.tenants.enums import TenantStatus


class StatusFilter(DropdownFilter):  # type: ignore[misc]
    """By status; deleted tenants are shown only where they are asked for."""

    title = "status"
    parameter_name = "status"
    all_option: ClassVar[list[str]] = ["", "All but deleted"]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 -- the signature is Django's
        """Offer the states of tenants."""
        return [(str(value), str(label)) for value, label in TenantStatus.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002 -- the signature is Django's
        """Keep tenants in the state, or all that are not deleted."""
        return (
            queryset.filter(status=self.value()) if self.value() else queryset.filter(deleted_at__isnull=True)
        )
