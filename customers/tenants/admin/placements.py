"""Pages of where tenants' schemas are."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from config.foundation.admin import ExportMixin, ReadOnlyAdmin
from customers.tenants.admin.base import provision_again
from customers.tenants.enums import PlacementState


class PlacementAdmin(ExportMixin, ReadOnlyAdmin):
    """Where tenants' schemas are kept."""

    list_display = ("tenant", "db_alias", "state", "ready_at", "last_error")
    list_filter = ("state", "db_alias")
    search_fields = ("tenant__slug", "tenant__name")
    list_select_related = ("tenant",)
    fields = ("tenant", "db_alias", "state", "ready_at", "last_error")
    ordering = ("pk",)
    actions = ("provision", "export_csv")

    def has_provision_permission(self, request: HttpRequest) -> bool:
        """Tell whether the person may change placements."""
        return bool(request.user.has_perm("tenants.change_placement"))

    def changelist_view(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Make the schemas that the action asked for once its transaction is over: each needs several of its own."""
        response = super().changelist_view(request, *args, **kwargs)
        for tenant in getattr(request, "unprovisioned", ()):
            provision_again(request, tenant)
        return response

    @admin.action(description="Try again to make the schema", permissions=["provision"])
    def provision(self, request: Any, queryset: Any) -> None:
        """Ask for the schemas that are missing, one after the other."""
        missing = queryset.exclude(state__in=[PlacementState.READY, PlacementState.RETIRED])
        request.unprovisioned = [one.tenant for one in missing.select_related("tenant").order_by("pk")]
