"""Pages of the hosts that select tenants."""

from dataclasses import dataclass
from typing import Any, ClassVar

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.filters import EmptyFieldListFilter
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from config.foundation.admin import AuditedAdmin, ExportMixin, sentence_of
from config.foundation.errors import Refused
from customers.tenants.admin.base import actor_of
from customers.tenants.forms import NewDomainForm
from customers.tenants.models import Domain
from customers.tenants.operations import (
    add_domain,
    make_primary,
    refuse_primary,
    remove_domain,
    verify_domain,
)


@dataclass(frozen=True, slots=True)
class Standing:
    """What a host does, in words; ``actions`` of the list that make sense for it, each with its label."""

    tone: str
    words: str
    actions: list[tuple[str, str]]


class DomainAdmin(ExportMixin, AuditedAdmin):
    """Hosts that select a tenant. One is added, verified, made primary or removed; its name never changes."""

    deletes_many = False
    form = NewDomainForm
    change_form_outer_before_template = "admin/tenants/domain/ways.html"
    list_display = ("domain", "tenant", "is_primary", "verified_at")
    list_filter = ("is_primary", ("verified_at", EmptyFieldListFilter))
    search_fields = ("domain", "tenant__slug", "tenant__name")
    list_select_related = ("tenant",)
    autocomplete_fields = ("tenant",)
    ordering = ("domain", "pk")
    actions = ("verify", "make_primary", "export_csv")
    new_fieldsets: ClassVar[Any] = ((None, {"fields": ("tenant", "domain", "is_verified")}),)
    fieldsets = ((None, {"fields": ("domain", "tenant", "is_primary", "verified_at")}),)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Ask for less where there is no host yet."""
        return list(self.new_fieldsets) if obj is None else super().get_fieldsets(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse on the page of a host: its columns change by actions."""
        return obj is None and super().has_change_permission(request)

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Say above the columns what the host does, and offer what can be done with it."""
        domain = kwargs.get("obj")
        if domain is not None:
            context["standing"] = self._standing_of(request, domain)
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response

    def _standing_of(self, request: HttpRequest, domain: Domain) -> Standing:
        own = f"{domain.tenant.slug}.{settings.BASE_DOMAIN}"
        is_selecting = domain.verified_at is not None or domain.domain == own
        actions = []
        if domain.tenant.deleted_at is None and self.has_change_permission(request):
            actions += [("verify", "It is the tenant's: verify")] if not is_selecting else []
            actions += [("make_primary", "Make primary")] if not domain.is_primary else []
        if is_selecting:
            return Standing("good", f"It selects {domain.tenant}.", actions)
        return Standing("waiting", "It selects nobody until it is verified.", actions)

    def save_model(self, request: HttpRequest, obj: Domain, form: Any, change: bool) -> None:  # noqa: ARG002, FBT001 -- Django's
        """Give the tenant the host."""
        asked = form.cleaned_data
        verified_at = timezone.now() if asked["is_verified"] else None
        added = add_domain(
            actor=actor_of(request), tenant=asked["tenant"], domain=asked["domain"], verified_at=verified_at
        )
        obj.pk, obj.domain, obj.tenant = added.pk, added.domain, added.tenant

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Ask before a host is removed; say at once what speaks against it."""
        domain = self.get_object(request, object_id)
        if request.method == "GET" and domain is not None and self.has_delete_permission(request, domain):
            try:
                refuse_primary(domain)
            except Refused as refusal:
                messages.warning(request, sentence_of(refusal))
                return redirect(f"{self.admin_site.name}:tenants_domain_changelist")
        return super().delete_view(request, object_id, extra_context)

    def delete_model(self, request: HttpRequest, obj: Domain) -> None:
        """Take the host away from its tenant."""
        remove_domain(actor=actor_of(request), domain=obj)

    @admin.action(description="Verified: it is the tenant's", permissions=["change"])
    def verify(self, request: HttpRequest, queryset: Any) -> None:
        """Let each host select its tenant."""
        now = timezone.now()
        for domain in queryset.filter(verified_at__isnull=True).order_by("tenant_id", "pk"):
            verify_domain(actor=actor_of(request), domain=domain, now=now)
            messages.success(request, f"{domain} selects {domain.tenant}.")

    @admin.action(description="Make primary", permissions=["change"])
    def make_primary(self, request: HttpRequest, queryset: Any) -> None:
        """Let each host stand for its tenant: one a tenant."""
        chosen = list(queryset.select_related("tenant").order_by("tenant_id", "pk"))
        if len({domain.tenant_id for domain in chosen}) < len(chosen):
            messages.error(request, "A tenant has one primary host: choose one of each tenant.")
            return
        for domain in chosen:
            make_primary(actor=actor_of(request), domain=domain)
            messages.success(request, f"{domain} is the primary host of {domain.tenant}.")
