"""What both APIs declare deprecated: its page, which everybody may read, and the check of the declarations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import EndpointEnumerator

from config.foundation.rest.deprecation import Part
from config.foundation.rest.operations import Operation

_HINT = "An owner of a program needs the time, and must learn what to change to."


def declared_operations(urlconf: str) -> Iterator[Operation]:
    """Yield what the views of a URLconf say of themselves."""
    endpoints = EndpointEnumerator(urlconf=urlconf).get_api_endpoints()  # type: ignore[no-untyped-call]
    for _path, _path_regex, method, callback in endpoints:
        action = getattr(callback, "actions", {}).get(method.lower(), method.lower())
        yield callback.cls.describe(action)


def deprecated_parts() -> list[Part]:
    """Return what is deprecated in either API, by operation."""
    found = {
        part
        for urlconf in (settings.ROOT_URLCONF, settings.TENANT_URLCONF)
        for operation in declared_operations(urlconf)
        for part in operation.deprecated_parts
    }
    return sorted(found, key=lambda part: (part.operation_id, part.kind, part.name))


@require_safe
def list_deprecations(request: HttpRequest) -> HttpResponse:
    """List what is deprecated, since when, until when, and what takes its place."""
    return render(request, "deprecations.html", {"parts": deprecated_parts()})


@register("api")
def check_deprecations(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001 -- Django's signature
    """Refuse to start with a deprecation that gives too little time, or no replacement."""
    return [
        Error(f"{part} is declared deprecated, but {fault}", hint=_HINT, id="switchboard.E002")
        for part in deprecated_parts()
        if (fault := part.deprecation.fault())
    ]
