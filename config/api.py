"""The API's addresses on both sites, and what it answers to the person who looks at a page."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.db import connection
from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, get_urlconf, resolve, set_urlconf

from audit.requests.rest import urls as requests
from audit.rest import urls as audit
from config.rest import ApiResponseMiddleware
from config.tenancy import TenancyMiddleware
from directory.rest import urls as directory

TENANT_API: list[URLPattern] = [*audit.urlpatterns, *requests.urlpatterns, *directory.urlpatterns]
PLATFORM_API: list[URLPattern] = [*audit.platform_urlpatterns, *requests.platform_urlpatterns]

ABOVE_TENANT = re.compile(r"/t/[^/]+\Z")
KEPT_HEADERS = ("HTTP_HOST", "HTTP_COOKIE")  # what selects the tenant and says who asks


def ask(request: Any, address: str) -> HttpResponseBase:
    """Return what the API answers to GET of an address of this host, asked by the session of the request.

    The address goes through the selection of the tenant to the API's own view, in this process: admission, privileges,
    masks and the audit of what is read are the API's. ``address`` is a path that may have a query.
    """
    path, _, query = address.partition("?")
    above = mount_of(request)
    asked: Any = WSGIRequest(
        {
            **_kept(request.META),
            "REQUEST_METHOD": "GET",
            "SCRIPT_NAME": above,
            "PATH_INFO": path.removeprefix(above),
            "QUERY_STRING": query,
            "HTTP_ACCEPT": "application/json",
            "wsgi.input": BytesIO(),
        }
    )
    asked.user, asked.session = request.user, request.session
    selected, urlconf = connection.tenant, get_urlconf()  # type: ignore[attr-defined] # django-tenants' connection
    try:
        return ApiResponseMiddleware(TenancyMiddleware(_answer))(asked)
    finally:
        connection.set_tenant(selected)  # type: ignore[attr-defined] # django-tenants' connection
        set_urlconf(urlconf)


def mount_of(request: HttpRequest) -> str:
    """Return the path that the whole program is mounted at, without a tenant's part of it."""
    return ABOVE_TENANT.sub("", request.META.get("SCRIPT_NAME", "").rstrip("/"))


def _answer(request: Any) -> HttpResponseBase:
    urlconf = getattr(request, "urlconf", settings.ROOT_URLCONF)
    set_urlconf(urlconf)
    request.resolver_match = resolve(request.path_info, urlconf)
    view, args, kwargs = request.resolver_match
    response: HttpResponseBase = view(request, *args, **kwargs).render()
    return response


def _kept(environ: dict[str, Any]) -> dict[str, Any]:
    """Return what of a request's environment holds for any request of the same person over the same connection."""
    kept = (*KEPT_HEADERS, *(settings.SECURE_PROXY_SSL_HEADER or ())[:1])
    return {
        name: value
        for name, value in environ.items()
        if name in kept or not name.startswith(("HTTP_", "CONTENT_"))
    }
