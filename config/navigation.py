"""What stands on every page of the admin: where one is, where else one may go, and the sidebar."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from audit.models import AuditEvent, Consent
from audit.requests.models import Job, RateBucket, SavedFilter
from customers.identity.models import ApiToken, Membership, Privilege, Role, User
from customers.tenants.models import Domain, Placement, Tenant
from directory import models as directory

ENTRY_PRIVILEGE = "tenant.admin"
COLOURS = 12  # of static/switchboard/switchboard.css, each dark enough for white letters
PLACES_MAX = 50

Group = tuple[str, list[tuple[Any, str]]]

_DIRECTORY: list[tuple[Any, str]] = [
    (directory.Participant, "apartment"),
    (directory.Identifier, "badge"),
    (directory.Endpoint, "lan"),
    (directory.Capability, "checklist"),
    (directory.Credential, "key"),
    (directory.Edge, "hub"),
]
_ROUTING: list[tuple[Any, str]] = [
    (directory.Policy, "rule"),
    (directory.RoutingArtifact, "alt_route"),
    (directory.PrefixRule, "dialpad"),
]
_SOURCES: list[tuple[Any, str]] = [
    (directory.Source, "database"),
    (directory.SourceRun, "sync"),
    (directory.Probe, "network_check"),
]
_PROOF: list[tuple[Any, str]] = [(AuditEvent, "history"), (Consent, "handshake")]

TENANT_SIDEBAR: list[Group] = [
    ("Directory", _DIRECTORY),
    ("Routing", _ROUTING),
    ("Sources", _SOURCES),
    ("Proof", _PROOF),
    ("API and jobs", [(ApiToken, "vpn_key"), (SavedFilter, "filter_alt"), (Job, "task_alt")]),
]
PLATFORM_SIDEBAR: list[Group] = [
    ("Tenants", [(Tenant, "domain"), (Domain, "language"), (Placement, "storage")]),
    (
        "People & access",
        [
            (User, "person"),
            (Membership, "group"),
            (Role, "shield_person"),
            (Privilege, "lock_open"),
        ],
    ),
    ("Global directory", [*_DIRECTORY, *_ROUTING, *_SOURCES]),
    ("Proof", _PROOF),
    ("API and jobs", [(ApiToken, "vpn_key"), (RateBucket, "speed"), (Job, "task_alt")]),
]


@dataclass(frozen=True, slots=True)
class Place:
    """A site that a person may enter; ``colour`` is the number of a class in the style sheet, None for the platform."""

    name: str
    url: str
    is_current: bool = False
    colour: int | None = None


def colour_of(tenant: Tenant) -> int:
    """Return the tenant's colour: follows from its id, so it never changes."""
    return int(tenant.pk.int % COLOURS)


def places(request: Any, *, current: Tenant | None = None) -> list[Place]:
    """Return the sites that the person may enter, by name, the platform last."""
    if not request.user.is_authenticated:
        return []
    base = base_url(request)
    found = [
        Place(t.name, f"{base}/t/{t.slug}/admin/", current is not None and t.pk == current.pk, colour_of(t))
        for t in enterable(request.user)[:PLACES_MAX]
    ]
    if request.user.is_staff:
        found.append(Place("Platform", f"{base}/admin/", current is None and request.selection.is_platform))
    return found


def base_url(request: Any) -> str:
    """Return what an address on the platform's host begins with: nothing while one is on it."""
    is_on_platform = request.selection.is_platform or request.META.get("SCRIPT_NAME", "").startswith("/t/")
    return "" if is_on_platform else settings.BASE_URL


def sidebar(site: Any, request: HttpRequest, groups: list[Group]) -> list[dict[str, Any]]:
    """Return the groups of links as unfold wants them: those tables of the site that the person may see."""
    home = reverse(f"{site.name}:index")
    first = {
        "title": "Overview",
        "icon": "space_dashboard",
        "link": home,
        "active": request.path == home,
        "has_permission": True,
    }
    found = [{"title": "", "items": [first]}]
    found += [
        {"title": title, "items": [_item(site, request, model, icon) for model, icon in models]}
        for title, models in groups
    ]
    return [group for group in found if any(item["has_permission"] for item in group["items"])]  # type: ignore[index]


def _item(site: Any, request: HttpRequest, model: Any, icon: str) -> dict[str, Any]:
    opts = model._meta
    page = site._registry.get(model)  # noqa: SLF001 -- Django's get_model_admin raises instead
    link = reverse(f"{site.name}:{opts.app_label}_{opts.model_name}_changelist") if page else ""
    title = str(opts.verbose_name_plural)
    return {
        "title": title[:1].upper() + title[1:],
        "icon": icon,
        "link": link,
        "active": bool(page) and request.path.startswith(link),
        "has_permission": bool(page) and page.has_view_permission(request),
    }


def enterable(user: Any) -> Any:
    """Return the tenants whose administration the person may enter, by name."""
    tenants = Tenant.objects.live().order_by("name", "pk")
    if user.is_superuser:
        return tenants
    entries = Membership.objects.in_force().with_privilege(ENTRY_PRIVILEGE).filter(user=user)
    return tenants.filter(pk__in=entries.values("tenant_id"))
