"""Pages of tenants, for operators. They are written by the platform's operations, not by hand."""

from config.foundation.admin import ReadOnlyAdmin


class TenantAdmin(ReadOnlyAdmin):
    """Who uses the platform."""

    list_display = ("name", "slug", "status", "parent", "created_at")
    list_filter = ("status",)
    search_fields = ("name", "slug")
    list_select_related = ("parent",)
    ordering = ("name", "pk")


class DomainAdmin(ReadOnlyAdmin):
    """Hosts that tenants answer on."""

    list_display = ("domain", "tenant", "is_primary", "verified_at")
    search_fields = ("domain",)
    list_select_related = ("tenant",)
    ordering = ("domain", "pk")


class PlacementAdmin(ReadOnlyAdmin):
    """Where tenants' schemas are kept."""

    list_display = ("tenant", "db_alias", "state", "ready_at")
    list_filter = ("state",)
    list_select_related = ("tenant",)
    ordering = ("pk",)
