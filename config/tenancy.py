"""Which tenant a request is for, and who is let into it.

The tenant is selected here from host, path and header, which must agree; it is refused only after authentication, so
that nobody learns from a refusal which tenants there are. The connection rests in no schema until somebody is let in.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import get_script_prefix, set_script_prefix
from django.utils import timezone

from audit.operations import record
from config.foundation.actor import Actor
from config.foundation.admission import Admission
from config.foundation.display_ids import parse_display_id
from config.foundation.errors import Refused
from config.foundation.rest.problems import answer_problem
from config.foundation.rows import PUBLIC_SCHEMA
from customers.identity.models import ApiToken, Membership, Privilege, User
from customers.identity.operations import OWNER_ROLE
from customers.tenants.enums import PlacementState, TenantStatus
from customers.tenants.models import Domain, Tenant

PATH = re.compile(r"/t/([^/]+)(/.*)?\Z", re.DOTALL)
HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9.-]+?)\.?(?::[0-9]{1,5})?\Z", re.ASCII)
CLOSED = frozenset({TenantStatus.INACTIVE, TenantStatus.ARCHIVED})
WAITING = frozenset({TenantStatus.WAITLISTED, TenantStatus.PROVISIONING})
ACCESS_NOTED_FOR = timedelta(hours=1)
SESSION_KEY = "tenants_accessed"
NO_TENANT = UUID(int=0)

Answer = Callable[[HttpRequest], HttpResponseBase]


class TenantSelection:
    """What a request names: the platform, or a tenant that may not exist, before anybody was let in."""

    def __init__(
        self, request: HttpRequest, *, is_platform: bool, tenant: Tenant | None, is_consistent: bool
    ) -> None:
        self.is_platform = is_platform
        self._request: Any = request
        self._tenant = tenant
        self.tenant_id = tenant.pk if tenant else None
        self._is_consistent = is_consistent
        self._admitted: dict[tuple[Any, Any], Admission] = {}

    def admit(self, user: Any, token: Any) -> Admission:
        """Let an authenticated caller in and select the tenant's schema, or refuse.

        Raises:
            Refused: ``not_authenticated``, ``tenant_mismatch``, ``ip_not_allowed``, ``not_found``, ``tenant_not_ready``
                or ``tenant_inactive``, in this order.
        """
        if not isinstance(user, User):
            raise Refused("not_authenticated", "Send a token: Authorization: Bearer sbt_…")
        key = (user.pk, token.pk if token else None)
        if key not in self._admitted:
            self._admitted[key] = self._admit(user, token)
        admission = self._admitted[key]
        if admission.tenant is not None:
            connection.set_tenant(admission.tenant)  # type: ignore[attr-defined] # django-tenants' connection
            self._request.tenant = admission.tenant
        return admission

    def _admit(self, user: User, token: ApiToken | None) -> Admission:
        self._check_candidates(token)
        _check_network(token, self._request)
        if self.is_platform:
            return Admission(
                actor=_actor(user, token),
                user_id=user.pk,
                tenant=None,
                privileges=_narrowed(frozenset(), token),
                may_write=token.may_write if token else True,
                token_key_id=token.key_id if token else "",
            )
        roles, privileges = self._tie(user)
        tenant = self._usable()
        admission = Admission(
            actor=_actor(user, token),
            user_id=user.pk,
            tenant=tenant,
            privileges=_narrowed(privileges, token),
            roles=roles,
            may_write=token.may_write if token else True,
            token_key_id=token.key_id if token else "",
        )
        if user.is_superuser and not roles:
            self._note_access(admission)
        return admission

    def _check_candidates(self, token: ApiToken | None) -> None:
        bound = token.tenant_id if token else None
        here = self._tenant.pk if self._tenant else None
        if not self._is_consistent or (bound is not None and not self.is_platform and bound != here):
            raise Refused(
                "tenant_mismatch", "Host, path, header and token must name one and the same tenant."
            )

    def _tie(self, user: User) -> tuple[tuple[str, ...], frozenset[str]]:
        """Return roles and privileges of the person here, in one statement."""
        # An unknown tenant is asked for as well: it must not cost a statement less than a foreign one.
        held = list(
            Membership.objects.in_force()
            .filter(user=user, tenant_id=self._tenant.pk if self._tenant else NO_TENANT)
            .values_list("roles__code", "roles__privileges__code")
        )
        if user.is_superuser and self._tenant is not None:
            everything = frozenset(Privilege.objects.values_list("code", flat=True))
            return tuple(sorted({role for role, _ in held if role})), everything
        if not held:
            raise Refused("not_found", "There is no such object.")
        roles = tuple(sorted({role for role, _ in held if role}))
        return roles, frozenset(privilege for _, privilege in held if privilege)

    def _usable(self) -> Tenant:
        tenant = self._tenant
        if tenant is None or tenant.deleted_at is not None:
            raise Refused("not_found", "There is no such object.")
        placement = getattr(tenant, "placement", None)  # a reverse one-to-one: the row may be missing
        place = placement.state if placement else PlacementState.NONE
        if tenant.status in WAITING or place != PlacementState.READY:
            state = tenant.status if tenant.status in WAITING else place
            raise Refused(
                "tenant_not_ready",
                f"The tenant is {state}. Try again later.",
                state=str(state),
                owner_email=_owner_email(tenant),
            )
        if tenant.status in CLOSED:
            raise Refused("tenant_inactive", f"The tenant is {tenant.get_status_display().lower()}.")
        return tenant

    def _note_access(self, admission: Admission) -> None:
        """Leave an event in the tenant's chain when an operator enters its data, once an hour and session."""
        now, session = timezone.now(), getattr(self._request, "session", None)
        tenant = admission.tenant
        noted = session.get(SESSION_KEY, {}) if session is not None else {}
        latest = noted.get(str(tenant.pk))
        if latest and datetime.fromisoformat(latest) > now - ACCESS_NOTED_FOR:
            return
        record(
            actor=admission.actor,
            action="access",
            resource="tenants.tenant",
            resource_id=str(tenant.pk),
            schema=tenant.schema_name,
        )
        if session is not None and not admission.token_key_id:
            session[SESSION_KEY] = {**noted, str(tenant.pk): now.isoformat()}


class TenancyMiddleware:
    """Puts ``request.selection`` on a request, with its URLconf and SCRIPT_NAME, and selects the platform's schema."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request, and leave the connection at rest whatever happens."""
        prefix = get_script_prefix()
        connection.set_schema_to_public()  # type: ignore[attr-defined] # django-tenants' connection
        try:
            return self._select(request) or self.get_response(request)
        finally:
            set_script_prefix(prefix)
            connection.set_schema_to_public()  # type: ignore[attr-defined] # django-tenants' connection

    def _select(self, request: Any) -> HttpResponse | None:
        """Put the selection on the request; return an answer where there is nothing to select."""
        host = _host_of(request)
        in_path = PATH.match(request.path_info)
        is_platform_host = host in settings.PLATFORM_HOSTS
        of_host = None if is_platform_host else _tenant_of_host(host)
        if of_host is None and not is_platform_host:
            return answer_problem("unknown_host", "No tenant has this host.")
        if in_path and in_path.group(2) is None:
            return HttpResponseRedirect(f"{request.path}/")
        request.tenant = None
        named = request.headers.get("X-Tenant", "")
        names: list[Tenant | str] = [of_host] if of_host is not None else []
        if in_path:
            names.append(in_path.group(1))
        if not names:
            connection.set_tenant(PUBLIC_SCHEMA)  # type: ignore[attr-defined] # django-tenants' connection
            request.selection = TenantSelection(
                request, is_platform=True, tenant=None, is_consistent=not named
            )
            return None
        tenant, is_consistent = _agreed(names, named)
        request.selection = TenantSelection(
            request, is_platform=False, tenant=tenant, is_consistent=is_consistent
        )
        self._enter(request, in_path)
        return None

    def _enter(self, request: Any, in_path: re.Match[str] | None) -> None:
        request.urlconf = settings.TENANT_URLCONF
        if in_path:
            script_name = f"{request.META.get('SCRIPT_NAME', '').rstrip('/')}/t/{in_path.group(1)}"
            request.META["SCRIPT_NAME"] = script_name
            request.path_info = request.META["PATH_INFO"] = in_path.group(2)
            set_script_prefix(f"{script_name}/")


def _host_of(request: HttpRequest) -> str:
    """Return the host without port and final dot, in lower case; "" for what is none."""
    found = HOST.match(request.META.get("HTTP_HOST", request.META.get("SERVER_NAME", "")).lower())
    return found["name"] if found else ""


def _tenant_of_host(host: str) -> Tenant | str | None:
    """Return the tenant of a verified host, or the slug that a host below BASE_DOMAIN names; None for other hosts."""
    label, dot, parent = host.partition(".")
    if label and dot and parent == settings.BASE_DOMAIN:
        return label  # whether the slug exists is not told before somebody is let in
    found = (
        Domain.objects.filter(domain=host, verified_at__isnull=False)
        .exclude(tenant__schema_name=PUBLIC_SCHEMA.schema_name)
        .select_related("tenant__placement")
        .first()
    )
    return found.tenant if found else None


def _agreed(names: list[Tenant | str], named: str) -> tuple[Tenant | None, bool]:
    """Return the tenant that host, path and header (``named``, a slug or an id) mean, and whether they mean one.

    At most one statement. Slugs are compared as text: that two agree must not tell whether there is such a tenant.
    """
    known = next((name for name in names if isinstance(name, Tenant)), None)
    key = parse_display_id(Tenant.display_prefix, named) if named else None
    slugs = {name for name in names if isinstance(name, str)} | ({named} if named and not key else set())
    if len(slugs) > 1:
        return None, False
    tenant = known or _find(next(iter(slugs)), key)
    if tenant is None:
        return None, key is None
    return tenant, slugs <= {tenant.slug} and key in (None, tenant.pk)


def _find(slug: str, key: UUID | None) -> Tenant | None:
    matching = Q(slug=slug.replace("\x00", "/"))  # no slug, and no alias of one either
    if key is not None:
        matching &= Q(pk=key)
    return Tenant.objects.tenants().select_related("placement").filter(matching).first()


def _owner_email(tenant: Tenant) -> str:
    """Return whom those who wait may ask; "" where nobody owns the tenant yet."""
    owners = Membership.objects.in_force().filter(
        tenant=tenant, roles__code=OWNER_ROLE, roles__tenant__isnull=True
    )
    return owners.order_by("created_at", "pk").values_list("user__email", flat=True).first() or ""


def _actor(user: User, token: ApiToken | None) -> Actor:
    return Actor.token(token.key_id, user.pk) if token else Actor.user(user.pk)


def _narrowed(privileges: frozenset[str], token: ApiToken | None) -> frozenset[str]:
    """Return what is left of a person's privileges to their token."""
    if token is None:
        return privileges
    return privileges & frozenset(token.privilege_codes)  # type: ignore[attr-defined] # annotated by its look-up


def _check_network(token: ApiToken | None, request: HttpRequest) -> None:
    if token is None or not token.allowed_networks:
        return
    try:
        address = ip_address(request.META.get("REMOTE_ADDR", ""))
        # A socket that serves both versions shows IPv4 as ::ffff:a.b.c.d.
        address = getattr(address, "ipv4_mapped", None) or address
    except ValueError:
        address = None
    if address is None or not any(address in ip_network(network) for network in token.allowed_networks):
        raise Refused("ip_not_allowed", "This token may not be used from your address.")
