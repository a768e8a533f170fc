"""What strangers send over HTTP, and which wrong answers must never come back."""

import json

import pytest
from django.test import Client

BIC = {"identifiers": [{"type": "bic", "value": "DEUTDEFF"}]}
RESOLVE = "/t/acme/api/v1/resolve"


@pytest.fixture
def token(make_token):
    return make_token("acme", "directory.resolve", "directory.read")


def problem_code(response):
    assert response.headers["Content-Type"] == "application/problem+json"
    return response.json()["code"]


def test_a_body_in_chunks_is_refused_instead_of_read_as_none(token):
    body = json.dumps(BIC)
    response = Client().generic(
        "POST",
        RESOLVE,
        body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}", "Transfer-Encoding": "chunked"},
        CONTENT_LENGTH="",
    )
    assert (response.status_code, problem_code(response)) == (400, "bad_request")


def test_a_host_below_the_base_domain_needs_a_name(db):
    response = Client().get("/admin/login/", headers={"Host": ".switchboard.localhost"})
    assert (response.status_code, problem_code(response)) == (421, "unknown_host")


@pytest.mark.parametrize(
    "path",
    [
        "/t/ac%00me/api/v1/resolve",
        "/t/%ff%fe/api/v1/resolve",
        "/t/%ed%a0%80/api/v1/resolve",
        f"/t/{'a' * 20_000}/api/v1/resolve",
        "/t/public/api/v1/resolve",
        "/t/ACME/api/v1/resolve",
    ],
)
def test_what_is_no_slug_is_answered_like_a_foreign_one(token, path):
    response = Client().get(path, headers={"Authorization": f"Bearer {token}"})
    assert (response.status_code, problem_code(response)) == (403, "tenant_mismatch")


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "TRACE", "DELETE", "PROPFIND"])
def test_no_method_and_no_path_below_the_api_is_a_fault_of_ours(token, method):
    client = Client(raise_request_exception=False)
    for path in (RESOLVE, "/t/acme/api/v1/directory/participants", "/t/acme/api/v1/%00", "/api/%00"):
        response = client.generic(method, path, headers={"Authorization": f"Bearer {token}"})
        assert response.status_code < 500
        if response.status_code >= 400:
            assert response.headers["Content-Type"] == "application/problem+json"
