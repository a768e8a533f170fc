"""Pages on which a tenant is deleted, restored, or given its schema once more."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from customers.tenants.admin.base import actor_of, provision_again
from customers.tenants.admin.life import life_of, restorable_until, stock_of
from customers.tenants.forms import DeletionForm
from customers.tenants.models import Tenant
from customers.tenants.operations import delete_tenant, restore_tenant

NO_TOKENS_BACK = "Its API tokens ended with the deletion and stay so: make new ones."


class EndingsMixin:
    """Deletes a tenant once its slug was typed, brings it back, and tries again to make its schema."""

    admin_site: Any
    opts: Any

    def get_urls(self) -> list[URLPattern]:
        """Add the pages of a tenant."""
        wrap = self.admin_site.admin_view
        own = [
            path("<path:object_id>/restore/", wrap(self.restore_view), name="tenants_tenant_restore"),
            path("<path:object_id>/provision/", wrap(self.provision_view), name="tenants_tenant_provision"),
        ]
        return [*own, *super().get_urls()]  # type: ignore[misc]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse for a tenant that is deleted already."""
        is_gone = obj is not None and obj.deleted_at is not None
        return not is_gone and super().has_delete_permission(request, obj)  # type: ignore[misc]

    def has_provision_permission(self, request: HttpRequest) -> bool:
        """Tell whether the person may change placements."""
        return bool(request.user.has_perm("tenants.change_placement"))

    def ways_of(self, request: HttpRequest, tenant: Tenant) -> dict[str, str]:
        """Return the addresses that a tenant's page leads to, those that the person may follow."""
        life, site = life_of(tenant, now=timezone.now()), self.admin_site.name
        ways = {}
        if life.can_be_provisioned and self.has_provision_permission(request):
            ways["provision"] = reverse(f"{site}:tenants_tenant_provision", args=[tenant.pk])
        if life.can_be_restored and self.has_delete_permission(request):
            ways["restore"] = reverse(f"{site}:tenants_tenant_restore", args=[tenant.pk])
        if tenant.deleted_at is None and request.user.has_perm("tenants.add_domain"):
            ways["domain"] = reverse(f"{site}:tenants_domain_add", query={"tenant": tenant.pk})
        return ways

    def deletion_page_of(self, tenant: Tenant) -> str:
        """Return the address of the page that deletes a tenant."""
        return reverse(f"{self.admin_site.name}:tenants_tenant_delete", args=[tenant.pk])

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:  # noqa: ARG002 -- Django's
        """Show what a deletion takes with it, and delete once the slug is typed."""
        tenant = self._found(request, object_id, "delete")
        return self.performed(request, lambda: self._deletion(request, tenant))  # type: ignore[attr-defined,no-any-return]

    def restore_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show what a restoration brings back and what not, and restore."""
        tenant = self._found(request, object_id, "delete")
        return self.performed(request, lambda: self._restoration(request, tenant))  # type: ignore[attr-defined,no-any-return]

    def provision_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Try again to make the schema of a tenant."""
        tenant = self._found(request, object_id, "provision")
        if request.method == "POST":
            provision_again(request, tenant)
        return redirect(self.page_of(tenant))  # type: ignore[attr-defined]

    def bring_back(self, request: HttpRequest, tenant: Tenant) -> None:
        """Restore a tenant and say what did not come back with it."""
        restored = restore_tenant(actor=actor_of(request), tenant=tenant, now=timezone.now())
        messages.success(
            request, f"{restored} is {restored.get_status_display().lower()} again. {NO_TOKENS_BACK}"
        )

    def _deletion(self, request: HttpRequest, tenant: Tenant) -> HttpResponse:
        if not self.has_delete_permission(request):
            raise PermissionDenied
        if tenant.deleted_at is not None:
            messages.error(request, f"{tenant} is deleted already.")
            return redirect(self.page_of(tenant))  # type: ignore[attr-defined]
        form = DeletionForm(request.POST or None, tenant=tenant)
        if request.method == "POST" and form.is_valid():
            delete_tenant(actor=actor_of(request), tenant=tenant, now=timezone.now())
            messages.success(request, f"{tenant} is deleted.")
            return redirect(self.page_of(tenant))  # type: ignore[attr-defined]
        now = timezone.now()
        shown = {
            "title": f"Delete {tenant}?",
            "form": form,
            "stock": stock_of(tenant, now=now),
            "until": restorable_until(tenant, now=now),
        }
        return self._page(request, tenant, "deletion", shown)

    def _restoration(self, request: HttpRequest, tenant: Tenant) -> HttpResponse:
        if not self.has_delete_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            self.bring_back(request, tenant)
            return redirect(self.page_of(tenant))  # type: ignore[attr-defined]
        now = timezone.now()
        life = life_of(tenant, now=now)
        if not life.can_be_restored:
            messages.error(request, life.words)
            return redirect(self.page_of(tenant))  # type: ignore[attr-defined]
        shown = {"title": f"Restore {tenant}?", "life": life, "stock": stock_of(tenant, now=now)}
        return self._page(request, tenant, "restoration", shown)

    def _page(self, request: HttpRequest, tenant: Tenant, name: str, shown: dict[str, Any]) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": tenant,
            "tenant": tenant,
            "back": self.page_of(tenant),  # type: ignore[attr-defined]
            **shown,
        }
        return TemplateResponse(request, f"admin/tenants/tenant/{name}.html", context)

    def _found(self, request: HttpRequest, object_id: str, act: str) -> Tenant:
        """Return the tenant of the address, for who may do this to some tenant."""
        self.require_some(request, act)  # type: ignore[attr-defined]
        tenant: Tenant | None = self.get_object(request, object_id)  # type: ignore[attr-defined]
        if tenant is None:
            raise Http404
        return tenant
