from typing import Any
from uuid import UUID

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from rest_framework import exceptions, serializers
from rest_framework.response import Response

from config.foundation.actor import request_context
from config.foundation.errors import Refused, error_registry, shown_name
from config.foundation.rest.errors import ERROR_KINDS, FAULTS_MAX, Fault, InvalidInput, pointer
from config.foundation.rest.problems import answer_exception, problem, problem_of

REQUEST_ID = "8e03978e-40d5-43e8-bc93-6894a57f9324"


def answered(error: Exception) -> Response:
    response = answer_exception(error, {})
    assert response is not None
    return response


def told(error: Exception) -> dict[str, Any]:
    body = problem_of(error)
    assert body is not None
    return body


def test_a_problem_says_everything_that_the_standard_and_the_contract_ask(settings):
    settings.BASE_URL = "https://switchboard.example"
    with request_context(request_id=REQUEST_ID):
        body = problem("not_found", "There is no such object.")
    assert body == {
        "type": "https://switchboard.example/problems/not_found",
        "title": "There is no such object",
        "status": 404,
        "detail": "There is no such object.",
        "instance": f"urn:uuid:{REQUEST_ID}",
        "code": "not_found",
        "request_id": REQUEST_ID,
    }


def test_a_problem_outside_of_a_request_has_an_id_of_its_own():
    assert UUID(problem("not_found", "")["request_id"]).version == 4


def test_a_fault_of_ours_is_told_in_general_words_only():
    assert "password" not in problem("internal_error", "password is hunter2")["detail"]


def test_a_code_that_nobody_registered_is_a_mistake_of_ours():
    with pytest.raises(LookupError):
        problem("no_such_code", "")


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (exceptions.NotAuthenticated(), "not_authenticated", 401),
        (exceptions.AuthenticationFailed(), "token_invalid", 401),
        (exceptions.PermissionDenied(), "permission_denied", 403),
        (PermissionDenied(), "permission_denied", 403),
        (exceptions.NotFound(), "not_found", 404),
        (Http404(), "not_found", 404),
        (exceptions.MethodNotAllowed("PUT"), "method_not_allowed", 405),
        (exceptions.NotAcceptable(), "not_acceptable", 406),
        (exceptions.UnsupportedMediaType("text/plain"), "unsupported_media_type", 415),
        (exceptions.ParseError(), "malformed_json", 400),
        (exceptions.Throttled(wait=7), "throttled", 429),
        (Refused("permission_denied", "This needs x.", needed="x"), "permission_denied", 403),
    ],
)
def test_every_refusal_of_the_framework_is_a_problem(error, code, status):
    response = answered(error)
    assert (response.data["code"], response.status_code, response.data["status"]) == (code, status, status)
    assert response.content_type == "application/problem+json"


def test_what_nobody_foresaw_is_left_to_the_handler_of_server_errors():
    assert answer_exception(ZeroDivisionError(), {}) is None


def test_extensions_of_a_refusal_stand_in_the_problem():
    assert told(Refused("permission_denied", "…", needed="directory.read"))["needed"] == "directory.read"


def test_a_refused_caller_is_told_how_to_sign_in():
    assert answered(exceptions.NotAuthenticated()).headers["WWW-Authenticate"].startswith("Bearer")


def test_a_throttled_caller_is_told_how_long_to_wait():
    assert answered(exceptions.Throttled(wait=7)).headers["Retry-After"] == "7"


def test_faults_of_a_model_point_to_their_fields():
    error = ValidationError(
        {
            "name": [ValidationError("Too long.", code="max_length")],
            "__all__": [ValidationError("No.", code="duplicate")],
        }
    )
    assert told(error)["errors"] == [
        {"pointer": "#/name", "detail": "Too long.", "code": "max_length"},
        {"pointer": "#", "detail": "No.", "code": "duplicate"},
    ]


def test_faults_of_nested_serializers_point_to_their_items():
    class Inner(serializers.Serializer[Any]):
        count = serializers.IntegerField(max_value=3)

    class Outer(serializers.Serializer[Any]):
        inner = Inner(many=True)
        name = serializers.CharField()

    data = Outer(data={"inner": [{"count": 1}, {"count": 9}]})
    with pytest.raises(exceptions.ValidationError) as refusal:
        data.is_valid(raise_exception=True)
    places = {(one["pointer"], one["code"]) for one in told(refusal.value)["errors"]}
    assert places == {("#/inner/1/count", "max_value"), ("#/name", "required")}


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        (["unknown_parameter", "unknown_parameter"], "unknown_parameter"),
        (["unknown_field"], "unknown_field"),
        (["invalid_cursor"], "invalid_cursor"),
        (["required"], "validation_failed"),
        (["unknown_parameter", "required"], "validation_failed"),
    ],
)
def test_the_code_of_several_faults_is_theirs_where_they_agree(codes, code):
    assert InvalidInput([Fault({"parameter": "a"}, "…", one) for one in codes]).code == code


def test_a_pointer_escapes_what_the_standard_escapes():
    assert pointer(["a", 0, "b"]) == "#/a/0/b"
    assert pointer([]) == "#"


@pytest.mark.parametrize(
    "name", ["4111111111111111", "x4111 1111 1111 1111", "sbt_abc", "a\x00b", "a" * 65, "<b>"]
)
def test_a_name_that_may_hold_a_number_or_a_secret_is_not_repeated(name):
    assert shown_name(name) == "…"


def test_every_kind_of_error_is_explained_in_a_sentence():
    assert all(kind.meaning.endswith(".") for kind in ERROR_KINDS)
    assert {kind.code for kind in ERROR_KINDS} <= {kind.code for kind in error_registry.all()}


def test_an_answer_names_no_more_faults_than_a_reader_can_use():
    body = told(
        InvalidInput(
            [Fault({"pointer": f"#/{number}"}, "Wrong.", "invalid") for number in range(FAULTS_MAX + 1)]
        )
    )
    assert len(body["errors"]) == FAULTS_MAX
    assert body["detail"] == "Very many faults; `errors` names the first 5,000 with their places."
