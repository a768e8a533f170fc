"""Jobs over HTTP."""

import json

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.requests.models import Job
from audit.requests.operations import jobs, perform_job, start_job
from audit.requests.rest.resources import Jobs
from config.foundation.actor import Actor
from config.foundation.display_ids import parse_display_id
from config.foundation.rest.idempotency import REPLAYED
from config.foundation.rows import public_schema
from customers.identity.models import ApiToken, Privilege
from tests import cast
from tests.directory.rest.calling import Api, places, problem_of
from tests.sealing import seal

VERIFICATIONS = "audit/verifications"
pytestmark = pytest.mark.usefixtures("db")


def token(slug, *privileges, may_write=True):
    return Api(slug, cast.make_token(slug, *privileges, may_write=may_write))


@pytest.fixture
def auditor():
    return token("acme", "view_audit")


def asked(caller, **headers):
    response = caller.send("POST", VERIFICATIONS, {}, if_match="", **headers)
    assert response.status_code == 202, response.content
    return response


def key_of(body):
    return parse_display_id("job", body["id"])


def end(caller, job):
    assert caller.send("POST", f"jobs/{job['id']}/cancel").status_code == 200


def jobs_of(caller, query=None):
    response = caller.get("jobs", query)
    assert response.status_code == 200, response.content
    return response.json()["results"]


def test_long_work_is_answered_with_where_its_job_is(auditor, acme):
    response = asked(auditor, x_request_id="8e03978e-40d5-43e8-bc93-6894a57f9324")
    body = response.json()
    assert response["Location"] == body["url"] == f"http://testserver/t/acme/api/v1/jobs/{body['id']}"
    assert (response["Retry-After"], body["state"], body["kind"]) == ("1", "queued", "audit_verification")
    assert body["request_id"] == "8e03978e-40d5-43e8-bc93-6894a57f9324"
    waiting = auditor.get(f"jobs/{body['id']}")
    assert (waiting.json(), waiting["ETag"], waiting["Retry-After"]) == (body, response["ETag"], "1")
    seal()
    with acme:
        perform_job(key_of(body))
    done = auditor.get(f"jobs/{body['id']}", If_None_Match=response["ETag"])
    assert (done.status_code, done.json()["state"], done.has_header("Retry-After")) == (
        200,
        "succeeded",
        False,
    )
    assert done.json()["result"]["is_valid"] is True
    assert done.json()["errors"] == []
    assert auditor.get(f"jobs/{body['id']}", If_None_Match=done["ETag"]).status_code == 304


def test_the_same_call_with_its_key_makes_one_job(auditor, acme):
    first, again = asked(auditor, idempotency_key='"one"'), asked(auditor, idempotency_key='"one"')
    assert (first.content, again[REPLAYED], again["Location"]) == (again.content, "true", first["Location"])
    assert (first["Retry-After"], again["Retry-After"]) == ("1", "1")
    with acme:
        assert Job.objects.count() == 1


@pytest.mark.parametrize(
    ("caller", "expected"),
    [
        (("acme", "directory.read"), (403, "permission_denied")),
        (("acme", "view_audit", False), (403, "write_not_allowed")),
        (("globex", "view_audit"), (403, "tenant_mismatch")),
    ],
)
def test_who_may_not_starts_nothing(acme, caller, expected):
    slug, privilege, *may_write = caller
    other = token(slug, privilege, may_write=all(may_write))
    refused = Api("acme", other.token).send("POST", VERIFICATIONS, {})
    assert (refused.status_code, problem_of(refused)["code"]) == expected
    with acme:
        assert not Job.objects.exists()


def test_a_verification_takes_no_words(auditor):
    refused = auditor.send("POST", VERIFICATIONS, {"tenant": "globex"})
    assert places(refused) == [("#/tenant", "unknown_field")]


def test_what_is_asked_for_again_while_it_waits_or_runs_is_refused_in_each_tenant_for_itself(auditor, acme):
    first = asked(auditor).json()
    again = auditor.send("POST", VERIFICATIONS, {}, if_match="")
    assert (again.status_code, problem_of(again)["code"]) == (409, "job_under_way")
    assert again.json()["detail"] == (
        f"“Verify the audit chain” was asked for already, and is queued: wait for {first['id']}, or cancel it first."
    )
    asked(token("globex", "view_audit"))
    with acme:
        perform_job(key_of(first))
    end(auditor, asked(auditor).json())
    asked(auditor)


def test_a_tenant_whose_jobs_wait_in_great_number_is_told_when_to_ask_again(
    auditor, acme, make_kind, monkeypatch
):
    monkeypatch.setattr(jobs, "OPEN_JOBS_MAX", 2)
    kind = make_kind(lambda running: {})
    with acme:
        for number in range(2):
            start_job(actor=Actor.system("tests"), kind=kind, given={"number": number})
    refused = auditor.send("POST", VERIFICATIONS, {}, if_match="")
    assert (refused.status_code, problem_of(refused)["code"]) == (429, "too_many_jobs")
    assert (refused["Retry-After"], len(jobs_of(auditor))) == ("60", 2)
    asked(token("globex", "view_audit"))


@pytest.mark.parametrize("body", [[], [{"now": True}], [[1]], 5, "now", None])
def test_what_takes_no_words_takes_no_other_json_either(auditor, body):
    job = asked(auditor).json()
    for path in (VERIFICATIONS, f"jobs/{job['id']}/cancel"):
        refused = auditor.client.generic(
            "POST",
            auditor.address(path),
            json.dumps(body),
            content_type="application/json",
            headers=auditor._headers({}),
        )
        assert refused.status_code == 400
        assert places(refused) == [("#", "invalid_type")]
    assert [one["state"] for one in jobs_of(auditor)] == ["queued"]


def test_long_work_is_not_rehearsed(auditor, acme):
    job = asked(auditor).json()
    for path in (VERIFICATIONS, f"jobs/{job['id']}/cancel"):
        for value in ("true", "false", "perhaps"):
            refused = auditor.send("POST", f"{path}?dry_run={value}", if_match="")
            assert refused.status_code == 400
            assert places(refused) == [("dry_run", "unknown_parameter")]
    assert [one["state"] for one in jobs_of(auditor)] == ["queued"]


def test_a_cancellation_is_told_again_only_to_who_still_sees_the_job(acme, acme_member, make_kind):
    kind = make_kind(lambda running: {})  # needs directory.manage
    with acme:
        foreign = start_job(actor=Actor.user(acme_member.pk), kind=kind)
    address, caller = f"jobs/{foreign.display_id}/cancel", token("acme", "view_audit", "directory.manage")
    first = caller.send("POST", address, idempotency_key="once")
    again = caller.send("POST", address, idempotency_key="once")
    assert (again.status_code, again.content, again[REPLAYED]) == (200, first.content, "true")
    ApiToken.objects.get(key_id=caller.token[4:16]).privileges.remove(
        Privilege.objects.get(code="view_audit")
    )
    unseen = caller.send("POST", address, idempotency_key="once")
    assert (unseen.status_code, problem_of(unseen)["code"]) == (404, "not_found")


def test_one_sees_ones_own_jobs_and_who_sees_the_chain_sees_all(auditor, acme, acme_member, make_kind):
    own = asked(auditor).json()
    plain = token("acme", "directory.read")  # of the same person
    assert [job["id"] for job in jobs_of(plain)] == [own["id"]]
    with acme:
        foreign = start_job(actor=Actor.user(acme_member.pk), kind=make_kind(lambda running: {}))
    assert {job["id"] for job in jobs_of(auditor)} == {own["id"], foreign.display_id}
    assert [job["id"] for job in jobs_of(plain)] == [own["id"]]
    for method, path in (
        ("GET", f"jobs/{foreign.display_id}"),
        ("POST", f"jobs/{foreign.display_id}/cancel"),
    ):
        hidden = plain.send(method, path)
        unknown = plain.send(method, path.replace(foreign.id.hex, "0" * 32))
        assert (hidden.status_code, problem_of(hidden)["code"]) == (404, "not_found")
        assert hidden.json()["detail"] == unknown.json()["detail"]
    assert plain.get("jobs")["ETag"] != auditor.get("jobs")["ETag"]


def test_another_tenant_and_the_platform_see_nothing_of_it(auditor):
    body = asked(auditor).json()
    other = token("globex", "view_audit")
    assert jobs_of(other) == []
    assert other.get(f"jobs/{body['id']}").status_code == 404
    assert other.send("POST", f"jobs/{body['id']}/cancel").status_code == 404
    operator = Client()
    operator.force_login(cast.user("operator"))
    assert operator.get(f"/api/v1/jobs/{body['id']}").status_code == 404


def test_cancelling_needs_what_starting_needs_or_that_it_is_ones_own(acme, acme_member, make_kind):
    kind = make_kind(lambda running: {})  # needs directory.manage
    with acme:
        foreign = start_job(actor=Actor.user(acme_member.pk), kind=kind)
    address = f"jobs/{foreign.display_id}/cancel"
    refused = token("acme", "view_audit").send("POST", address)
    assert problem_of(refused)["code"] == "permission_denied"
    done = token("acme", "view_audit", "directory.manage").send("POST", address)
    assert (done.status_code, done.json()["state"]) == (200, "cancelled")


def test_a_job_is_cancelled_once_and_not_after_its_end(auditor, acme):
    response = asked(auditor)
    address = f"jobs/{response.json()['id']}/cancel"
    assert problem_of(auditor.send("POST", address, {"now": True}))["code"] == "unknown_field"
    stale = auditor.send("POST", address, if_match='"stale"')
    assert (stale.status_code, problem_of(stale)["code"]) == (412, "precondition_failed")
    cancelled = auditor.send("POST", address, if_match=response["ETag"])
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    assert auditor.send("POST", address).json() == cancelled.json()
    other = asked(auditor).json()
    with acme:
        perform_job(key_of(other))
    ended = auditor.send("POST", f"jobs/{other['id']}/cancel")
    assert (ended.status_code, problem_of(ended)["code"]) == (409, "job_ended")


def test_jobs_are_filtered_ordered_chosen_and_sent_as_files(auditor, acme):
    done = asked(auditor).json()
    with acme:
        perform_job(key_of(done))
    waiting = asked(auditor).json()
    assert [job["id"] for job in jobs_of(auditor)] == [waiting["id"], done["id"]]
    assert [job["id"] for job in jobs_of(auditor, {"ordering": "created_at"})] == [done["id"], waiting["id"]]
    assert [job["id"] for job in jobs_of(auditor, {"state": "succeeded"})] == [done["id"]]
    assert jobs_of(auditor, {"kind__n": "audit_verification"}) == []
    assert [job["id"] for job in jobs_of(auditor, {"finished_at__empty": "true"})] == [waiting["id"]]
    assert jobs_of(auditor, {"created_at__gt": "2100-01-01T00:00:00Z"}) == []
    assert jobs_of(auditor, {"fields": "state", "state": "queued"}) == [{"state": "queued"}]
    assert places(auditor.get("jobs", {"directory": "global"})) == [("directory", "unknown_parameter")]
    lines = auditor.get("jobs", accept="application/x-ndjson").getvalue().decode().splitlines()
    assert [json.loads(line)["id"] for line in lines] == [waiting["id"], done["id"]]
    tag = auditor.get("jobs")["ETag"]
    assert auditor.get("jobs", If_None_Match=tag).status_code == 304
    end(auditor, waiting)
    assert auditor.get("jobs", If_None_Match=tag).status_code == 200


def test_a_list_costs_the_same_statements_however_long(auditor):
    def cost():
        with CaptureQueriesContext(connection) as caught:
            jobs_of(auditor)
        return len(caught)

    end(auditor, asked(auditor).json())
    cost()
    before = cost()
    for _ in range(5):
        end(auditor, asked(auditor).json())
    assert cost() == before


def test_operators_have_the_platforms_chain_verified(operator, clerk):
    client = Client()
    client.force_login(clerk)
    for method, path in (("get", "jobs"), ("post", VERIFICATIONS)):
        assert getattr(client, method)(f"/api/v1/{path}", content_type="application/json").status_code == 403
    client.force_login(operator)
    response = client.post(f"/api/v1/{VERIFICATIONS}", {}, content_type="application/json")
    assert response.status_code == 202
    assert response["Location"] == f"http://testserver/api/v1/jobs/{response.json()['id']}"
    with public_schema():
        perform_job(key_of(response.json()))
    assert client.get(response["Location"]).json()["state"] == "succeeded"
    assert len(client.get("/api/v1/jobs").json()["results"]) == 1


def test_every_field_of_a_list_is_shown_of_a_detail_as_well():
    assert set(Jobs.available_fields("list")) < set(Jobs.available_fields("retrieve"))
