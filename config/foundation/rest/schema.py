"""OpenAPI 3.1 of each operation, from what its view declares: nothing guessed, every error named."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.conf import settings
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry, ResolvedComponent

from config.foundation.actor import REASON_MAX_LENGTH
from config.foundation.errors import error_registry
from config.foundation.rest.deprecation import GONE, marked_fields, marked_parameters, marks
from config.foundation.rest.deprecation import HEADERS as DEPRECATION_HEADERS
from config.foundation.rest.exports import written
from config.foundation.rest.filters import id_schema
from config.foundation.rest.idempotency import IDEMPOTENCY_KEY, KEY_MAX_LENGTH, REPLAYED
from config.foundation.rest.limits import MEANINGS, POLICY_HEADER, STATE_HEADER
from config.foundation.rest.operations import ADMISSION_ERRORS, KEY_ERRORS, Component, Operation
from config.foundation.rest.problems import MEDIA_TYPE

_EXAMPLE_ID = str(UUID(int=0x8E03978E40D543E8BC936894A57F9324))
LIMITED = ("X-Request-ID", POLICY_HEADER, STATE_HEADER)  # what every answer of the API carries
_POLICIES = " ".join(f"`{name}`: {meaning}" for name, meaning in MEANINGS.items())
HEADERS: dict[str, dict[str, Any]] = {
    "X-Request-ID": {
        "description": "The request's id: the caller's where it was a uuid, else a new one.",
        "schema": {"type": "string", "format": "uuid"},
    },
    "ETag": {"description": "Strong tag of exactly this representation.", "schema": {"type": "string"}},
    "Link": {
        "description": (
            "Addresses by their relations (RFC 8288). Of a list: self, first; next and prev where there is such a "
            "page; last where rows are counted. describedby, service-desc: this document; deprecation: what is to be "
            "used instead."
        ),
        "schema": {"type": "string"},
    },
    "Deprecation": {
        "description": "Since when what was called is deprecated: `@` and seconds since 1970 (RFC 9745).",
        "schema": {"type": "string", "pattern": "^@[0-9]+$"},
    },
    "Sunset": {
        "description": "When it stops being served: a date of HTTP (RFC 8594).",
        "schema": {"type": "string"},
    },
    "Location": {
        "description": "Address of the new row.",
        "schema": {"type": "string", "format": "uri"},
    },
    "WWW-Authenticate": {"description": "How to sign in.", "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}},
    POLICY_HEADER: {
        "description": (
            "The policies that this request was counted against: quota `q` and window `w` in seconds (a structured "
            f"field, draft-ietf-httpapi-ratelimit-headers-10). {_POLICIES} What they grant is this installation's."
        ),
        "schema": {"type": "string"},
        "example": '"token";q=60000;w=60, "tenant";q=240000;w=60',
    },
    STATE_HEADER: {
        "description": (
            "What is left of each quota (`r`), as far as the process that answers knows, and in how many seconds it is "
            "whole again (`t`). Absent while nobody can be asked: nothing is refused then."
        ),
        "schema": {"type": "string"},
        "example": '"token";r=59958;t=17, "tenant";r=239012;t=42',
    },
    REPLAYED: {
        "description": "`true`: this is the answer that the first call with this Idempotency-Key was given.",
        "schema": {"type": "string", "const": "true"},
    },
}
PARAMETERS: dict[str, dict[str, Any]] = {
    "RequestId": {
        "name": "X-Request-ID",
        "in": "header",
        "description": "A uuid by which this request is found in logs and audit; anything else is replaced.",
        "schema": {"type": "string"},
        "example": _EXAMPLE_ID,
    },
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "description": "Tag of the representation you hold: unchanged, the answer is 304 without a body.",
        "schema": {"type": "string"},
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "description": "Tag of the state you change (RFC 9110): the object has changed since, the answer is 412.",
        "schema": {"type": "string"},
    },
    "IfMatchRequired": {
        "name": "If-Match",
        "in": "header",
        "required": True,
        "description": (
            "Tag of the state you change (RFC 9110): the object has changed since, the answer is 412; without this "
            "header it is 428. `*` says: whichever state it is in."
        ),
        "schema": {"type": "string"},
    },
    "IdempotencyKey": {
        "name": IDEMPOTENCY_KEY,
        "in": "header",
        "description": (
            "A key of the caller's own for this call, such as a uuid, in double quotes or without. Repeated within 24 "
            "hours with the same body, the call has no second effect and is given the first answer (a refusal as well, "
            "but for 429 and 5xx); with another body it is refused."
        ),
        "schema": {"type": "string", "minLength": 1, "maxLength": KEY_MAX_LENGTH},
        "example": f'"{_EXAMPLE_ID}"',
    },
    "AuditReason": {
        "name": "Audit-Reason",
        "in": "header",
        "description": "Why: one line of text, written into the audit event of every row that this request changes.",
        "schema": {"type": "string", "maxLength": REASON_MAX_LENGTH},
    },
}
KEPT_STATUSES = frozenset({400, 404, 409, 412, 422, 428})  # refusals that a repetition may be given again
SECURITY_SCHEMES = {
    "bearerToken": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "sbt_<key id>.<secret>",
        "description": "An API token. Its privileges narrow those of the user it acts for.",
    },
    "sessionCookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": settings.SESSION_COOKIE_NAME,
        "description": "The session of somebody signed in to the administration.",
    },
}
_FAULT = Component(
    "Fault",
    {
        "type": "object",
        "description": "One thing wrong with the request, with its place in body, query or headers.",
        "required": ["detail", "code"],
        "properties": {
            "pointer": {"type": "string", "description": "JSON Pointer into the body (RFC 6901)."},
            "parameter": {"type": "string", "description": "Name of the query parameter."},
            "header": {"type": "string", "description": "Name of the header."},
            "detail": {"type": "string"},
            "code": {"type": "string"},
        },
    },
)
PROBLEM = Component(
    "Problem",
    {
        "type": "object",
        "description": "A refusal (RFC 9457). `code` is the contract; the texts are not.",
        "required": ["type", "title", "status", "detail", "instance", "code", "request_id"],
        "properties": {
            "type": {"type": "string", "format": "uri", "description": "Page that explains the code."},
            "title": {"type": "string"},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": {"type": "string", "description": "What is wrong, with which value, and what to do."},
            "instance": {"type": "string", "description": "urn:uuid: and the request id."},
            "code": {"type": "string"},
            "request_id": {"type": "string", "format": "uuid"},
            "errors": {"type": "array", "items": {"$ref": "#/components/schemas/Fault"}},
        },
        "additionalProperties": True,
    },
    uses=(_FAULT,),
)
_EXAMPLE_FAULTS = {
    "unknown_parameter": {
        "parameter": "nmae",
        "detail": "This parameter is not known here.",
        "code": "unknown_parameter",
    },
    "unknown_field": {
        "pointer": "#/identifers",
        "detail": "This key is not known here.",
        "code": "unknown_field",
    },
    "invalid_cursor": {
        "parameter": "cursor",
        "detail": "This cursor is not of this list and filter. Begin again without one.",
        "code": "invalid_cursor",
    },
    "validation_failed": {
        "parameter": "limit",
        "detail": "A page has 1 to 200 rows.",
        "code": "limit_out_of_range",
    },
}
_EXAMPLE_EXTENSIONS: dict[str, dict[str, Any]] = {"throttled": {"policy": "token", "retry_after": 17}}


class OperationSchema(AutoSchema):
    """Builds the operation object from ``view.describe(action)``."""

    view: Any

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: ComponentRegistry
    ) -> dict[str, Any]:
        """Return the operation object, its components registered."""
        self.registry, self.path, self.method = registry, path, method.upper()
        self.path_regex, self.path_prefix = path_regex, path_prefix
        operation: Operation = self.view.describe(getattr(self.view, "action", None) or method.lower())
        for name, scheme in SECURITY_SCHEMES.items():
            self._register(name, scheme, ResolvedComponent.SECURITY_SCHEMA)
        built: dict[str, Any] = {
            "operationId": operation.operation_id,
            "summary": operation.summary,
            "description": operation.description,
            "tags": [operation.tag],
            "parameters": self._parameters_of(operation),
            "security": [{name: []} for name in SECURITY_SCHEMES],
            "responses": {str(operation.status): self._success(operation), **self._errors(operation)},
        }
        for status, names in operation.other_statuses:
            further = replace(operation, headers=(*operation.headers, *names))
            built["responses"][str(status)] = self._success(further)
        if operation.deprecated:
            built |= marks(operation.deprecated)
        if operation.is_conditional:
            built["responses"]["304"] = {
                "description": "Unchanged: the caller holds this representation.",
                "headers": header_references("ETag", *LIMITED),
            }
        if operation.rehearsal is not None and operation.response is None:
            built["responses"]["200"] = self._rehearsed(operation, operation.rehearsal)
        content = self._body(operation)
        if content:
            built["requestBody"] = {"required": True, "content": {"application/json": content}}
        return built

    def _body(self, operation: Operation) -> dict[str, Any]:
        """Return the media type of the body: an object, an array, or either."""
        bodies = {
            "example": (operation.request, operation.request_example),
            "many": (operation.request_items, operation.request_items_example),
        }
        schemas = [self._reference(component) for component, _ in bodies.values() if component is not None]
        if not schemas:
            return {}
        examples = {
            name: {"summary": f"{operation.summary}{': many at once' * (name == 'many')}", "value": value}
            for name, (component, value) in bodies.items()
            if component is not None
        }
        return {"schema": _one_of(schemas), "examples": examples}

    def _rehearsed(self, operation: Operation, rehearsal: Component) -> dict[str, Any]:
        """Return the answer to a rehearsal of what is otherwise answered without a body."""
        examples = {"dry_run": {"summary": "A rehearsal", "value": operation.rehearsal_example}}
        return {
            "description": "With `dry_run`: what would be deleted.",
            "headers": header_references(*LIMITED),
            "content": {"application/json": {"schema": self._reference(rehearsal), "examples": examples}},
        }

    def _parameters_of(self, operation: Operation) -> list[dict[str, Any]]:
        found = list(marked_parameters(operation.parameters, operation.deprecated_parameters))
        if "{id}" in self.path:
            schema = getattr(self.view, "id_schema", None) or id_schema(self.view.model.display_prefix)
            told = {"description": "The object's id, as lists show it.", "schema": schema}
            found.insert(0, {"name": "id", "in": "path", "required": True, **told})
        if operation.is_conditional:
            found.append(parameter_reference("IfNoneMatch"))
        if operation.precondition:
            found.append(parameter_reference(operation.precondition))
        if operation.takes_key:
            found.append(parameter_reference("IdempotencyKey"))
        if operation.takes_reason:
            found.append(parameter_reference("AuditReason"))
        return [*found, parameter_reference("RequestId")]

    def _success(self, operation: Operation) -> dict[str, Any]:
        names = [
            *LIMITED,
            *operation.headers,
            *(DEPRECATION_HEADERS if operation.deprecated_parts else ()),
        ]
        if operation.response is None:
            return {"description": "Done.", "headers": header_references(*names)}
        if isinstance(operation.response, Component):
            marked = marked_fields(operation.response.schema, operation.deprecated_fields)
            schema = self._reference(replace(operation.response, schema=marked))
        else:
            component = self.resolve_serializer(operation.response, "response")
            if "allOf" not in component.schema:  # else an operation before marked them
                component.schema = marked_fields(component.schema, operation.deprecated_fields)
            shape = self._selectable(component) if operation.takes_selection else component.ref
            schema = self._page(component.name, shape) if operation.is_list else shape
        example = {"example": {"summary": operation.summary, "value": operation.response_example}}
        alternatives = [schema]
        if operation.answers_items:
            items = {"type": "array", "items": schema}
            alternatives = [items] if operation.request is None else [schema, items]
        if operation.rehearsal is not None:
            alternatives.append(self._reference(operation.rehearsal))
            example["dry_run"] = {"summary": "A rehearsal", "value": operation.rehearsal_example}
        schema = _one_of(alternatives)
        if operation.takes_key:
            names.append(REPLAYED)
        content = {"application/json": {"schema": schema, "examples": example}}
        return {
            "description": "The answer.",
            "headers": header_references(*names),
            "content": content | (_files_of(operation) if operation.is_list else {}),
        }

    def _selectable(self, component: ResolvedComponent) -> dict[str, Any]:
        """Return the schema of an object of which the caller may have chosen fields: then none is required."""
        part = f"{component.name}Part"
        whole = component.schema
        if "required" in whole:
            properties = {name: value for name, value in whole.items() if name != "required"}
            self._register(part, properties, ResolvedComponent.SCHEMA)
            required = whole["required"]  # said twice: generators of clients read the one or the other
            component.schema = {
                "allOf": [{"$ref": f"#/components/schemas/{part}"}, {"required": required}],
                "required": required,
            }
        return {"anyOf": [component.ref, {"$ref": f"#/components/schemas/{part}"}]}

    def _page(self, name: str, shape: dict[str, Any]) -> dict[str, Any]:
        address = {"type": ["string", "null"], "format": "uri"}
        page = {
            "type": "object",
            "required": ["results", "next", "previous"],
            "properties": {
                "results": {"type": "array", "items": shape},
                "next": {**address, "description": "The next page, if there is one."},
                "previous": {**address, "description": "The previous page, if there is one."},
                "count": {
                    "type": "integer",
                    "description": "Rows on all pages; only with `offset` or `count`.",
                },
                "count_is_estimate": {
                    "type": "boolean",
                    "description": "True: `count` is the planner's estimate, which was asked for.",
                },
            },
        }
        return self._reference(Component(f"{name}Page", page))

    def _errors(self, operation: Operation) -> dict[str, Any]:
        by_status: dict[int, list[str]] = defaultdict(list)
        of_key = KEY_ERRORS if operation.takes_key else ()
        of_age = (GONE,) if operation.deprecated_parts else ()
        for code in dict.fromkeys((*operation.errors, *of_key, *of_age, *ADMISSION_ERRORS)):
            kind = error_registry.get(code)
            if kind is None:
                raise LookupError(f"{operation.operation_id} documents {code}, which is not registered")
            by_status[kind.status].append(code)
        errors = {}
        for status, codes in sorted(by_status.items()):
            errors[str(status)] = error_response(self._reference(PROBLEM), status, codes)
            errors[str(status)]["headers"] |= header_references(POLICY_HEADER, STATE_HEADER)
            if operation.takes_key and status in KEPT_STATUSES:
                errors[str(status)]["headers"] |= header_references(REPLAYED)
        return errors

    def _reference(self, component: Component) -> dict[str, Any]:
        for used in component.uses:
            self._reference(used)
        self._register(component.name, component.schema, ResolvedComponent.SCHEMA)
        return {"$ref": f"#/components/schemas/{component.name}"}

    def _register(self, name: str, schema: dict[str, Any], kind: Any) -> None:
        self.registry.register_on_missing(_component(name, schema, kind))


def _one_of(schemas: list[dict[str, Any]]) -> dict[str, Any]:
    return schemas[0] if len(schemas) == 1 else {"oneOf": schemas}


def _files_of(operation: Operation) -> dict[str, Any]:
    """Return the media types of a list's files: all rows, without pages."""
    rows = operation.response_example["results"]
    return {
        media_type: {
            "schema": {"type": "string", "description": f"All rows: {what}."},
            "examples": {
                "example": {
                    "summary": operation.summary,
                    "value": "".join(written(media_type, list(rows[0]), [rows])),
                }
            },
        }
        for media_type, what in (
            ("text/csv", "a line of names, then one for each; what is no text is JSON"),
            ("application/x-ndjson", "one object of JSON a line"),
        )
    }


def _component(name: str, schema: dict[str, Any], kind: Any) -> ResolvedComponent:
    make: Any = ResolvedComponent  # which has no types
    component: ResolvedComponent = make(name=name, type=kind, object=name, schema=schema)
    return component


def error_response(schema: dict[str, Any], status: int, codes: list[str]) -> dict[str, Any]:
    """Return the response object of one error status, with an example for each of its codes."""
    headers = ["X-Request-ID"]
    if status == 401:
        headers.append("WWW-Authenticate")
    if status in (429, 503) or "idempotency_in_progress" in codes:
        headers.append("Retry-After")
    if status == 412:
        headers.append("ETag")
    return {
        "description": " · ".join(f"`{code}`" for code in codes),
        "headers": header_references(*headers),
        "content": {
            MEDIA_TYPE: {
                "schema": schema,
                "examples": {code: {"$ref": f"#/components/examples/{code}"} for code in codes},
            }
        },
    }


def header_references(*names: str) -> dict[str, Any]:
    """Return the headers of a response, by reference."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def shared_components(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the headers, parameters and examples of problems that the document refers to."""
    referred = set(_references(document))
    shared = {
        "headers": HEADERS,
        "parameters": PARAMETERS,
        "examples": {kind.code: problem_example(kind.code) for kind in error_registry.all()},
    }
    return {
        section: {name: one for name, one in known.items() if f"#/components/{section}/{name}" in referred}
        for section, known in shared.items()
    }


def parameter_reference(name: str) -> dict[str, str]:
    """Return a shared parameter, by reference."""
    return {"$ref": f"#/components/parameters/{name}"}


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for inner in node.values():
            yield from _references(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _references(inner)


def problem_example(code: str) -> dict[str, Any]:
    """Return the OpenAPI example object of a code."""
    kind = error_registry.get(code)
    if kind is None:
        raise LookupError(f"error code {code} is not registered")
    fault = _EXAMPLE_FAULTS.get(code)
    value: dict[str, Any] = {
        "type": f"{settings.BASE_URL}/problems/{code}",
        "title": kind.title,
        "status": kind.status,
        "detail": fault["detail"] if fault else kind.meaning,
        "instance": f"urn:uuid:{_EXAMPLE_ID}",
        "code": code,
        "request_id": _EXAMPLE_ID,
    }
    if fault:
        value["errors"] = [fault]
    value |= _EXAMPLE_EXTENSIONS.get(code, {})
    return {"summary": kind.title, "value": value}
