import json
from typing import Any
from uuid import UUID

import pytest
from django.http import Http404, HttpResponse, JsonResponse

from config.foundation.actor import current_act
from config.foundation.errors import error_registry
from config.foundation.rest.problems import MEDIA_TYPE, answer_problem
from config.rest import ApiResponseMiddleware, RequestIdMiddleware, explain_problem, list_problems

REQUEST_ID = "8e03978e-40d5-43e8-bc93-6894a57f9324"


def answer_with(response):
    return lambda _request: response


@pytest.mark.parametrize("given", [REQUEST_ID, REQUEST_ID.upper(), REQUEST_ID.replace("-", "")])
def test_a_callers_uuid_names_the_request(rf, given):
    seen = []

    def answer(_request):
        seen.append(current_act().request_id)
        return HttpResponse()

    response = RequestIdMiddleware(answer)(rf.get("/", headers={"X-Request-ID": given}))
    assert seen == [REQUEST_ID]
    assert response["X-Request-ID"] == REQUEST_ID
    assert current_act().request_id == ""


@pytest.mark.parametrize(
    "given", ["", "x", "4111111111111111", REQUEST_ID + "0", "{" + REQUEST_ID + "}", "é" * 36]
)
def test_anything_else_is_replaced_by_a_new_uuid(rf, given):
    response = RequestIdMiddleware(answer_with(HttpResponse()))(rf.get("/", headers={"X-Request-ID": given}))
    assert UUID(response["X-Request-ID"]).version == 4


@pytest.mark.parametrize("path", ["/api/v1/x", "/t/acme/api/v1/x"])
@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "bad_request"),
        (403, "permission_denied"),
        (404, "not_found"),
        (405, "method_not_allowed"),
        (406, "not_acceptable"),
        (413, "payload_too_large"),
        (415, "unsupported_media_type"),
        (421, "unknown_host"),
        (429, "throttled"),
        (500, "internal_error"),
    ],
)
def test_a_page_of_an_error_below_api_becomes_a_problem(rf, path, status, code):
    page = HttpResponse("<h1>Error</h1>", status=status, headers={"Allow": "GET"})
    response: Any = ApiResponseMiddleware(answer_with(page))(rf.get(path))
    assert (response.status_code, response["Content-Type"], response["Allow"]) == (status, MEDIA_TYPE, "GET")
    assert json.loads(b"".join(response))["code"] == code


def test_a_problem_stays_as_it_is(rf):
    problem = answer_problem("tenant_mismatch", "Another tenant.")
    assert ApiResponseMiddleware(answer_with(problem))(rf.get("/api/x")) is problem


@pytest.mark.parametrize("path", ["/", "/admin/api/", "/t/acme/admin/", "/apis"])
def test_pages_elsewhere_stay_pages(rf, path):
    page = HttpResponse("<h1>Error</h1>", status=404)
    response = ApiResponseMiddleware(answer_with(page))(rf.get(path))
    assert response is page
    assert "Vary" not in response


def test_every_answer_below_api_may_be_revalidated_but_not_shared(rf):
    response = ApiResponseMiddleware(answer_with(JsonResponse({})))(rf.get("/api/v1/x"))
    assert response["Cache-Control"] == "private, no-cache"
    assert response["Vary"] == "Accept, Authorization, Cookie"


def test_a_view_may_say_something_else_about_caching(rf):
    answer = JsonResponse({}, headers={"Cache-Control": "no-store"})
    assert ApiResponseMiddleware(answer_with(answer))(rf.get("/api/v1/x"))["Cache-Control"] == "no-store"


@pytest.mark.parametrize("kind", error_registry.all(), ids=lambda kind: kind.code)
def test_every_code_has_a_page(rf, settings, kind):
    settings.ROOT_URLCONF = "config.urls_platform"
    page = explain_problem(rf.get("/"), kind.code).content.decode()
    assert kind.code in page
    assert f"<h1>{kind.title}</h1>".replace("'", "&#x27;") in page


def test_an_unknown_code_has_none(rf):
    with pytest.raises(Http404):
        explain_problem(rf.get("/"), "no_such_code")


def test_all_codes_are_listed(rf):
    page = list_problems(rf.get("/")).content.decode()
    assert all(kind.code in page for kind in error_registry.all())
