"""Every refusal as ``application/problem+json`` (RFC 9457), whoever noticed it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response

from config.foundation.actor import current_act
from config.foundation.errors import Refused, error_registry
from config.foundation.refusals import tell_refused_call
from config.foundation.rest.errors import FAULTS_MAX, Fault, Faults, InvalidInput, pointer

MEDIA_TYPE = "application/problem+json"
CHALLENGE = 'Bearer realm="switchboard"'
_OF_FRAMEWORK: tuple[tuple[type[Exception], str, str], ...] = (
    (exceptions.NotAuthenticated, "not_authenticated", "Send a token: Authorization: Bearer sbt_…"),
    (exceptions.AuthenticationFailed, "token_invalid", "The token is not accepted. Create or rotate one."),
    (exceptions.PermissionDenied, "permission_denied", "You may not do this here."),
    (PermissionDenied, "permission_denied", "You may not do this here."),
    (exceptions.NotFound, "not_found", "There is no such object."),
    (Http404, "not_found", "There is no such object."),
    (
        exceptions.MethodNotAllowed,
        "method_not_allowed",
        "Use one of the methods that the Allow header lists.",
    ),
    (exceptions.NotAcceptable, "not_acceptable", "Accept application/json."),
    (exceptions.UnsupportedMediaType, "unsupported_media_type", "Send the body as application/json."),
    (exceptions.ParseError, "malformed_json", "Send a body of JSON."),
    (exceptions.Throttled, "throttled", "Wait as long as Retry-After says."),
)


def problem(
    code: str, detail: str, *, faults: list[Fault] | None = None, **extensions: Any
) -> dict[str, Any]:
    """Return the members of a problem.

    Shape: ``{"type", "title", "status", "detail", "instance", "code", "request_id", "errors"?, …}``.

    Raises:
        LookupError: the code is not registered.
    """
    kind = error_registry.get(code)
    if kind is None:
        raise LookupError(f"error code {code} is not registered")
    request_id = current_act().request_id or str(uuid4())
    members: dict[str, Any] = {
        "type": f"{settings.BASE_URL}/problems/{code}",
        "title": kind.title,
        "status": kind.status,
        "detail": kind.meaning if kind.status >= 500 else detail,
        "instance": f"urn:uuid:{request_id}",
        "code": code,
        "request_id": request_id,
    }
    if faults:
        members["errors"] = [fault.as_dict() for fault in faults[:FAULTS_MAX]]
    return members | extensions


def problem_of(error: Exception) -> dict[str, Any] | None:
    """Return the problem of an anticipated error, or None for one that nobody foresaw."""
    match error:
        case Refused():
            return problem(error.code, error.detail, **error.extensions)
        case InvalidInput():
            return problem(error.code, _summary(error.faults), faults=error.faults[:FAULTS_MAX])
        case exceptions.ValidationError():
            return problem_of(InvalidInput(list(faults_of_serializer(error.detail))))
        case ValidationError():
            return problem_of(InvalidInput(list(faults_of_model(error))))
    for kind, code, detail in _OF_FRAMEWORK:
        if isinstance(error, kind):
            return problem(code, detail)
    return None


def answer_exception(error: Exception, context: dict[str, Any]) -> Response | None:
    """Answer what a view raised; what nobody foresaw goes on to Django, which logs it and answers 500."""
    response = response_of(error)
    if response is not None:
        tell_refused_call(context, status=response.status_code, code=response.data["code"])
    return response


def response_of(error: Exception) -> Response | None:
    """Return the answer to an anticipated error, or None for one that nobody foresaw."""
    body = problem_of(error)
    if body is None:
        return None
    response = Response(body, status=body["status"], content_type=MEDIA_TYPE)
    _add_headers(response, body, error)
    return response


def answer_problem(code: str, detail: str, **extensions: Any) -> JsonResponse:
    """Answer outside of a view: for middleware and for Django's own error handlers."""
    return _answer(problem(code, detail, **extensions))


def answer_faults(faults: Faults) -> JsonResponse:
    """Answer the faults of a request outside of a view."""
    error = InvalidInput(faults.found)
    return _answer(problem(error.code, _summary(error.faults), faults=error.faults[:FAULTS_MAX]))


def faults_of_model(error: ValidationError, prefix: tuple[str | int, ...] = ()) -> Iterator[Fault]:
    """Yield the faults of a model's, constraint's or operation's ValidationError, each at its field."""
    if hasattr(error, "error_dict"):
        for name, errors in error.error_dict.items():
            path = prefix if name == "__all__" else (*prefix, name)
            for one in errors:
                yield from faults_of_model(one, path)
        return
    for one in error.error_list:
        code = "duplicate" if one.code == "unique" else str(one.code or "invalid")  # Django's own word for it
        yield Fault({"pointer": pointer(prefix)}, " ".join(map(str, one.messages)), code)


def faults_of_serializer(detail: Any, path: tuple[str | int, ...] = ()) -> Iterator[Fault]:
    """Yield the faults that a serializer found, each at its place."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            yield from faults_of_serializer(inner, path if name == "non_field_errors" else (*path, name))
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            nested = isinstance(inner, dict | list)
            yield from faults_of_serializer(inner, (*path, index) if nested else path)
    else:
        yield Fault({"pointer": pointer(path)}, str(detail), str(getattr(detail, "code", "") or "invalid"))


def _summary(faults: list[Fault]) -> str:
    if len(faults) == 1:
        return faults[0].detail
    if len(faults) < FAULTS_MAX:
        return f"{len(faults)} faults; `errors` names each with its place."
    return f"Very many faults; `errors` names the first {FAULTS_MAX:,} with their places."


def _answer(body: dict[str, Any]) -> JsonResponse:
    response = JsonResponse(body, status=body["status"], content_type=MEDIA_TYPE)
    _add_headers(response, body)
    return response


def _add_headers(response: HttpResponse, body: dict[str, Any], error: Exception | None = None) -> None:
    if body["status"] == 401:
        response["WWW-Authenticate"] = CHALLENGE
    if "etag" in body:
        response["ETag"] = body["etag"]
    wait = body.get("retry_after") or getattr(error, "wait", None)
    if wait:
        response["Retry-After"] = str(int(wait))
