"""The catalogue of the APIs of a host (RFC 9727): where the documents and pages of each are."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from config.foundation.rest.deprecation import PAGE
from config.foundation.rest.errors import Faults
from config.foundation.rest.etags import etag_of_bytes, is_held
from config.foundation.rest.links import add_links, link
from config.foundation.rest.problems import answer_faults
from config.foundation.rest.queries import collect_parameter_faults
from config.health import READY
from config.openapi import FORMATS
from config.rest import CACHE_CONTROL

PATH = ".well-known/api-catalog"
PROFILE = "https://www.rfc-editor.org/info/rfc9727"
MEDIA_TYPE = f'application/linkset+json; profile="{PROFILE}"'


@require_safe
def serve_catalog(request: HttpRequest) -> HttpResponse:
    """Answer the one API of this host or tenant: a set of links (RFC 9264)."""
    faults = Faults()
    collect_parameter_faults(request.GET, known=(), repeatable=(), faults=faults)
    if faults.found:
        return answer_faults(faults)
    here = request.build_absolute_uri(f"{request.META.get('SCRIPT_NAME', '').rstrip('/')}/")
    body = json.dumps({"linkset": [_links(here, request.build_absolute_uri(READY))]}).encode()
    tag = etag_of_bytes(body)
    if is_held(tag, request.headers.get("If-None-Match", "")):
        response = HttpResponse(status=304)
    else:
        response = HttpResponse(body, content_type=MEDIA_TYPE)
    response["ETag"] = tag
    response["Cache-Control"] = CACHE_CONTROL
    add_links(response, link(f"{here}{PATH}", "api-catalog"))
    return response


def _links(here: str, status_address: str) -> dict[str, Any]:
    """Return the links of an API by their relations."""
    documents = [
        {"href": f"{here}api/schema/?format={name}", "type": media_type}
        for name, (media_type, _renderer) in FORMATS.items()
    ]
    pages = [{"href": f"{here}api/{name}/", "type": "text/html"} for name in ("docs", "redoc")]
    return {
        "anchor": f"{here}api/v1/",
        "service-desc": documents,
        "service-doc": pages,
        "status": [{"href": status_address, "type": "application/json"}],
        "deprecation": [{"href": f"{settings.BASE_URL}{PAGE}", "type": "text/html"}],
    }
