"""The two admin sites, and every model on the sites it belongs to."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.template.response import TemplateResponse
from unfold.forms import AuthenticationForm
from unfold.sites import UnfoldAdminSite

from audit.admin import AuditEventAdmin, ConsentAdmin
from audit.models import AuditEvent, Consent
from audit.requests.admin import JobAdmin, RateBucketAdmin, SavedFilterAdmin
from audit.requests.models import Job, RateBucket, SavedFilter
from config import api, navigation, overview
from config.foundation.actor import Actor, acting
from config.foundation.admin import ApiPlace
from config.foundation.admin.forbidden import tell_forbidden, telling_forbidden
from config.foundation.admission import Admission
from config.foundation.errors import Refused, error_registry
from config.foundation.rest.details import Detail, details_of
from config.foundation.rows import PUBLIC_SCHEMA, public_schema
from config.navigation import ENTRY_PRIVILEGE
from customers.identity import admin as identity
from customers.identity.models import ApiToken, Membership, Privilege, Role, User
from customers.tenants import admin as tenants
from customers.tenants.models import Domain, Placement, Tenant
from directory import admin as directory
from directory import models

FOUND_MAX = 100  # tables; there are fewer

SHOWN_IN_TENANT = details_of(api.TENANT_API)
SHOWN_ON_PLATFORM = details_of(api.PLATFORM_API)
SHOWN_FROM_TENANTS = {model: detail for model, detail in SHOWN_IN_TENANT.items() if detail.has_global}

View = Callable[..., HttpResponse]


class NotReadyError(Exception):
    """The tenant is there for this person, but not in use yet."""


class PersonForm(AuthenticationForm):  # type: ignore[misc]
    """Sign in whoever may sign in at all; what they may enter is decided after."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        address = self.fields["username"]
        address.label = "E-mail address"
        address.widget.attrs |= {"autocomplete": "username", "inputmode": "email", "autocapitalize": "none"}

    def confirm_login_allowed(self, user: Any) -> None:
        """Refuse only who is inactive; unlike Django's own, without asking for staff."""
        if not user.is_active:
            raise self.get_invalid_login_error()


class Site(UnfoldAdminSite):  # type: ignore[misc]
    """What both sites share: look, sign-in, sidebar, and the places a person may go."""

    site_title = site_header = "Switchboard"
    login_form = PersonForm
    sidebar_groups: list[navigation.Group] = []
    api: Mapping[type[Any], Detail] = {}

    def api_detail(self, model: Any) -> Detail | None:
        """Return where the API shows an object of the table; None where it shows none."""
        return self.api.get(model)

    def ask_api(self, request: HttpRequest, address: str) -> HttpResponseBase:
        """Return what the API answers to the person who is signed in."""
        return api.ask(request, address)

    def api_places(self, request: HttpRequest, model: Any) -> list[ApiPlace]:  # noqa: ARG002 -- the platform's site asks it
        """Return whose API shows the table's objects; that of the site itself."""
        tenant = self.tenant_of(request)
        name = tenant.name if tenant else "Platform"
        return [ApiPlace("", name, request.META.get("SCRIPT_NAME", "").rstrip("/"))]

    def tenant_of(self, request: HttpRequest) -> Tenant | None:  # noqa: ARG002 -- the tenant's site asks it
        """Return the tenant that the person was let into; None on the platform."""
        return None

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Add where one is and where one may go; nothing of it before the person was let in."""
        context: dict[str, Any] = super().each_context(request)
        if not self.has_permission(request):
            return context
        tenant = self.tenant_of(request)
        context["place"] = navigation.Place(
            tenant.name if tenant else "Platform",
            context["site_url"] or "",
            is_current=True,
            colour=navigation.colour_of(tenant) if tenant else None,
        )
        context["start_page"] = f"{navigation.base_url(request)}/"
        context["places"] = navigation.places(request, current=tenant)
        return context

    def get_sidebar_list(self, request: HttpRequest) -> list[dict[str, Any]]:
        """Return the sidebar, grouped by what one came to do."""
        return navigation.sidebar(self, request, self.sidebar_groups)

    def search(self, request: HttpRequest, extra_context: Any = None) -> TemplateResponse | HttpResponse:  # noqa: ARG002
        """Find tables by name, without unfold's cache: it is shared by all tenants that a person enters."""
        term = request.GET.get("s", "").strip().lower()
        if not term:
            return HttpResponse()
        name = "command_results" if "extended" in request.GET else "search_results"
        pages = Paginator(self._search_apps(self.get_app_list(request), term), FOUND_MAX)
        context = {"results": pages.page(1), "page_obj": pages, "page_counter": 0, "execution_time": 0}
        return TemplateResponse(
            request, f"unfold/helpers/{name}.html", context, headers={"HX-Trigger": "search"}
        )

    def index(self, request: HttpRequest, extra_context: Any = None) -> TemplateResponse:
        """Show what there is, what happened last, and what to do first."""
        shown = overview.overview_of(self, request)
        response: TemplateResponse = super().index(
            request, {"overview": shown, "title": "Overview", **(extra_context or {})}
        )
        return response

    def password_change(self, request: Any, extra_context: Any = None) -> HttpResponse:
        """Change the own password as the person who is signed in."""
        if request.method != "POST":
            return self._password_page(request, extra_context)
        with acting(Actor.user(request.user.pk), verb="set_password"):
            return self._password_page(request, extra_context)

    def _password_page(self, request: HttpRequest, extra_context: Any) -> HttpResponse:
        response: HttpResponse = super().password_change(request, extra_context)
        return response


class PlatformSite(Site):
    """The operators' site: public tables, the global directory, the platform's chain."""

    index_title = "Platform"
    sidebar_groups = navigation.PLATFORM_SIDEBAR
    api = SHOWN_FROM_TENANTS | SHOWN_ON_PLATFORM

    def api_places(self, request: HttpRequest, model: Any) -> list[ApiPlace]:
        """Return whose API shows the table's objects; the global directory is read over the tenants' APIs."""
        if model in SHOWN_ON_PLATFORM:
            return super().api_places(request, model)
        above = api.mount_of(request)
        return [
            ApiPlace(tenant.slug, tenant.name, f"{above}/t/{tenant.slug}", "?directory=global")
            for tenant in navigation.enterable(request.user)[: navigation.PLACES_MAX]
        ]

    def privileges_of(self, request: HttpRequest) -> frozenset[str] | None:  # noqa: ARG002 -- the tenant's site asks it
        """Return None: operators hold Django's permissions on models."""
        return None

    def admin_view(self, view: View, cacheable: bool = False) -> View:  # noqa: FBT001, FBT002 -- Django's
        """Run and render the page with the global directory selected; who is no operator gets a 403."""
        guarded = super().admin_view(view, cacheable)

        @wraps(guarded)
        def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.user.is_authenticated and not self.has_permission(request):
                raise PermissionDenied("The platform's administration is for those who operate it.")
            with public_schema():
                return _rendered(guarded(request, *args, **kwargs))

        return telling_forbidden(run, of=view)


class TenantSite(Site):
    """One tenant's site, for superusers and for members who hold the privilege ``tenant.admin``."""

    index_title = "Directory"
    sidebar_groups = navigation.TENANT_SIDEBAR
    api = SHOWN_IN_TENANT

    def admission_of(self, request: Any) -> Admission:
        """Let the caller in, once a request.

        Raises:
            Http404: there is no such tenant, or none for this person.
            PermissionDenied: the tenant is closed.
            NotReadyError: its schema is not there yet.
        """
        if not hasattr(request, "admission"):
            try:
                request.admission = request.selection.admit(request.user, None)
            except Refused as refusal:
                raise _as_page(refusal) from refusal
        admission: Admission = request.admission
        return admission

    def tenant_of(self, request: HttpRequest) -> Tenant | None:
        """Return the tenant that the person was let into."""
        tenant: Tenant | None = self.admission_of(request).tenant
        return tenant

    def privileges_of(self, request: HttpRequest) -> frozenset[str] | None:
        """Return the privileges held in this tenant; none before admission."""
        return self.admission_of(request).privileges if request.user.is_authenticated else frozenset()

    def has_permission(self, request: HttpRequest) -> bool:
        """Tell whether the person was let in and may administer the tenant."""
        if not request.user.is_authenticated:
            return False
        try:
            held = self.admission_of(request).privileges
        except (Http404, PermissionDenied, NotReadyError):
            return False
        return bool(request.user.is_superuser) or ENTRY_PRIVILEGE in held

    def admin_view(self, view: View, cacheable: bool = False) -> View:  # noqa: FBT001, FBT002 -- Django's
        """Send strangers to the login page; answer 404 without a tie to the tenant, 403 without the privilege."""
        guarded = super().admin_view(view, cacheable)

        @wraps(guarded)
        def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.user.is_authenticated and not self.has_permission(request):
                raise PermissionDenied(f"This needs the privilege {ENTRY_PRIVILEGE}.")
            return _rendered(guarded(request, *args, **kwargs))

        page = telling_forbidden(run, of=view)

        @wraps(guarded)
        def admit(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.user.is_authenticated:
                try:
                    self.admission_of(request)
                except NotReadyError as error:
                    return render(request, "503.html", {"detail": str(error)}, status=503)
                except (Http404, PermissionDenied) as error:
                    # In the platform's chain, by the same statements whether or not there is such a tenant.
                    tell_forbidden(request, view, code=_code_of(error), schema=PUBLIC_SCHEMA.schema_name)
                    raise
            return page(request, *args, **kwargs)

        return admit


def _as_page(refusal: Refused) -> Exception:
    kind = error_registry.get(refusal.code)
    status = kind.status if kind else 404
    if status == 403:
        return PermissionDenied(refusal.detail)
    return NotReadyError(refusal.detail) if status == 503 else Http404()


def _code_of(page: Exception) -> str:
    return page.__cause__.code if isinstance(page.__cause__, Refused) else "not_found"


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
platform_site.register(RateBucket, RateBucketAdmin)

tenant_site.register(ApiToken, identity.TenantTokenAdmin)

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
    site.register(Consent, ConsentAdmin)
    site.register(Job, JobAdmin)
tenant_site.register(SavedFilter, SavedFilterAdmin)
