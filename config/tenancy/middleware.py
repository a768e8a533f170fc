"""Selects: reads host, path and header, and puts what they name on the request."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import get_script_prefix, set_script_prefix

from config.foundation.display_ids import parse_display_id
from config.foundation.rest.problems import answer_problem
from config.foundation.rows import PUBLIC_SCHEMA
from config.tenancy.directory import TenantDirectory, TenantRecord, tenant_directory
from config.tenancy.selection import TenantSelection
from customers.tenants.models import Tenant

PATH = re.compile(r"/t/([^/]+)(/.*)?\Z", re.DOTALL)
HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9.-]+?)\.?(?::[0-9]{1,5})?\Z", re.ASCII)

Answer = Callable[[HttpRequest], HttpResponseBase]


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
        tenants = tenant_directory()
        of_host = None if is_platform_host else _tenant_of_host(tenants, host)
        if of_host is None and not is_platform_host:
            return answer_problem("unknown_host", "No tenant has this host.")
        if in_path and in_path.group(2) is None:
            return HttpResponseRedirect(f"{request.path}/")
        request.tenant = None
        named = request.headers.get("X-Tenant", "")
        names: list[TenantRecord | str] = [of_host] if of_host is not None else []
        if in_path:
            names.append(in_path.group(1))
        if not names:
            connection.set_tenant(PUBLIC_SCHEMA)  # type: ignore[attr-defined] # django-tenants' connection
            request.selection = TenantSelection(
                request, is_platform=True, tenant=None, is_consistent=not named
            )
            return None
        tenant, is_consistent = _agreed(tenants, names, named)
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


def _tenant_of_host(tenants: TenantDirectory, host: str) -> TenantRecord | str | None:
    """Return the tenant of a verified host, or the slug that a host below BASE_DOMAIN names; None for other hosts."""
    label, dot, parent = host.partition(".")
    if label and dot and parent == settings.BASE_DOMAIN:
        return label  # whether the slug exists is not told before somebody is let in
    return tenants.by_host(host)


def _agreed(
    tenants: TenantDirectory, names: list[TenantRecord | str], named: str
) -> tuple[TenantRecord | None, bool]:
    """Return the tenant that host, path and header (``named``, a slug or an id) mean, and whether they mean one.

    At most one question. Slugs are compared as text: that two agree must not tell whether there is such a tenant.
    """
    known = next((name for name in names if isinstance(name, TenantRecord)), None)
    key = parse_display_id(Tenant.display_prefix, named) if named else None
    slugs = {name for name in names if isinstance(name, str)} | ({named} if named and not key else set())
    if len(slugs) > 1:
        return None, False
    tenant = known or tenants.by_slug(next(iter(slugs)))
    if tenant is None:
        return None, True
    if not slugs <= {tenant.slug}:
        return None, False
    # Another id is told to members alone: to strangers it would confirm which id belongs to which slug.
    return tenant, key in (None, tenant.id)
