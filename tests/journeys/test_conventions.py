"""Every operation of both documents keeps the conventions: whoever has learnt one of them knows them all."""

import json
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import transaction

from audit.operations.verifications import VERIFICATION
from audit.requests.models import Job
from audit.requests.operations import start_job
from config.foundation.actor import Actor
from config.foundation.rest.problems import MEDIA_TYPE
from config.foundation.rows import public_schema
from tests.journeys.isolation.callers import Callers
from tests.journeys.isolation.calls import REQUEST_ID, Call, Caller
from tests.journeys.isolation.decisions import DECISIONS
from tests.journeys.isolation.documents import METHODS, Operation, documents, operations
from tests.journeys.isolation.estate import Estate
from tests.journeys.isolation.placing import addressed
from tests.openapi import resolved

PROBLEM_MEMBERS = {"type", "title", "status", "detail", "instance", "code", "request_id"}
ASKED = {key: one for key, one in sorted(operations().items()) if not DECISIONS[key].is_open}
IMPLIED = {"HEAD", "OPTIONS"}


def where(condition: Any) -> Any:
    """Run a test with each operation that needs a credential and meets a condition."""
    found = [key for key, one in ASKED.items() if condition(one)]
    assert found
    return pytest.mark.parametrize("key", found)


def has_id(operation: Operation) -> bool:
    return "{id}" in operation.path


def takes_body(operation: Operation) -> bool:
    return operation.body_schema is not None


def is_detail(operation: Operation) -> bool:
    return operation.method == "GET" and operation.path.endswith("/{id}")


def takes(header: str) -> Any:
    return lambda operation: any(one["name"] == header for one in operation.parameters)


@dataclass
class Desk:
    """Somebody who may do everything, at one operation."""

    operation: Operation
    estate: Estate
    caller: Caller
    stranger: Caller

    @property
    def call(self) -> Call:
        """Return a call that succeeds."""
        call = addressed(self.operation, DECISIONS[self.operation.key], self.estate)
        return call.having(path=self.base + call.path)

    @property
    def base(self) -> str:
        return f"/t/{self.estate.words.slug}" if self.operation.document == "tenant" else ""

    def send(self, *, caller: Caller | None = None, **changes: Any) -> Any:
        response = (caller or self.caller).send(self.call.having(**changes))
        assert response["X-Request-ID"] == REQUEST_ID
        assert response["X-Content-Type-Options"] == "nosniff"
        assert {"Accept", "Authorization", "Cookie"} <= set(response["Vary"].split(", "))
        assert "no-cache" in response["Cache-Control"] or "no-store" in response["Cache-Control"]
        return response

    def refused(self, status: int, code: str, response: Any) -> dict[str, Any]:
        """Return the problem of a refusal, which the document tells of."""
        problem: dict[str, Any] = json.loads(response.content or b"{}")
        assert (response.status_code, problem.get("code")) == (status, code), response.content
        assert response["Content-Type"] == MEDIA_TYPE
        assert problem.keys() >= PROBLEM_MEMBERS
        assert problem["type"].endswith(f"/problems/{code}")
        assert (problem["status"], problem["request_id"]) == (status, REQUEST_ID)
        return problem

    def told(self, status: int, code: str) -> None:
        """Have the document say that the operation may be refused so."""
        document = documents()[self.operation.document]
        item = document["paths"][self.operation.path][self.operation.method.lower()]
        assert str(status) in item["responses"], f"{status} is not documented"
        content = resolved(document, item["responses"][str(status)])["content"][MEDIA_TYPE]
        assert code in content["examples"], f"{code} is not documented"


@pytest.fixture
def desk(key, estates):
    estate, others = estates
    callers = Callers(estate.tenant, others.tenant)
    operation = operations()[key]
    with transaction.atomic():
        if operation.document == "platform":
            estate = replace(estate, rows=estate.rows | {"job": platform_job()})
        of_platform = "acme_owner" if DECISIONS[key].is_own else "operator"
        caller = callers.get(of_platform if operation.document == "platform" else "acme_token")
        yield Desk(operation, estate, caller, callers.get("anonymous"))
        transaction.set_rollback(True)


def platform_job() -> Job:
    """Return a job of the platform, with input of its own: another verification may be asked for."""
    with public_schema():
        return start_job(actor=Actor.system("tests"), kind=VERIFICATION, given={"of": "conventions"})


def places(problem: dict[str, Any], kind: str) -> list[str]:
    return [fault[kind] for fault in problem["errors"] if kind in fault]


@where(lambda one: True)
def test_a_call_without_a_credential_is_refused_with_a_challenge(desk):
    response = desk.send(caller=desk.stranger)
    desk.refused(401, "not_authenticated", response)
    desk.told(401, "not_authenticated")
    assert response["WWW-Authenticate"].startswith("Bearer ")


@where(lambda one: True)
def test_an_unknown_parameter_is_named(desk):
    problem = desk.refused(400, "unknown_parameter", desk.send(query=(("nmae", "x"),)))
    desk.told(400, "unknown_parameter")
    assert places(problem, "parameter") == ["nmae"]


@where(lambda one: True)
def test_a_method_that_is_not_offered_is_refused_with_those_that_are(desk):
    item = documents()[desk.operation.document]["paths"][desk.operation.path]
    offered = {method.upper() for method in METHODS if method in item}
    missing = {"GET", "PUT", "POST", "DELETE", "PATCH", "QUERY"} - offered
    for method in missing:
        response = desk.send(method=method)
        desk.refused(405, "method_not_allowed", response)
        assert set(response["Allow"].split(", ")) - IMPLIED == offered


@where(lambda one: True)
def test_a_representation_that_is_not_there_is_refused(desk):
    desk.refused(406, "not_acceptable", desk.send(headers={"Accept": "application/pdf"}))
    desk.told(406, "not_acceptable")


@where(has_id)
@pytest.mark.parametrize("name", ["of nothing", "malformed"])
def test_an_id_of_nothing_is_not_found(desk, name):
    path = desk.call.path
    for row in desk.estate.rows.values():
        path = path.replace(row.pk.hex, "0a" * 16 if name == "of nothing" else "x")
    path = path.replace(f"/events/{desk.estate.event_id}", "/events/999999999")
    assert path != desk.call.path
    desk.refused(404, "not_found", desk.send(path=path))
    desk.told(404, "not_found")


@where(takes_body)
def test_an_unknown_key_is_pointed_at(desk):
    body = desk.call.body
    first = body[0] if isinstance(body, list) else None  # a row, or its bare id
    rows = [{**(first if isinstance(first, dict) else {"id": first}), "zz": 1}] if first else None
    wrong = rows or ({**body, "zz": 1} if isinstance(body, dict) else [{"zz": 1}])
    problem = desk.refused(400, "unknown_field", desk.send(body=wrong))
    desk.told(400, "unknown_field")
    assert any(pointer.endswith("/zz") for pointer in places(problem, "pointer"))


@where(takes_body)
@pytest.mark.parametrize("text", [b"{", b'{"a": 1, "a": 2}', b"NaN", b"\xff"])
def test_a_body_that_is_no_json_is_refused(desk, text):
    headers = {"Authorization": f"Bearer {desk.caller.token}"} if desk.caller.token else {}
    response = desk.caller.client.generic(
        desk.operation.method, desk.call.path, text, content_type="application/json",
        headers={"If-Match": "*", "X-Request-ID": REQUEST_ID, **headers},
    )  # fmt: skip
    desk.refused(400, "malformed_json", response)
    desk.told(400, "malformed_json")


@where(takes_body)
def test_a_body_of_another_media_type_is_refused(desk):
    headers = {"Authorization": f"Bearer {desk.caller.token}"} if desk.caller.token else {}
    response = desk.caller.client.generic(
        desk.operation.method, desk.call.path, b"a,b", content_type="text/plain",
        headers={"If-Match": "*", "X-Request-ID": REQUEST_ID, **headers},
    )  # fmt: skip
    desk.refused(415, "unsupported_media_type", response)
    desk.told(415, "unsupported_media_type")


@where(is_detail)
def test_a_detail_has_a_strong_tag_and_is_not_sent_twice(desk):
    response = desk.send()
    assert response.status_code == 200
    tag = response["ETag"]
    assert tag.startswith('"')
    again = desk.send(headers={"If-None-Match": f"W/{tag}"})
    assert (again.status_code, again.content) == (304, b"")
    assert (again["ETag"], again["Cache-Control"]) == (tag, response["Cache-Control"])


@where(lambda one: one.is_list)
def test_a_list_says_where_it_goes_on(desk):
    response = desk.send(query=(("limit", "1"),))
    assert response.status_code == 200
    body, links = response.json(), response["Link"]
    assert {"results", "next", "previous"} <= body.keys()
    assert {'rel="self"', 'rel="first"'} <= set(links.replace(",", ";").split("; "))
    assert (f'<{body["next"]}>; rel="next"' in links) == (body["next"] is not None)
    assert response["ETag"].startswith('"')
    again = desk.send(query=(("limit", "1"),), headers={"If-None-Match": response["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


@where(lambda one: one.is_list)
@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("limit", "0", "validation_failed"),
        ("limit", "201", "validation_failed"),
        ("cursor", "x", "invalid_cursor"),
        ("ordering", "zz", "validation_failed"),
        ("fields", "zz", "unknown_field"),
        ("omit", "zz", "unknown_field"),
        ("offset", "-1", "validation_failed"),
    ],
)
def test_what_is_wrong_with_a_page_is_named(desk, name, value, code):
    problem = desk.refused(400, code, desk.send(query=((name, value),)))
    desk.told(400, code)
    assert places(problem, "parameter") == [name]


@where(lambda one: one.is_list)
@pytest.mark.parametrize("media_type", ["text/csv", "application/x-ndjson"])
def test_a_list_is_had_as_a_file(desk, media_type):
    response = desk.send(headers={"Accept": media_type})
    assert (response.status_code, response["Content-Type"].split(";")[0]) == (200, media_type)
    assert response.streaming
    assert b"".join(response)


@where(lambda one: one.id.endswith("_create"))
def test_what_is_created_is_found_where_the_answer_says(desk):
    response = desk.send()
    assert response.status_code in (201, 202), response.content
    found = desk.send(method="GET", path=urlsplit(response["Location"]).path, body=None)
    assert found.status_code == 200
    if response.status_code == 201:
        assert found["ETag"] == response["ETag"]


@where(takes("If-Match"))
@pytest.mark.parametrize("tag", ['"of another state"', 'W/"weak"'])
def test_a_change_of_another_state_is_refused_with_the_present_tag(desk, tag):
    response = desk.send(headers={"If-Match": tag})
    desk.refused(412, "precondition_failed", response)
    desk.told(412, "precondition_failed")
    assert response["ETag"].startswith('"')


@where(takes("Idempotency-Key"))
def test_a_key_that_is_none_is_named(desk):
    problem = desk.refused(400, "validation_failed", desk.send(headers={"Idempotency-Key": '"'}))
    desk.told(400, "validation_failed")
    assert places(problem, "header") == ["Idempotency-Key"]


@where(takes("Idempotency-Key"))
def test_a_repeated_call_is_given_the_first_answer(desk):
    headers = {"Idempotency-Key": '"conventions"'}
    first, second = desk.send(headers=headers), desk.send(headers=headers)
    # What others use stays, and that is an answer as well.
    deletes = desk.operation.id.endswith("_bulk_delete")
    assert first.status_code < 300 or (deletes and first.status_code == 409), first.content
    if b'"token":' in first.content:  # a secret is shown once
        notice = second.json().get("notice")
        assert second.json() == first.json() | {"token": None, "notice": notice}
        assert second.status_code == first.status_code
    else:
        assert (second.status_code, second.content) == (first.status_code, first.content)
    assert second["Idempotency-Replayed"] == "true"
