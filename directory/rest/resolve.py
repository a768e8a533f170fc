"""Resolution over HTTP: one request by POST or GET, up to a thousand in bulk."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from audit.operations import record
from config.foundation.admission import Admission
from config.foundation.errors import Refused
from config.foundation.keys import blind_index
from config.foundation.rest.errors import Fault, Faults, InvalidInput
from config.foundation.rest.etags import etag_of_bytes, is_held
from config.foundation.rest.limits import BULK_ITEMS_PER_COST
from config.foundation.rest.operations import BODY_ERRORS, QUERY_ERRORS, Operation
from config.foundation.rest.problems import problem_of
from config.foundation.rest.queries import collect_parameter_faults
from config.foundation.rest.views import AdmittedView
from config.foundation.rows import PUBLIC_SCHEMA, selected_schema
from directory.models import Identifier
from directory.resolution.cache import AnswerCache
from directory.resolution.documents import ResolveResponse
from directory.resolution.records import Caller, InvalidRequest, TenantMismatch
from directory.resolution.resolve import Answer, ResolveContext, resolve_many
from directory.resolution.retrieve import SqlDirectory
from directory.rest import contract, examples

TAG = "Resolver"
ANSWERS = AnswerCache()
IDENTIFIER_PARAMETERS = ("type", "value", "scope")
PARAMETER_MEANINGS = {
    "type": "What the identifier is, like bic or e164.",
    "value": "The identifier, in any form that its type takes.",
    "scope": "Within what it is unique; without it, the rail's default.",
    "service": "What the receiver is to do with the traffic.",
    "action": "The step of the service.",
    "process": "The business process that it belongs to.",
    "documentType": "What is sent.",
}
SERVICE_PARAMETERS = ("service", "action", "process", "documentType")


class ResolvingView(AdmittedView):
    """A view that asks the resolver as the admitted caller; confidential questions are audited."""

    required_privilege = "directory.resolve"
    reading_methods = ("POST",)

    def ask(self, bodies: Sequence[Any]) -> list[ResolveResponse | InvalidRequest]:
        """Answer each body with a response or its faults."""
        answers = resolve_many(bodies, context=_context(self.admission))
        confidential_count = sum(isinstance(one, Answer) and one.touches_confidential for one in answers)
        if confidential_count:
            record(
                actor=self.admission.actor,
                action="resolve",
                resource=Identifier._meta.label_lower,
                resource_id="",
                payload={"confidential_requests": confidential_count},
            )
        return [one.response if isinstance(one, Answer) else one for one in answers]


class Resolve(ResolvingView):
    """Resolve one request."""

    operations = {
        "post": Operation(
            operation_id="resolve_post",
            summary="Resolve identifiers to route directives",
            description=(
                "Given these identifiers, how is that party reached, under whose rules, and why? A miss is "
                "answered without directives. Equal requests have equal answers while `directory_version` is "
                "the same."
            ),
            tag=TAG,
            request=contract.REQUEST,
            request_example=examples.RESOLVE_REQUEST,
            response=contract.RESPONSE,
            response_example=examples.RESOLVE_RESPONSE,
            errors=(*BODY_ERRORS, "unknown_parameter"),
        ),
        "get": Operation(
            operation_id="resolve_get",
            summary="Resolve one identifier",
            description="The same as POST for one identifier, and held by its entity tag.",
            tag=TAG,
            response=contract.RESPONSE,
            response_example=examples.RESOLVE_RESPONSE,
            parameters=(
                *(
                    {
                        "name": name,
                        "in": "query",
                        "required": name != "scope",
                        "description": PARAMETER_MEANINGS[name],
                        "schema": contract.IDENTIFIER.schema["properties"][name],
                    }
                    for name in IDENTIFIER_PARAMETERS
                ),
                *(
                    {
                        "name": name,
                        "in": "query",
                        "description": PARAMETER_MEANINGS[name],
                        "schema": {"type": "string", "maxLength": 512},
                    }
                    for name in SERVICE_PARAMETERS
                ),
            ),
            headers=("ETag",),
            is_conditional=True,
            errors=QUERY_ERRORS,
        ),
    }

    def collect_faults(self, request: Request, faults: Faults) -> None:
        """Add what is wrong with the query parameters: GET has its own, POST none."""
        known = (*IDENTIFIER_PARAMETERS, *SERVICE_PARAMETERS) if request.method in ("GET", "HEAD") else ()
        collect_parameter_faults(request.query_params, known=known, repeatable=(), faults=faults)

    def post(self, request: Request) -> Response:
        """Resolve the body."""
        (answer,) = self.ask([request.data])
        if isinstance(answer, InvalidRequest):
            raise _refusal(answer)
        return Response(answer)

    def get(self, request: Request) -> Response:
        """Resolve one identifier, or answer 304 where the caller holds the answer."""
        (answer,) = self.ask([_body_of(request)])
        if isinstance(answer, InvalidRequest):
            raise _refusal(answer, of_query=True)
        tag = etag_of_bytes(json.dumps(answer, sort_keys=True).encode())
        if is_held(tag, request.headers.get("If-None-Match", "")):
            return Response(status=304, headers={"ETag": tag})
        return Response(answer, headers={"ETag": tag})


class BulkResolve(ResolvingView):
    """Resolve many requests, each for itself."""

    operations = {
        "post": Operation(
            operation_id="resolve_bulk",
            summary="Resolve up to 1,000 requests",
            description=(
                "Each result is an answer or a problem, in the order of the requests; always 200. Against rate limits "
                f"it counts as one request for each {BULK_ITEMS_PER_COST} of the body's, begun or whole."
            ),
            tag=TAG,
            request=contract.BULK_REQUEST,
            request_example={"requests": [examples.RESOLVE_REQUEST]},
            response=contract.BULK_RESPONSE,
            response_example={"results": [examples.RESOLVE_RESPONSE]},
            errors=(*BODY_ERRORS, "unknown_parameter"),
        )
    }

    def post(self, request: Request) -> Response:
        """Resolve the body's requests."""
        requests = _requests_of(request.data)
        self.charge_items(request, len(requests))
        answers = self.ask(requests)
        return Response({"results": [_result(answer) for answer in answers]})


def _context(admission: Admission) -> ResolveContext:
    """Return who asks, where and when."""
    schema = selected_schema(DEFAULT_DB_ALIAS)
    tenant = admission.tenant
    return ResolveContext(
        tenant=schema,
        tenant_names=(tenant.slug, tenant.display_id),
        store=SqlDirectory(connection, own_schema=schema, global_schema=PUBLIC_SCHEMA.schema_name),
        now=timezone.now(),
        blind=partial(blind_index, schema),
        caller=Caller(admission.actor.kind, admission.actor.reference, admission.roles),
        cache=ANSWERS,
    )


def _body_of(request: Request) -> dict[str, Any]:
    query = request.query_params
    identifier = {name: query[name] for name in IDENTIFIER_PARAMETERS if name in query}
    service = {name: query[name] for name in SERVICE_PARAMETERS if name in query}
    return {"identifiers": [identifier], "serviceContext": service}


def _requests_of(body: Any) -> list[Any]:
    """Return the requests of a bulk body.

    Raises:
        InvalidInput: the body is no object of 1 to 1,000 requests.
    """
    faults = Faults()
    requests = body.get("requests") if isinstance(body, dict) else None
    if not isinstance(body, dict):
        faults.at_pointer((), "Give an object.", "invalid_type")
    else:
        for name in sorted(body.keys() - {"requests"}):
            faults.at_pointer((name,), "This key is not known here.", "unknown_field")
        if not isinstance(requests, list) or not 1 <= len(requests) <= contract.BULK_MAX:
            detail = f"Give a list of 1 to {contract.BULK_MAX:,} requests."
            faults.at_pointer(("requests",), detail, "requests_out_of_range")
    faults.raise_any()
    return list(requests or ())


def _result(answer: Any) -> Any:
    return problem_of(_refusal(answer)) if isinstance(answer, InvalidRequest) else answer


def _refusal(error: InvalidRequest, *, of_query: bool = False) -> Exception:
    """Return the refusal of a request's faults; those of a GET are named by parameter."""
    if isinstance(error, TenantMismatch):
        return Refused("tenant_mismatch", error.errors[0].detail)
    return InvalidInput(
        [
            Fault(_parameter_of(one.pointer) if of_query else {"pointer": one.pointer}, one.detail, one.code)
            for one in error.errors
        ]
    )


def _parameter_of(pointer: str) -> dict[str, str]:
    name = pointer.rsplit("/", 1)[-1]
    known = (*IDENTIFIER_PARAMETERS, *SERVICE_PARAMETERS)
    return {"parameter": name if name in known else "value"}
