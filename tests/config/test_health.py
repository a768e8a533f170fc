import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.test import Client

from tests.directory.rest.calling import problem_of


@pytest.mark.parametrize("host", ["localhost", "nobody.example", "[", ""])
def test_liveness_is_told_on_any_host_without_the_database(host):
    response = Client().get("/healthz", headers={"Host": host})  # no database fixture: a query would fail
    assert response.json() == {"ok": True, "version": settings.VERSION}


def test_readiness_is_told_on_any_host(db):
    assert Client().get("/readyz", headers={"Host": "nobody.example"}).json()["ok"] is True


def test_readiness_is_refused_while_the_database_does_not_answer(db):
    with connection.execute_wrapper(_broken):
        response = Client().get("/readyz")
    assert (response.status_code, problem_of(response)["code"]) == (503, "not_ready")


def test_a_head_is_answered_without_a_body():
    response = Client().head("/healthz")
    assert (response.status_code, response.content) == (200, b"")


def test_only_the_exact_paths_are_answered(db):
    assert Client().get("/healthz/", headers={"Host": "nobody.example"}).status_code == 421
    assert Client().post("/healthz", headers={"Host": "nobody.example"}).status_code == 421


def _broken(execute, sql, params, many, context):
    return execute("SELECT * FROM no_such_table", (), many, context)


def _gone(execute, sql, params, many, context):
    raise OperationalError("server closed the connection unexpectedly")


@pytest.mark.parametrize(
    "path", ["/t/acme/api/v1/directory/participants", "/t/acme/api/v1/resolve?type=bic&value=X"]
)
def test_a_database_that_does_not_answer_is_a_503_of_the_api(db, make_api, path):
    api = make_api("acme", "directory.read", "directory.resolve")
    with connection.execute_wrapper(_gone):
        response = api.get(path)
    assert (response.status_code, problem_of(response)["code"]) == (503, "not_ready")
    assert response["Retry-After"]


def test_a_database_that_does_not_answer_is_a_503_page_for_people(db):
    with connection.execute_wrapper(_gone):
        response = Client(raise_request_exception=False).get("/t/acme/admin/")
    assert response.status_code == 503
    assert "database does not answer" in response.content.decode()


def test_another_failure_is_still_a_500(db, make_api):
    api = make_api("acme", "directory.read")
    with connection.execute_wrapper(_broken):
        response = api.get("directory/participants")
    assert (response.status_code, problem_of(response)["code"]) == (500, "internal_error")


def test_a_tenants_address_leads_to_its_administration(db):
    assert Client().get("/t/acme/")["Location"] == "/t/acme/admin/"
