"""Pages of tenants: made, changed, closed and opened."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.widgets import UnfoldAdminTextareaWidget

from config.foundation.admin import AuditedAdmin, ExportMixin, ReadOnlyInline, sentence_of
from config.foundation.errors import Refused
from customers.identity.models import Membership
from customers.tenants.admin.base import actor_of
from customers.tenants.admin.endings import EndingsMixin
from customers.tenants.admin.life import life_of
from customers.tenants.enums import PlacementState, TenantStatus
from customers.tenants.filters import StatusFilter
from customers.tenants.forms import NewTenantForm, TenantForm
from customers.tenants.models import Domain, Placement, Tenant
from customers.tenants.operations import (
    create_tenant,
    move_tenant,
    set_tenant_status,
    update_tenant,
    usage_of,
)

MOVED_MAX = 500  # their keys are sent back as fields of a form


class DomainInline(ReadOnlyInline):
    """Hosts of a tenant."""

    model = Domain
    fields = readonly_fields = ("host", "is_primary", "verified_at")

    @admin.display(description="domain")
    def host(self, domain: Domain) -> str:
        """Link the host's page."""
        address = reverse(f"{self.admin_site.name}:tenants_domain_change", args=[domain.pk])
        return format_html('<a class="sb-link" href="{}">{}</a>', address, domain.domain)


class PlacementInline(ReadOnlyInline):
    """Where a tenant's schema is."""

    model = Placement
    fields = readonly_fields = ("db_alias", "state", "ready_at", "last_error")


class TenantAdmin(EndingsMixin, ExportMixin, AuditedAdmin):
    """Who uses the platform."""

    deletes_many = False
    form = TenantForm
    formfield_overrides: ClassVar[Any] = {
        models.JSONField: {"widget": UnfoldAdminTextareaWidget(attrs={"rows": 4, "spellcheck": "false"})}
    }
    change_form_outer_before_template = "admin/tenants/tenant/life.html"
    list_display = ("name", "slug", "status", "parent", "placed", "primary_domain", "site")
    list_filter = (StatusFilter, ("placement__state", ChoicesDropdownFilter))
    list_filter_submit = True
    search_fields = ("name", "slug", "domains__domain")
    list_select_related = ("parent", "placement")
    ordering = ("name", "pk")
    actions = ("activate", "deactivate", "delete", "restore", "export_csv")
    inlines = (DomainInline, PlacementInline)
    autocomplete_fields = ("parent",)
    readonly_fields = ("slug", "status", "schema_name", "site")
    new_fieldsets: ClassVar[Any] = (
        ("Tenant", {"fields": ("name", "slug", "owner", "domain")}),
        ("About it", {"fields": ("parent", "type", "description")}),
    )
    fieldsets = (
        (
            "Tenant",
            {"fields": ("name", ("slug", "status"), "site", "type", "description", "head", "ordering")},
        ),
        ("Settings", {"fields": ("images", "params")}),
        ("Place", {"fields": ("parent", "schema_name")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tenant]:
        """Leave out the platform's own row."""
        rows: QuerySet[Tenant] = super().get_queryset(request).exclude(schema_name="public")
        return rows.prefetch_related("domains")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Tenant], search_term: str
    ) -> tuple[QuerySet[Tenant], bool]:
        """Offer no deleted tenant to pages that ask for one."""
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        is_asked_for_one = request.path.endswith("/autocomplete/")
        return found.filter(deleted_at__isnull=True) if is_asked_for_one else found, may_repeat

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Ask for less where there is no tenant yet."""
        return list(self.new_fieldsets) if obj is None else super().get_fieldsets(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Ask for the slug where there is no tenant yet."""
        return [] if obj is None else super().get_readonly_fields(request, obj)

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:  # noqa: ARG002 -- Django's
        """Propose a slug while a name is typed."""
        return {"slug": ("name",)} if obj is None else {}

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:  # noqa: ARG002 -- Django's
        """Show nothing below the form of a tenant that is not there yet."""
        return self.inlines if obj is not None else ()

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002 -- Django's
        """Ask for an owner and a primary host where there is no tenant yet."""
        if obj is None:
            kwargs["form"] = NewTenantForm
        form = super().get_form(request, obj, change=change, **kwargs)
        if obj is None:
            user = Membership._meta.get_field("user")
            form.base_fields["owner"].widget = AutocompleteSelect(user, self.admin_site)
        if "parent" in form.base_fields:  # without the buttons beside it, which make and change other tenants
            form.base_fields["parent"].widget = form.base_fields["parent"].widget.widget
        return form

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse for a deleted tenant: it can only be restored."""
        is_gone = obj is not None and obj.deleted_at is not None
        return not is_gone and super().has_change_permission(request, obj)

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Say above the form how the tenant is."""
        tenant = kwargs.get("obj")
        if tenant is not None:
            context["life"] = life_of(tenant, now=timezone.now())
            context["usage"] = usage_of(tenant).items()
            context["ways"] = self.ways_of(request, tenant)
        else:
            context["show_save_and_add_another"] = context["show_save_and_continue"] = False
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response

    def save_model(self, request: Any, obj: Tenant, form: Any, change: bool) -> None:  # noqa: FBT001 -- Django's
        """Make the tenant, or move and change it, by its operations."""
        asked, actor = form.cleaned_data, actor_of(request)
        if not change:
            request.made = create_tenant(actor=actor, **asked)
            obj.pk, obj.name = request.made.pk, request.made.name
            return
        changed = {name: value for name, value in asked.items() if value != getattr(obj, name)}
        if "parent" in changed:  # before the row is locked: whoever locks both begins with the tree
            move_tenant(actor=actor, tenant=obj, parent=changed.pop("parent"))
        if changed:
            update_tenant(actor=actor, tenant=obj, **changed)

    def add_view(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Make a tenant and, its rows being committed, say whether its schema is ready."""
        response: HttpResponse = super().add_view(request, *args, **kwargs)
        made = getattr(request, "made", None)
        if made is not None and response.status_code == 302:
            self._tell_made(request, Tenant.objects.select_related("placement").get(pk=made.pk))
        return response

    def _tell_made(self, request: HttpRequest, tenant: Tenant) -> None:
        if tenant.placement.state == PlacementState.READY:
            messages.success(request, f"{tenant} is made and ready.")
        else:
            messages.warning(
                request, f"{tenant} is made, but its schema is not: its page says why, and tries again."
            )

    def response_add(self, request: HttpRequest, obj: Tenant, post_url_continue: Any = None) -> HttpResponse:  # noqa: ARG002 -- Django's
        """Go to the page of the new tenant, or to the first page where the person may not see tenants."""
        may_see = self.has_view_or_change_permission(request)
        return redirect(self.page_of(obj) if may_see else f"{self.admin_site.name}:index")

    def page_of(self, tenant: Tenant) -> str:
        """Return the address of a tenant's page."""
        return reverse(f"{self.admin_site.name}:tenants_tenant_change", args=[tenant.pk])

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
        """Link to the tenant's own site, while there is one."""
        if tenant.deleted_at is not None:
            return "—"
        return format_html('<a class="sb-link" href="/t/{}/admin/">Open</a>', tenant.slug)

    @admin.action(description="Activate", permissions=["change"])
    def activate(self, request: HttpRequest, queryset: Any) -> None:
        """Put inactive tenants in use again."""
        self._move(request, queryset, TenantStatus.INACTIVE, TenantStatus.ACTIVE)

    @admin.action(description="Make inactive", permissions=["change"])
    def deactivate(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        """Close active tenants for a while; several only after their names were read."""
        chosen = list(queryset.filter(status=TenantStatus.ACTIVE).order_by("name", "pk")[: MOVED_MAX + 1])
        if len(chosen) > MOVED_MAX:
            messages.error(request, f"Choose at most {MOVED_MAX} tenants at a time.")
            return None
        if len(chosen) > 1 and "confirmed" not in request.POST:
            return self._ask(request, chosen)
        self._move(request, queryset, TenantStatus.ACTIVE, TenantStatus.INACTIVE)
        return None

    def _ask(self, request: HttpRequest, chosen: list[Tenant]) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": f"Make {len(chosen)} tenants inactive?",
            "opts": self.opts,
            "chosen": chosen,
            "back": request.get_full_path(),
        }
        return TemplateResponse(request, "admin/tenants/tenant/closing.html", context)

    def _move(self, request: HttpRequest, queryset: Any, before: TenantStatus, after: TenantStatus) -> None:
        moved = list(queryset.filter(status=before).order_by("pk"))
        for tenant in moved:
            set_tenant_status(actor=actor_of(request), tenant=tenant, status=after)
        left = len(queryset) - len(moved)
        messages.success(request, f"{len(moved)} made {after.label.lower()}, {left} left as they were.")

    @admin.action(description="Delete…", permissions=["delete"])
    def delete(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        """Lead to what the deletion of a tenant takes with it; one at a time."""
        chosen = list(queryset[:2])
        if len(chosen) == 1:
            return redirect(self.deletion_page_of(chosen[0]))
        messages.error(request, "Choose one tenant: each deletion is confirmed by its slug.")
        return None

    @admin.action(description="Restore", permissions=["delete"])
    def restore(self, request: HttpRequest, queryset: Any) -> None:
        """Bring deleted tenants back, or say why not."""
        for tenant in queryset.order_by("pk"):
            try:
                self.bring_back(request, tenant)
            except (Refused, ValidationError) as refusal:
                messages.error(request, f"{tenant}: {sentence_of(refusal)}")
