"""Requests of the API are counted against quotas: of whom, at which cost, and what the answers say of it."""

import json
from io import StringIO

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from audit.requests.models import RateBucket
from audit.requests.operations.buckets import LEASE
from config.foundation.limits import process_leases
from config.foundation.rest.idempotency import REPLAYED
from config.foundation.rest.limits import MOST_ACCEPTED_OF_PERSON, AcceptedCredentials, Meter
from config.foundation.rows import public_schema
from config.foundation.watch import own_connection
from config.settings.base import rate_limit
from customers.identity.models import ApiToken
from directory.models import Participant
from tests import cast
from tests.directory.rest.calling import Api, places, problem_of
from tests.sealing import seal
from tests.structured_fields import read_list

READ = ("directory.read", "directory.resolve")
WRITE = ("directory.read", "directory.manage")
PARTICIPANTS = "/t/acme/api/v1/directory/participants"
MISS = {"identifiers": [{"type": "bic", "value": "NOBKDEFF"}]}
BAD = "Bearer sbt_aaaaaaaaaaaa.0000000000000000000000000000000000000000000000"


@pytest.fixture
def api(acme, make_api, limit):
    return make_api("acme", *READ)


@pytest.fixture
def globex_api(globex, make_api, limit):
    return make_api("globex", *READ)


@pytest.fixture
def writer(acme, limit):
    return Api("acme", cast.make_token("acme", *WRITE, may_write=True))


def get(path="/t/acme/api/v1/limits", credential="", address="192.0.2.1", **headers):
    given = headers | ({"Authorization": credential} if credential else {})
    return Client(raise_request_exception=False).get(path, headers=given, REMOTE_ADDR=address)


def state(response):
    """Return what is left of each policy, having checked that the header is a structured field."""
    found = read_list(response["RateLimit"])
    assert all(one.keys() == {"r", "t"} and one["r"] >= 0 and one["t"] >= 1 for one in found.values())
    return {name: one["r"] for name, one in found.items()}


def refused_by(response):
    """Return the policy that refuses, having checked the refusal."""
    problem = problem_of(response)
    assert (response.status_code, problem["code"]) == (429, "throttled")
    assert response["Retry-After"] == str(problem["retry_after"])
    assert 1 <= problem["retry_after"] <= 60
    policy = problem["policy"]
    assert f"policy {policy}" in problem["detail"]
    assert read_list(response["RateLimit"])[policy] == {"r": 0, "t": problem["retry_after"]}
    return policy


# -- what every answer says ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("limits", {}, 200),
        ("directory/participants", {"Accept": "text/csv"}, 200),
        ("directory/participants?nmae=x", {}, 400),
        ("directory/participants/par_00000000000000000000000000000000", {}, 404),
        ("audit/events", {}, 403),
    ],
)
def test_an_answer_to_who_was_let_in_tells_of_token_and_tenant(api, path, headers, status):
    response = api.get(path, **headers)
    assert response.status_code == status
    assert read_list(response["RateLimit-Policy"]) == {
        "token": {"q": 1000, "w": 60},
        "tenant": {"q": 1000, "w": 60},
    }
    assert state(response) == {"token": 999, "tenant": 999}


def test_what_the_caller_holds_what_is_kept_and_what_is_too_much_tell_as_well(api, writer):
    tag = api.get("directory/participants")["ETag"]
    held = api.get("directory/participants", if_none_match=tag)
    assert (held.status_code, state(held)) == (304, {"token": 998, "tenant": 998})
    answers = [api.post("resolve", json.dumps(MISS)) for _ in range(2)]
    assert [state(one)["token"] for one in answers] == [997, 996]
    wrong = api.request("DELETE", "resolve")
    assert (wrong.status_code, state(wrong)["token"]) == (405, 995)
    large = writer.send("POST", "directory/participants", {"name": "x" * 3_000_000})
    assert (large.status_code, state(large)["token"]) == (413, 999)


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/t/acme/api/v1/limits", {}, 401),
        ("/t/acme/api/v1/limits", {"Authorization": BAD}, 401),
        ("/t/acme/api/v1/nothing", {}, 404),
        ("/api/v1/nothing", {}, 404),
        (PARTICIPANTS, {"Accept": "image/png"}, 406),
        ("/api/v1/limits", {"Host": "no.example"}, 421),
    ],
)
def test_an_answer_to_nobody_who_is_known_tells_of_the_address(db, limit, path, headers, status):
    response = get(path, **headers)
    assert response.status_code == status
    assert read_list(response["RateLimit-Policy"]) == {"address": {"q": 1000, "w": 60}}
    assert state(response) == {"address": 999}


def test_a_fault_of_ours_tells_as_well(api, monkeypatch):
    monkeypatch.setattr("directory.rest.resolve.resolve_many", None)
    response = api.post("resolve", json.dumps(MISS))
    assert (response.status_code, state(response)) == (500, {"token": 999, "tenant": 999})


@pytest.mark.parametrize(
    "path",
    [
        "/healthz",
        "/readyz",
        "/api/schema/",
        "/t/acme/api/schema/",
        "/api/docs/",
        "/api/redoc/",
        "/problems",
        "/admin/login/",
    ],
)
def test_documents_pages_and_health_are_not_limited(limit, path):
    limit(address=1)
    for _ in range(2):
        response = get(path)
        assert response.status_code == 200
        assert "RateLimit" not in response
        assert "RateLimit-Policy" not in response


@pytest.mark.parametrize("text", ["token;r=1", '"a";r=1 "b";r=2', '"a";r=x', '"a";r=1,', ""])
def test_the_reader_of_these_tests_refuses_what_is_no_list(text):
    with pytest.raises(ValueError, match="no such list"):
        read_list(text)


# -- who is refused -----------------------------------------------------------------------------------------------


def test_a_token_that_has_used_its_quota_up_waits_for_the_next_window(api, table, limit):
    limit(token=3)
    assert [api.get("limits").status_code for _ in range(3)] == [200, 200, 200]
    assert refused_by(api.get("limits")) == "token"
    table.end_windows()
    assert state(api.get("limits"))["token"] == 2


def test_another_token_of_the_same_tenant_is_not_touched(api, make_api, limit):
    limit(token=2)
    for _ in range(3):
        last = api.get("limits")
    assert refused_by(last) == "token"
    assert state(make_api("acme", *READ).get("limits")) == {"token": 1, "tenant": 997}


def test_a_tenant_that_has_used_its_quota_up_takes_nothing_from_another(api, globex_api, make_api, limit):
    limit(tenant=3)
    assert [api.get("limits").status_code for _ in range(3)] == [200, 200, 200]
    assert refused_by(api.get("limits")) == "tenant"
    assert refused_by(make_api("acme", *READ).get("limits")) == "tenant"
    assert state(globex_api.get("limits")) == {"token": 999, "tenant": 2}


def test_who_is_not_let_into_a_tenant_burns_and_learns_nothing_of_its_quota(api, globex_api, outsider, table):
    for _ in range(3):
        foreign = globex_api.get(PARTICIPANTS)
        assert problem_of(foreign)["code"] == "tenant_mismatch"
    client = Client()
    client.force_login(outsider)
    stranger = client.get(PARTICIPANTS)
    assert stranger.status_code == 404
    assert state(foreign) == {"token": 997}
    assert state(stranger) == {"user": 999}
    assert table.used("tenant") == {}
    assert state(api.get("limits"))["tenant"] == 999


def test_a_person_at_a_browser_has_a_quota_of_their_own_in_all_tenants_and_sessions(acme, acme_admin, limit):
    limit(user=3)
    for remaining in (2, 1, 0):
        client = Client()
        client.force_login(acme_admin)
        assert state(client.get("/t/acme/api/v1/limits"))["user"] == remaining
    assert refused_by(client.get("/t/acme/api/v1/limits")) == "user"


def test_a_policy_that_is_off_limits_nobody(api, settings):
    settings.RATE_LIMITS = {"tenant": (5, 60)}
    response = api.get("limits")
    assert response["RateLimit-Policy"] == '"tenant";q=5;w=60'
    assert [one["policy"] for one in response.json()["limits"]] == ["tenant"]
    settings.RATE_LIMITS = {}
    response = api.get("limits")
    assert (response.status_code, response.json()) == (200, {"limits": []})
    assert "RateLimit" not in response


# -- nobody who is known ------------------------------------------------------------------------------------------


def test_guessing_is_refused_before_the_credential_is_looked_at(api, limit):
    limit(address=3)
    assert [get(credential=BAD).status_code for _ in range(3)] == [401, 401, 401]
    with CaptureQueriesContext(connection) as queries:
        assert refused_by(get(credential=BAD)) == "address"
        assert refused_by(get(credential=f"Bearer {api.token}")) == "address"
    assert not queries.captured_queries
    assert get(credential=f"Bearer {api.token}", address="192.0.2.2").status_code == 200


def test_a_credential_that_was_accepted_lately_is_not_refused_for_its_neighbours(api, limit):
    limit(address=2)
    good = f"Bearer {api.token}"
    assert get(credential=good).status_code == 200
    while get(credential=BAD).status_code == 401:
        pass
    response = get(credential=good)
    assert (response.status_code, state(response)) == (200, {"token": 998, "tenant": 998})
    almost = good[:-1] + ("0" if good[-1] != "0" else "1")
    assert refused_by(get(credential=almost)) == "address"


def test_one_person_pushes_nobody_elses_credential_out_of_what_was_accepted(
    api, globex_api, limit, monkeypatch
):
    few = AcceptedCredentials(most=MOST_ACCEPTED_OF_PERSON + 8)
    monkeypatch.setitem(Meter.__init__.__kwdefaults__, "accepted", few)
    good, other = (f"Bearer {one.token}" for one in (api, globex_api))
    theirs = "/t/globex/api/v1/limits"
    assert [get(credential=good).status_code, get(theirs, other).status_code] == [200, 200]
    for count in range(1, MOST_ACCEPTED_OF_PERSON + 20):  # one token, written in many ways
        assert get(theirs, f"Bearer{' ' * count}{globex_api.token}").status_code == 200
    limit(address=1)
    process_leases.forget()
    while get(credential=BAD).status_code == 401:
        pass
    assert get(credential=good).status_code == 200
    assert refused_by(get(theirs, f"Bearer  {globex_api.token}")) == "address"  # their own made room


def test_who_is_authenticated_costs_the_address_nothing(acme, make_api, limit):
    limit(address=2)
    for _ in range(4):
        assert get(credential=f"Bearer {make_api('acme', *READ).token}").status_code == 200
    assert state(get()) == {"address": 1}


def test_a_credential_that_is_accepted_no_more_is_a_guess_again(api, limit):
    limit(address=2)
    good = f"Bearer {api.token}"
    assert get(credential=good).status_code == 200
    ApiToken.objects.update(is_enabled=False)
    assert [state(get(credential=good))["address"] for _ in range(2)] == [1, 0]
    assert refused_by(get(credential=good)) == "address"


def test_who_is_known_and_asks_for_what_there_is_not_is_counted_and_refused_with_their_address(api, limit):
    limit(address=2)
    good = f"Bearer {api.token}"
    assert get(credential=good).status_code == 200
    for status, remaining in ((404, 1), (404, 0)):
        response = get("/t/acme/api/v1/nothing", credential=good)
        assert (response.status_code, state(response)) == (status, {"address": remaining})
    assert refused_by(get("/t/acme/api/v1/nothing", credential=good)) == "address"
    assert get(credential=good).status_code == 200


def test_of_ipv6_a_network_counts_as_one_address(db, limit):
    limit(address=1)
    assert get(address="2001:db8:0:1::1").status_code == 401
    assert refused_by(get(address="2001:db8:0:1:ffff::2")) == "address"
    assert get(address="2001:db8:0:2::1").status_code == 401
    assert get(address="::ffff:192.0.2.9").status_code == 401
    assert refused_by(get(address="192.0.2.9")) == "address"


def test_behind_a_trusted_proxy_the_client_counts_and_nobody_else_can_pretend_to_be_another(
    db, limit, settings
):
    limit(address=1)
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    through = {"address": "10.0.0.1", "X-Forwarded-For": "198.51.100.1"}
    assert get(**through).status_code == 401
    assert refused_by(get(**through)) == "address"
    assert get(**through | {"X-Forwarded-For": "198.51.100.2"}).status_code == 401
    assert get(**{"address": "203.0.113.1", "X-Forwarded-For": "198.51.100.3"}).status_code == 401
    assert refused_by(get(**{"address": "203.0.113.1", "X-Forwarded-For": "198.51.100.4"})) == "address"


# -- what a request costs -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "cost"), [(1, 1), (10, 1), (11, 2), (25, 3)])
def test_a_bulk_resolution_costs_one_for_each_ten_requests(api, count, cost):
    response = api.post("bulk-resolve", json.dumps({"requests": [MISS] * count}))
    assert response.status_code == 200
    assert state(response) == {"token": 1000 - cost, "tenant": 1000 - cost}


def test_a_bulk_resolution_that_the_quota_does_not_last_for_is_refused_before_it_is_done(api, limit):
    limit(tenant=3)
    with CaptureQueriesContext(connection) as queries:
        response = api.post("bulk-resolve", json.dumps({"requests": [MISS] * 31}))
    problem = problem_of(response)
    assert (problem["code"], problem["policy"]) == ("throttled", "tenant")
    assert not [one for one in queries if "directory_version" in one["sql"]]
    assert api.post("resolve", json.dumps(MISS)).status_code == 200


@pytest.mark.parametrize(("count", "cost"), [(1, 1), (10, 1), (31, 4)])
def test_a_write_of_many_costs_one_for_each_ten_items_but_not_again_for_its_key(
    acme, table, limit, count, cost
):
    writer = Api("acme", cast.make_token("acme", *WRITE, may_write=True))
    bodies, path = [{"name": f"Bank {number}"} for number in range(count)], "directory/participants"
    left = 1000
    for suffix, status, price in (("", 201, cost), ("", 201, 1), ("?dry_run=true", 201, cost)):
        response = writer.send("POST", f"{path}{suffix}", bodies, idempotency_key="once")
        left -= price
        assert response.status_code == status
        assert state(response) == {"token": left, "tenant": left}
    ids = [one["id"] for one in writer.send("POST", path, bodies, idempotency_key="once").json()]
    left -= 1
    for method, address, items in (
        ("PATCH", path, [{"id": one, "country": "SE"} for one in ids]),
        ("POST", f"{path}/bulk-delete", ids),
    ):
        response = writer.send(method, address, items)
        left -= cost
        assert state(response) == {"token": left, "tenant": left}


def test_a_write_of_many_that_the_quota_does_not_last_for_is_refused_before_it_is_done(acme, limit):
    limit(tenant=3)
    writer = Api("acme", cast.make_token("acme", *WRITE, may_write=True))
    bodies = [{"name": f"Bank {number}"} for number in range(31)]
    refused = writer.send("POST", "directory/participants", bodies, idempotency_key="once")
    assert (problem_of(refused)["code"], problem_of(refused)["policy"]) == ("throttled", "tenant")
    limit()
    done = writer.send("POST", "directory/participants", bodies, idempotency_key="once")
    assert (done.status_code, len(done.json())) == (201, 31)


def test_within_a_lease_a_resolution_takes_not_one_statement_more(api, table, settings):
    def resolve():
        with CaptureQueriesContext(connection) as queries:
            assert api.post("resolve", json.dumps(MISS)).status_code == 200
        return [one["sql"] for one in queries]

    limits, settings.RATE_LIMITS = settings.RATE_LIMITS, {}
    resolve()
    unlimited = resolve()
    settings.RATE_LIMITS = limits
    assert len(resolve()) == len(unlimited)
    leased = table.rows()
    assert {policy for policy, _subject in leased} == {"token", "tenant"}
    for _ in range(10):
        assert len(resolve()) == len(unlimited)
    assert table.rows() == leased


# -- writes -------------------------------------------------------------------------------------------------------


def test_a_repeated_write_is_counted_anew_and_says_how_its_caller_stands_now(writer):
    key = {"idempotency_key": '"k-1"'}
    first = writer.send("POST", "directory/participants", {"name": "Bank US"}, **key)
    again = writer.send("POST", "directory/participants", {"name": "Bank US"}, **key)
    assert (first.status_code, again.status_code, again[REPLAYED]) == (201, 201, "true")
    assert (state(first)["token"], state(again)["token"]) == (999, 998)


def test_a_write_that_was_refused_for_the_quota_is_done_when_it_is_repeated_with_its_key(
    acme, writer, table, limit
):
    limit(token=1)
    assert writer.get("limits").status_code == 200
    call = ("POST", "directory/participants", {"name": "Bank US"})
    assert refused_by(writer.send(*call, idempotency_key='"k-1"')) == "token"
    with acme:
        assert not Participant.objects.exists()
    table.end_windows()
    done = writer.send(*call, idempotency_key='"k-1"')
    assert (done.status_code, REPLAYED in done) == (201, False)


def test_a_write_that_is_refused_for_the_quota_leaves_no_event(acme, writer, limit):
    limit(token=1, tenant=1)
    writer.get("limits")
    assert refused_by(writer.send("POST", "directory/participants", {"name": "Bank US"})) == "token"
    limit(token=5, tenant=1)
    assert refused_by(writer.send("POST", "directory/participants", {"name": "Bank US"})) == "tenant"
    for schema in (acme, public_schema()):
        with schema:
            seal()
            assert not AuditEvent.objects.filter(action="refused").exists()


# -- GET /limits --------------------------------------------------------------------------------------------------


def test_the_limits_are_listed_as_the_headers_tell_them(api):
    response = api.get("limits")
    policies, states = read_list(response["RateLimit-Policy"]), read_list(response["RateLimit"])
    listed = {one.pop("policy"): one for one in response.json()["limits"]}
    assert all(one.pop("meaning").endswith(".") for one in listed.values())
    assert listed == {
        name: {
            "quota": policies[name]["q"],
            "window_s": policies[name]["w"],
            "remaining": states[name]["r"],
            "resets_in_s": states[name]["t"],
        }
        for name in ("token", "tenant")
    }


def test_the_platform_lists_them_to_whoever_is_known_without_a_tenant(outsider, api):
    client = Client()
    client.force_login(outsider)
    response = client.get("/api/v1/limits")
    assert [one["policy"] for one in response.json()["limits"]] == ["user"]
    elsewhere = api.get("/api/v1/limits")
    assert [one["policy"] for one in elsewhere.json()["limits"]] == ["token"]


def test_the_limits_are_refused_to_who_is_not_known_and_take_no_parameter(api):
    assert problem_of(get())["code"] == "not_authenticated"
    assert places(api.get("limits", {"policy": "token"})) == [("policy", "unknown_parameter")]


# -- the buckets --------------------------------------------------------------------------------------------------


def test_a_lease_that_is_not_to_be_had_lets_everybody_pass_and_says_nothing_of_what_is_left(api, caplog):

    with own_connection("tests") as client:
        client.execute("ALTER TABLE public.rate_bucket RENAME TO rate_bucket_gone")
        try:
            response = api.get("limits")
        finally:
            client.execute("ALTER TABLE public.rate_bucket_gone RENAME TO rate_bucket")
    assert response.status_code == 200
    assert response["RateLimit-Policy"] == '"token";q=1000;w=60, "tenant";q=1000;w=60'
    assert "RateLimit" not in response
    assert [one["remaining"] for one in response.json()["limits"]] == [None, None]
    assert "nobody is limited until the rate buckets answer again" in caplog.text


def test_the_applications_own_rights_are_enough_for_a_lease(table):
    with connection.cursor() as cursor:
        cursor.execute(f"PREPARE lease AS {LEASE}")
        for left in (95, 90):
            cursor.execute("EXECUTE lease('token', 'token:abcdefghijkl', 100, 60, 5, 1)")
            assert cursor.fetchone()[:2] == (5, left)
        cursor.execute("DEALLOCATE lease")


def test_the_application_may_not_delete_buckets_and_the_owner_deletes_those_whose_window_has_ended(
    api, table
):
    api.get("limits")
    with public_schema():
        with pytest.raises(DatabaseError), transaction.atomic():
            RateBucket.objects.all().delete()
        assert RateBucket.objects.live().count() == 3


def test_ended_buckets_are_pruned_and_others_stay(committed, settings):
    settings.RATE_LIMITS = {"token": (10, 60), "tenant": (10, 60)}
    process_leases.forget()
    api = Api("acme", cast.make_token("acme", *READ))
    api.get("limits")
    with public_schema():
        RateBucket.objects.filter(policy="token").update(ends_at="2026-01-01T00:00:00Z")
    out = StringIO()
    call_command("prune_requests", dry_run=True, stdout=out)
    assert "0 answers older than 24 hours and 1 rate bucket would be deleted" in out.getvalue()
    call_command("prune_requests", stdout=out)
    assert "0 answers older than 24 hours and 1 rate bucket deleted" in out.getvalue()
    with public_schema():
        assert [one.policy for one in RateBucket.objects.order_by("pk")] == ["tenant"]


# -- settings and pages -------------------------------------------------------------------------------------------


def test_a_policy_is_set_by_the_environment(monkeypatch):
    name = "SWITCHBOARD_RATE_LIMIT_TOKEN"
    assert rate_limit("token", "60000/60") == {"token": (60000, 60)}
    monkeypatch.setenv(name, "10/1")
    assert rate_limit("token", "60000/60") == {"token": (10, 1)}
    monkeypatch.setenv(name, "off")
    assert rate_limit("token", "60000/60") == {}
    for text in ("0/60", "10", "10/0", "many", "10/60s", "-1/60"):
        monkeypatch.setenv(name, text)
        with pytest.raises(ImproperlyConfigured, match=f"{name} is written 600/60"):
            rate_limit("token", "60000/60")


def test_an_operator_sees_who_is_near_a_limit_and_others_do_not(operator, clerk, limit, table):
    limit(address=10)
    with public_schema():
        for policy, subject, used, ends in (
            ("address", "192.0.2.1", 10, "2126"),
            ("address", "192.0.2.2", 8, "2126"),
            ("token", "token:abcdefghijkl", 1, "2126"),
            ("address", "192.0.2.4", 10, "2026"),
        ):
            moment = {"starts_at": "2026-01-01T00:00:00Z", "ends_at": f"{ends}-01-01T00:00:00Z"}
            RateBucket.objects.create(
                policy=policy, subject=subject, quota=10, used=used, granted=1, **moment
            )
    url = "/admin/requests/ratebucket/"
    client = Client()
    client.force_login(operator)
    assert [one.subject for one in _listed(client, url)] == ["192.0.2.1", "192.0.2.2", "token:abcdefghijkl"]
    assert [one.subject for one in _listed(client, f"{url}?limit=near")] == ["192.0.2.1", "192.0.2.2"]
    assert [one.subject for one in _listed(client, f"{url}?limit=used_up")] == ["192.0.2.1"]
    assert [one.subject for one in _listed(client, f"{url}?policy=token")] == ["token:abcdefghijkl"]
    assert [one.subject for one in _listed(client, f"{url}?q=192.0.2.2")] == ["192.0.2.2"]
    assert client.get(f"{url}{_listed(client, url)[0].pk}/change/").status_code == 200
    client.force_login(clerk)
    assert client.get(url).status_code == 403


def _listed(client, url):
    response = client.get(url)
    assert response.status_code == 200
    return list(response.context["cl"].result_list)
