"""Pages of tenants, their hosts and places, for operators."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.html import format_html

from config.foundation.actor import Actor
from config.foundation.admin import AuditedAdmin, ReadOnlyAdmin, ReadOnlyInline
from config.foundation.errors import Refused
from customers.tenants.enums import PlacementState, TenantStatus
from customers.tenants.models import Domain, Placement, Tenant
from customers.tenants.operations import provision_tenant, set_tenant_status


class TenantForm(forms.ModelForm):  # type: ignore[type-arg] # not subscriptable at run time
    """Changes of a tenant that keep its name its own."""

    def clean_name(self) -> str:
        """Refuse the name of another tenant, in whatever case."""
        name: str = self.cleaned_data["name"].strip()
        others = Tenant.objects.filter(name_key=name.casefold()).exclude(pk=self.instance.pk)
        if others.exists():
            raise ValidationError("Another tenant has this name.", code="name_taken")
        return name


class DomainInline(ReadOnlyInline):
    """Hosts of a tenant."""

    model = Domain
    fields = ("domain", "is_primary", "verified_at")


class PlacementInline(ReadOnlyInline):
    """Where a tenant's schema is."""

    model = Placement
    fields = ("db_alias", "state", "ready_at", "last_error")


class TenantAdmin(AuditedAdmin):
    """Who uses the platform. ``manage.py create_tenant`` makes one; none is deleted here."""

    form = TenantForm
    list_display = ("name", "slug", "status", "parent", "placed", "primary_domain", "site")
    list_filter = ("status", "placement__state")
    search_fields = ("name", "slug", "domains__domain")
    list_select_related = ("parent", "placement")
    ordering = ("name", "pk")
    actions = ("activate", "deactivate")
    inlines = (DomainInline, PlacementInline)
    readonly_fields = ("slug", "status", "parent", "schema_name", "site")
    fieldsets = (
        (
            "Tenant",
            {"fields": ("name", ("slug", "status"), "site", "type", "description", "head", "ordering")},
        ),
        ("Settings", {"fields": ("images", "params")}),
        ("Place", {"fields": ("parent", "schema_name")}),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        """Leave out the platform's own row."""
        rows = super().get_queryset(request).exclude(schema_name="public")
        return rows.prefetch_related("domains")

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:  # noqa: ARG002 -- the signature is Django's
        """Refuse: making a schema takes longer than a page may."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 -- the signature is Django's
        """Refuse."""
        return False

    def save_model(self, request: HttpRequest, obj: Tenant, form: Any, change: bool) -> None:  # noqa: FBT001 -- Django's
        """Keep the key of the name beside the name."""
        obj.name_it(obj.name)
        super().save_model(request, obj, form, change)

    @admin.display(description="place", ordering="placement__state")
    def placed(self, tenant: Tenant) -> str:
        """Say how far the schema is."""
        return tenant.placement.get_state_display() if hasattr(tenant, "placement") else "—"

    @admin.display(description="primary domain")
    def primary_domain(self, tenant: Tenant) -> str:
        """Return the host that stands for the tenant."""
        return next((domain.domain for domain in tenant.domains.all() if domain.is_primary), "—")

    @admin.display(description="administration")
    def site(self, tenant: Tenant) -> str:
        """Link to the tenant's own site."""
        return format_html('<a class="sb-link" href="/t/{}/admin/">Open</a>', tenant.slug)

    @admin.action(description="Activate", permissions=["change"])
    def activate(self, request: HttpRequest, queryset: Any) -> None:
        """Put inactive tenants in use again."""
        self._move(request, queryset, TenantStatus.INACTIVE, TenantStatus.ACTIVE)

    @admin.action(description="Make inactive", permissions=["change"])
    def deactivate(self, request: HttpRequest, queryset: Any) -> None:
        """Close active tenants for a while."""
        self._move(request, queryset, TenantStatus.ACTIVE, TenantStatus.INACTIVE)

    def _move(self, request: HttpRequest, queryset: Any, before: TenantStatus, after: TenantStatus) -> None:
        moved = list(queryset.filter(status=before).order_by("pk"))
        for tenant in moved:
            set_tenant_status(actor=Actor.user(request.user.pk), tenant=tenant, status=after)  # type: ignore[arg-type]
        left = len(queryset) - len(moved)
        messages.success(request, f"{len(moved)} made {after.label.lower()}, {left} left as they were.")


class DomainAdmin(AuditedAdmin):
    """Hosts that select a tenant."""

    list_display = ("domain", "tenant", "is_primary", "verified_at")
    list_filter = ("is_primary",)
    search_fields = ("domain", "tenant__slug")
    list_select_related = ("tenant",)
    autocomplete_fields = ("tenant",)
    fields = ("domain", "tenant", "is_primary", "verified_at")
    ordering = ("domain", "pk")


class PlacementAdmin(ReadOnlyAdmin):
    """Where tenants' schemas are kept."""

    list_display = ("tenant", "db_alias", "state", "ready_at", "last_error")
    list_filter = ("state", "db_alias")
    search_fields = ("tenant__slug", "tenant__name")
    list_select_related = ("tenant",)
    fields = ("tenant", "db_alias", "state", "ready_at", "last_error")
    ordering = ("pk",)
    actions = ("provision",)

    def has_provision_permission(self, request: HttpRequest) -> bool:
        """Tell whether the person may change placements."""
        return bool(request.user.has_perm("tenants.change_placement"))

    @admin.action(description="Try again to make the schema", permissions=["provision"])
    def provision(self, request: HttpRequest, queryset: Any) -> None:
        """Make the schemas that are missing, one after the other."""
        for placement in queryset.exclude(state=PlacementState.READY).select_related("tenant").order_by("pk"):
            try:
                provision_tenant(actor=Actor.user(request.user.pk), tenant=placement.tenant)  # type: ignore[arg-type]
            except Refused as refusal:
                messages.error(request, refusal.detail)
            else:
                messages.success(request, f"{placement.tenant} is ready.")
