"""The OpenAPI documents, one for each URLconf, and the pages that show them; served without a credential."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer

from config.api_introduction import introduction
from config.foundation.rest.errors import Faults
from config.foundation.rest.etags import etag_of_bytes, is_held
from config.foundation.rest.operations import Component
from config.foundation.rest.problems import answer_faults
from config.foundation.rest.queries import collect_parameter_faults
from config.foundation.rest.schema import (
    PROBLEM,
    error_response,
    header_references,
    parameter_reference,
    shared_components,
)

FORMATS = {
    "json": ("application/json", OpenApiJsonRenderer),
    "yaml": ("application/yaml", OpenApiYamlRenderer),
}
PAGE_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; worker-src 'self' blob:; "
    "object-src 'none'; frame-ancestors 'none'"
)
_TENANT_SERVERS = [
    {
        "url": "/t/{slug}",
        "description": "A tenant by its slug; on the tenant's own host, the same paths without it.",
        "variables": {"slug": {"default": "acme", "description": "The tenant's slug."}},
    }
]
_TAGS = {  # in the order of the document
    "Resolver": "How a party is reached, under whose rules, and why.",
    "Directory: participants": "Who is reached: participants, identifiers, endpoints, capabilities, credentials.",
    "Directory: routing": "How traffic finds its way: policies, routing artifacts and their rules, edges, probes.",
    "Directory: sources": "Where rows come from: sources and their runs.",
    "Saved filters": "Parameters of lists under a name, one's own or shared, used as `?filter=<slug>`.",
    "Audit": "What was done, by whom and when: events of the chain, and consents.",
    "Jobs": "Long work: how far it is, what came of it, and its end.",
    "API tokens": (
        "What programs call with: made, rotated, switched off and revoked, and how they are used. A person's own are "
        "at `/api/v1/me/tokens` of the platform; a tenant's administration sees all that are bound to it."
    ),
    "Limits": "How often you may call, and how much of that is left.",
    "Health": "Whether the process lives, and whether it can work.",
    "Documentation": "This document.",
}
_HEALTH = Component(
    "Health",
    {
        "type": "object",
        "properties": {
            "ok": {"const": True},
            "version": {"type": "string", "description": "The version of Switchboard that answers."},
        },
        "required": ["ok", "version"],
    },
)


class DocumentGenerator(SchemaGenerator):
    """Makes the document of one URLconf: its operations, and the addresses without a view class."""

    def get_schema(self, request: Any = None, public: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002
        """Return the document."""
        document: dict[str, Any] = super().get_schema(request=request, public=public)  # type: ignore[no-untyped-call]
        is_tenant = self.urlconf == settings.TENANT_URLCONF
        document["info"]["title"] = "Switchboard: tenant API" if is_tenant else "Switchboard: platform API"
        document["info"]["description"] = introduction(is_tenant=is_tenant)
        document["servers"] = _TENANT_SERVERS if is_tenant else [{"url": "/"}]
        paths: dict[str, Any] = document["paths"]
        paths["/api/schema/"] = {"get": _document_operation()}
        schemas = document["components"].setdefault("schemas", {})
        for component in (PROBLEM, *PROBLEM.uses):
            schemas.setdefault(component.name, component.schema)
        if not is_tenant:
            schemas[_HEALTH.name] = _HEALTH.schema
            paths |= {
                "/healthz": {"get": _health_operation("live")},
                "/readyz": {"get": _health_operation("ready")},
            }
        tags = {tag for path in paths.values() for operation in path.values() for tag in operation["tags"]}
        document["tags"] = [
            {"name": tag, "description": _TAGS[tag]} for tag in sorted(tags, key=list(_TAGS).index)
        ]
        document["components"] |= shared_components(document)
        return document


@lru_cache
def document_bytes(urlconf: str, format_name: str) -> bytes:
    """Return the document of a URLconf as ``json`` or ``yaml``; it does not change while the server runs."""
    _media_type, renderer = FORMATS[format_name]
    generator = DocumentGenerator(urlconf=urlconf)  # type: ignore[no-untyped-call]
    rendered = renderer().render(generator.get_schema(request=None, public=True), renderer_context={})
    return rendered if isinstance(rendered, bytes) else rendered.encode()


@require_safe
def serve_document(request: HttpRequest, urlconf: str) -> HttpResponse:
    """Serve the document: JSON, or YAML by ``Accept`` or ``?format=yaml``; ``?download=true`` is for a file."""
    faults = Faults()
    collect_parameter_faults(request.GET, known=("format", "download"), repeatable=(), faults=faults)
    if request.GET.get("format", "json") not in FORMATS:
        faults.at_parameter("format", "Write json or yaml.", "invalid_choice")
    if request.GET.get("download", "false") not in ("true", "false"):
        faults.at_parameter("download", "Write true or false.", "invalid_choice")
    if faults.found:
        return answer_faults(faults)
    wants_yaml = "yaml" in request.headers.get("Accept", "")
    format_name = request.GET.get("format", "yaml" if wants_yaml else "json")
    body = document_bytes(urlconf, format_name)
    tag = etag_of_bytes(body)
    if is_held(tag, request.headers.get("If-None-Match", "")):
        response = HttpResponse(status=304)
    else:
        response = HttpResponse(body, content_type=FORMATS[format_name][0])
        manner = "attachment" if request.GET.get("download") == "true" else "inline"
        file_name = (
            f"switchboard-{'tenant' if urlconf == settings.TENANT_URLCONF else 'platform'}.{format_name}"
        )
        response["Content-Disposition"] = f'{manner}; filename="{file_name}"'
    response["ETag"] = tag
    return response


@require_safe
def show_page(request: HttpRequest, template_name: str) -> HttpResponse:
    """Show the document in Swagger UI or Redoc, from files of this server alone."""
    prefix = request.META.get("SCRIPT_NAME", "").rstrip("/")
    response = render(request, template_name, {"document_url": f"{prefix}/api/schema/"})
    response["Content-Security-Policy"] = PAGE_POLICY
    return response


def _document_operation() -> dict[str, Any]:
    return {
        "operationId": "schema_retrieve",
        "summary": "Read this document",
        "description": "OpenAPI 3.1, as JSON or YAML; needs no credential.",
        "tags": ["Documentation"],
        "security": [],
        "parameters": [
            {
                "name": "format",
                "in": "query",
                "description": "The format; without it, what Accept asks for.",
                "schema": {"type": "string", "enum": list(FORMATS)},
            },
            {
                "name": "download",
                "in": "query",
                "description": "true: as a file to be saved.",
                "schema": {"type": "boolean"},
            },
            parameter_reference("IfNoneMatch"),
        ],
        "responses": {
            "200": {
                "description": "The document.",
                "headers": header_references("X-Request-ID", "ETag"),
                "content": {
                    media_type: {
                        "schema": {"type": "object", "additionalProperties": True},
                        "examples": {"example": {"value": {"openapi": "3.1.0"}}},
                    }
                    for media_type, _renderer in FORMATS.values()
                },
            },
            "304": {"description": "Unchanged.", "headers": header_references("ETag")},
            "400": error_response(
                {"$ref": "#/components/schemas/Problem"},
                400,
                ["unknown_parameter", "validation_failed", "token_in_query"],
            ),
        },
    }


def _health_operation(kind: str) -> dict[str, Any]:
    example = {"example": {"value": {"ok": True, "version": settings.VERSION}}}
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Health"}, "examples": example}}
    ready = kind == "ready"
    responses = {
        "200": {"description": "Yes.", "headers": header_references("X-Request-ID"), "content": content}
    }
    if ready:
        responses["503"] = error_response({"$ref": "#/components/schemas/Problem"}, 503, ["not_ready"])
    return {
        "operationId": f"health_{kind}",
        "summary": "Is the process ready for requests?" if ready else "Is the process alive?",
        "description": "Asks the database as well." if ready else "Asks nothing but the process itself.",
        "tags": ["Health"],
        "security": [],
        "responses": responses,
    }
