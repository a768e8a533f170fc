"""The two admin sites, and every model on the sites it belongs to."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from unfold.forms import AuthenticationForm
from unfold.sites import UnfoldAdminSite

from audit.admin import AuditEventAdmin
from audit.models import AuditEvent
from config.foundation.admission import Admission
from config.foundation.errors import Refused
from config.foundation.rows import public_schema
from customers.identity import admin as identity
from customers.identity.models import ApiToken, Membership, Privilege, Role, User
from customers.tenants import admin as tenants
from customers.tenants.models import Domain, Placement, Tenant
from directory import admin as directory
from directory import models

ENTRY_PRIVILEGE = "tenant.admin"
View = Callable[..., HttpResponse]


class PersonForm(AuthenticationForm):  # type: ignore[misc]
    """Sign in whoever may sign in at all; what they may enter is decided after."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "E-mail address"

    def confirm_login_allowed(self, user: Any) -> None:
        """Refuse only who is inactive; unlike Django's own, without asking for staff."""
        if not user.is_active:
            raise self.get_invalid_login_error()


class PlatformSite(UnfoldAdminSite):  # type: ignore[misc]
    """The operators' site: public tables, the global directory, the platform's chain."""

    site_title = site_header = "Switchboard"
    index_title = "Platform"

    def privileges_of(self, request: HttpRequest) -> frozenset[str] | None:  # noqa: ARG002 -- the tenant's site asks it
        """Return None: operators hold Django's permissions on models."""
        return None

    def admin_view(self, view: View, cacheable: bool = False) -> View:  # noqa: FBT001, FBT002 -- Django's
        """Run and render the page with the global directory selected."""
        guarded = super().admin_view(view, cacheable)

        @wraps(guarded)
        def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            with public_schema():
                return _rendered(guarded(request, *args, **kwargs))

        return run


class TenantSite(UnfoldAdminSite):  # type: ignore[misc]
    """One tenant's site, for superusers and for members who hold the privilege ``tenant.admin``."""

    site_title = site_header = "Switchboard"
    index_title = "Directory"
    login_form = PersonForm

    def admission_of(self, request: Any) -> Admission:
        """Let the caller in, once a request.

        Raises:
            Http404: there is no such tenant, or none for this person.
        """
        if not hasattr(request, "admin_admission"):
            try:
                request.admin_admission = request.selection.admit(request.user, None)
            except Refused as refusal:
                raise Http404 from refusal
        admission: Admission = request.admin_admission
        return admission

    def privileges_of(self, request: HttpRequest) -> frozenset[str] | None:
        """Return the privileges held in this tenant; none before admission."""
        return self.admission_of(request).privileges if request.user.is_authenticated else frozenset()

    def has_permission(self, request: HttpRequest) -> bool:
        """Tell whether the person was let in and may administer the tenant."""
        if not request.user.is_authenticated:
            return False
        try:
            held = self.admission_of(request).privileges
        except Http404:
            return False
        return request.user.is_superuser or ENTRY_PRIVILEGE in held

    def admin_view(self, view: View, cacheable: bool = False) -> View:  # noqa: FBT001, FBT002 -- Django's
        """Send strangers to the login page; answer 404 without a tie to the tenant, 403 without the privilege."""
        guarded = super().admin_view(view, cacheable)

        @wraps(guarded)
        def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.user.is_authenticated:
                self.admission_of(request)
                if not self.has_permission(request):
                    raise PermissionDenied(f"This needs the privilege {ENTRY_PRIVILEGE}.")
            return _rendered(guarded(request, *args, **kwargs))

        return run


def _rendered(response: Any) -> HttpResponse:
    """Render now, while the schema is selected: nothing lazy leaves it."""
    rendered: HttpResponse = response.render() if hasattr(response, "render") else response
    return rendered


platform_site = PlatformSite(name="admin")
tenant_site = TenantSite(name="admin")

platform_site.register(Tenant, tenants.TenantAdmin)
platform_site.register(Domain, tenants.DomainAdmin)
platform_site.register(Placement, tenants.PlacementAdmin)
platform_site.register(User, identity.UserAdmin)
platform_site.register(Membership, identity.MembershipAdmin)
platform_site.register(Role, identity.RoleAdmin)
platform_site.register(Privilege, identity.PrivilegeAdmin)
platform_site.register(ApiToken, identity.ApiTokenAdmin)

for site in (platform_site, tenant_site):
    site.register(models.Participant, directory.ParticipantAdmin)
    site.register(models.Identifier, directory.IdentifierAdmin)
    site.register(models.Endpoint, directory.EndpointAdmin)
    site.register(models.Capability, directory.CapabilityAdmin)
    site.register(models.Credential, directory.CredentialAdmin)
    site.register(models.RoutingArtifact, directory.RoutingArtifactAdmin)
    site.register(models.PrefixRule, directory.PrefixRuleAdmin)
    site.register(models.Policy, directory.PolicyAdmin)
    site.register(models.Edge, directory.EdgeAdmin)
    site.register(models.Source, directory.SourceAdmin)
    site.register(models.SourceRun, directory.SourceRunAdmin)
    site.register(models.Probe, directory.ProbeAdmin)
    site.register(AuditEvent, AuditEventAdmin)
