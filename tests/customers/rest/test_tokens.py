"""A person's own tokens, and a tenant's, over HTTP."""

import json
import logging
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client

from audit.models import AuditEvent
from config.foundation.actor import Actor
from config.foundation.display_ids import display_id
from config.foundation.rows import public_schema
from customers.identity.models import ApiToken, ApiTokenTally
from customers.identity.operations import create_token, token_uses
from customers.identity.tokens import find_token
from tests.customers.pages import events_of
from tests.directory.rest.calling import Api, places, problem_of
from tests.roles import as_owner
from tests.sealing import seal

MINE = "/api/v1/me/tokens"
NOW = datetime.now(UTC)
LATER = (NOW + timedelta(days=30)).isoformat()
BODY = {"name": "import", "privileges": ["directory.read"], "expires_at": LATER}


class Person(Api):
    """Somebody signed in to the platform."""

    def __init__(self, user):
        super().__init__("", client=Client(HTTP_HOST="localhost", raise_request_exception=False))
        self.client.force_login(user)


def token_for(user, tenant=None, *, privileges=("directory.read",), days=30, **columns):
    return create_token(
        actor=Actor.system("tests"),
        user=user,
        tenant=tenant,
        name=columns.pop("name", "made"),
        privileges=list(privileges),
        expires_at=NOW + timedelta(days=days),
        **columns,
    )


def row_of(text):
    return ApiToken.objects.get(key_id=text[4:16])


@pytest.fixture
def me(acme_admin):
    return Person(acme_admin)


@pytest.fixture
def mine(me):
    response = me.send("POST", MINE, BODY)
    assert response.status_code == 201, response.content
    return response.json()


def rotate(api, token, body=None, **headers):
    return api.send("POST", f"{MINE}/{token['id']}/rotate", body or {}, **headers)


def test_nothing_of_a_token_is_rehearsed(me, mine, acme, acme_admin):
    bound = me.send("POST", MINE, BODY | {"tenant_id": acme.display_id}).json()
    keeper = Api(
        "acme", token_for(acme_admin, acme, privileges=["tokens.manage"], may_write=True, name="keeper")
    )
    one = f"{MINE}/{mine['id']}"
    stored = list(ApiToken.objects.order_by("pk").values())
    for refused in (
        me.send("POST", f"{MINE}?dry_run=true", BODY),
        me.send("PATCH", f"{one}?dry_run=true", {"name": "other"}),
        me.send("POST", f"{one}/rotate?dry_run=true", {}),
        me.send("DELETE", f"{one}?dry_run=true"),
        keeper.send("DELETE", f"tokens/{bound['id']}?dry_run=true"),
    ):
        assert refused.status_code == 400, refused.content
        assert places(refused) == [("dry_run", "unknown_parameter")]
    assert list(ApiToken.objects.order_by("pk").values()) == stored


def test_a_token_is_made_shown_once_and_good(me, acme):
    response = me.send(
        "POST", MINE, BODY | {"tenant_id": acme.display_id, "allowed_networks": ["127.0.0.0/8"]}
    )
    made = response.json()
    assert (response.status_code, response["Cache-Control"]) == (201, "no-store")
    assert response["Location"] == made["url"] == f"http://localhost{MINE}/{made['id']}"
    assert (made["tenant"], made["allowed_networks"], made["may_write"], made["notice"]) == (
        "acme", ["127.0.0.0/8"], False, None,
    )  # fmt: skip
    shown = me.get(made["url"].removeprefix("http://localhost"))
    assert shown["ETag"] == response["ETag"]
    assert shown.json() == {name: value for name, value in made.items() if name not in ("token", "notice")}
    assert Api("acme", made["token"]).get("directory/participants").status_code == 200
    assert Api("acme", made["token"]).get("audit/events").status_code == 403


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({"privileges": ["no.such"]}, ("#/privileges", "privilege_unknown")),
        ({"privileges": ["records.read", "owners.manage"]}, None),
        ({"expires_at": (NOW + timedelta(days=366)).isoformat()}, ("#/expires_at", "lifetime_exceeded")),
        ({"expires_at": NOW.isoformat()}, ("#/expires_at", "expires_in_past")),
        ({"allowed_networks": ["10.0.0.1/8"]}, ("#/allowed_networks", "networks_invalid")),
        ({"allowed_networks": ["::ffff:10.0.0.0/104"]}, ("#/allowed_networks", "networks_invalid")),
        ({"allowed_networks": ["fe80::%eth0/64"]}, ("#/allowed_networks", "networks_invalid")),
        ({"tenant_id": f"ten_{'0a' * 16}"}, ("#/tenant_id", "not_found")),
        ({"secret": "x"}, ("#/secret", "unknown_field")),
        ({"key_id": "x"}, ("#/key_id", "read_only")),
        ({"name": ""}, ("#/name", "blank")),
    ],
)
def test_what_cannot_be_in_a_token_is_refused_at_its_place(me, body, fault):
    response = me.send("POST", MINE, BODY | body)
    if fault is None:
        assert response.status_code == 201
    else:
        assert (response.status_code, places(response)) == (400, [fault])
        assert not ApiToken.objects.exists()


def test_a_tenant_that_is_not_ones_own_is_as_one_that_is_not_there(me, globex, django_assert_num_queries):
    told = []
    for tenant_id in (globex.display_id, f"ten_{'0a' * 16}"):
        response = me.send("POST", MINE, BODY | {"tenant_id": tenant_id})
        told.append((response.status_code, places(response)))
    assert told == [(400, [("#/tenant_id", "not_found")])] * 2


def test_a_person_puts_nothing_into_a_token_that_they_do_not_hold(acme_member):
    refused = Person(acme_member).send("POST", MINE, BODY | {"privileges": ["directory.manage"]})
    assert places(refused) == [("#/privileges", "privilege_not_held")]


def test_everybody_sees_their_own_tokens_alone(me, mine, globex_admin, operator):
    assert me.get(MINE).json()["results"][0]["id"] == mine["id"]
    for other in (globex_admin, operator):
        api = Person(other)
        assert api.get(MINE).json()["results"] == []
        unknown = f"tok_{'0a' * 16}"
        for method, rest in (
            ("GET", ""),
            ("PATCH", ""),
            ("DELETE", ""),
            ("POST", "/rotate"),
            ("GET", "/use"),
        ):
            answers = [
                api.send(method, f"{MINE}/{row_id}{rest}", {"name": "x"} if method == "PATCH" else None)
                for row_id in (mine["id"], unknown)
            ]
            assert [problem_of(answer)["code"] for answer in answers] == ["not_found"] * 2, (method, rest)
    assert row_of(mine["token"]).revoked_at is None


def test_nobody_has_no_tokens(db):
    response = Api("", client=Client(HTTP_HOST="localhost")).get(MINE)
    assert problem_of(response)["code"] == "not_authenticated"


def test_a_token_is_changed_switched_off_and_revoked(me, mine):
    address = f"{MINE}/{mine['id']}"
    stale = me.get(address)["ETag"]
    changed = me.send(
        "PATCH", address, {"name": "other", "allowed_networks": ["127.0.0.1/32"]}, if_match=stale
    )
    assert (changed.status_code, changed.json()["name"]) == (200, "other")
    assert problem_of(me.send("PATCH", address, {"name": "third"}, if_match=stale))["status"] == 412
    for key in ("privileges", "expires_at", "may_write", "tenant_id", "token"):
        refused = me.send("PATCH", address, {key: None})
        assert places(refused)[0][1] in ("field_not_editable", "unknown_field")
    assert me.send("PATCH", address, {"is_enabled": False}).status_code == 200
    api = Api("acme", mine["token"])
    assert problem_of(api.get("directory/participants"))["code"] == "token_disabled"
    assert problem_of(rotate(me, mine))["code"] == "token_unusable"
    assert me.send("PATCH", address, {"is_enabled": True}).status_code == 200
    assert api.get("directory/participants").status_code == 200
    assert me.send("DELETE", address).status_code == 204
    assert problem_of(api.get("directory/participants"))["code"] == "token_revoked"
    first = me.get(address).json()
    assert first["revoked_at"]
    assert me.send("DELETE", address).status_code == 204
    assert me.get(address).json() == first
    for response in (me.send("PATCH", address, {"name": "x"}), rotate(me, mine)):
        assert (response.status_code, problem_of(response)["code"]) == (409, "token_unusable")
    events = events_of("identity.apitoken", row_of(mine["token"]))
    verbs = [verb for verb, _actor, _reason in events if verb != "refused"]
    assert verbs == ["create", "update", "update", "update", "revoke"]


def test_a_rotation_names_the_state_it_changes_and_leaves_an_overlap(me, mine):
    assert problem_of(rotate(me, mine, if_match=""))["code"] == "precondition_required"
    tag = me.get(f"{MINE}/{mine['id']}")["ETag"]
    answer = rotate(me, mine, {"overlap_hours": 1}, if_match=tag)
    rotated = answer.json()
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    assert problem_of(rotate(me, mine, if_match=tag))["code"] == "precondition_failed"
    now = datetime.now(UTC)
    assert find_token(mine["token"], now) == find_token(rotated["token"], now)
    assert find_token(mine["token"], now + timedelta(hours=1)) is None
    at_once = rotate(me, mine, {"overlap_hours": 0}).json()
    assert [bool(find_token(one, datetime.now(UTC))) for one in (rotated["token"], at_once["token"])] == [
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"overlap_hours": -1}, "overlap_invalid"),
        ({"overlap_hours": 169}, "overlap_invalid"),
        ({"overlap_hours": 1.5}, "invalid_type"),
        ({"overlap_hours": True}, "invalid_type"),
        ({"overlap_minutes": 5}, "unknown_field"),
    ],
)
def test_an_overlap_is_whole_hours_within_a_week(me, mine, body, code):
    assert places(rotate(me, mine, body))[0][1] == code


def test_a_repetition_is_given_the_answer_without_the_secret(me):
    first, again = (me.send("POST", MINE, BODY, idempotency_key='"once"') for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again["Idempotency-Replayed"] == "true"
    assert again["Cache-Control"] == "no-store"
    shown, replayed = first.json(), again.json()
    assert replayed["token"] is None
    assert replayed["notice"]["code"] == "secret_not_replayed"
    assert replayed | {"token": shown["token"], "notice": None} == shown
    assert ApiToken.objects.count() == 1
    once, twice = (rotate(me, shown, idempotency_key='"turn"') for _ in range(2))
    assert find_token(once.json()["token"], NOW) is not None
    assert (twice.status_code, twice.json()["notice"]["code"]) == (200, "secret_not_replayed")
    assert once.json()["token"] not in twice.content.decode()


def test_a_secret_is_nowhere_but_in_the_one_answer(me, acme, caplog):
    caplog.set_level(logging.DEBUG)
    made = me.send("POST", MINE, BODY | {"tenant_id": acme.display_id}, idempotency_key='"k"').json()
    rotated = rotate(me, made, idempotency_key='"r"').json()
    Api("acme", rotated["token"]).get("directory/participants")
    Api("acme").get(f"directory/participants?x={rotated['token']}")
    token_uses.flush()
    seal()
    secrets = [one["token"].partition(".")[2] for one in (made, rotated)]
    told = [me.get(MINE).content.decode(), me.get(f"{MINE}/{made['id']}").content.decode(), caplog.text]
    told += [row for schema in ("public", acme.schema_name) for row in dump(schema)]
    assert len(told) > 50
    assert not [one[:200] for one in told for secret in secrets if secret in one]


def dump(schema):
    """Return every row of every table of a schema, as text."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema])
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT t::text FROM "{schema}"."{table}" t')
            yield from (text for (text,) in cursor.fetchall())


def test_a_token_that_is_bound_to_a_tenant_makes_tokens_of_that_tenant(acme_admin, acme):
    caller = Api("", token_for(acme_admin, acme, may_write=True))
    made = caller.send("POST", MINE, BODY | {"expires_at": (NOW + timedelta(days=9)).isoformat()})
    assert (made.status_code, made.json()["tenant_id"]) == (201, acme.display_id)
    refused = caller.send("POST", MINE, BODY | {"tenant_id": None})
    assert refused.json()["exceeds"] == ["tenant_id"]


def test_a_token_makes_narrower_ones_and_none_that_may_do_more(acme_admin, acme, globex):
    networks = ["127.0.0.0/16"]
    columns = {"may_write": True, "allowed_networks": networks}
    text = token_for(acme_admin, acme, privileges=["directory.read", "directory.resolve"], days=10, **columns)
    api = Api("", text, Client(HTTP_HOST="localhost"))
    narrow = BODY | {
        "tenant_id": acme.display_id,
        "allowed_networks": ["127.0.0.1/32"],
        "expires_at": (NOW + timedelta(days=9)).isoformat(),
    }
    made = api.send("POST", MINE, narrow)
    assert made.status_code == 201, made.content
    for name, value in {
        "privileges": ["directory.read", "directory.manage"],
        "tenant_id": None,
        "allowed_networks": [],
        "expires_at": LATER,
    }.items():
        refused = api.send("POST", MINE, narrow | {name: value})
        assert (problem_of(refused)["code"], refused.json()["exceeds"]) == ("beyond_own_token", [name])
    assert refused.status_code == 403
    assert ApiToken.objects.filter(user=acme_admin).count() == 2
    address = f"{MINE}/{made.json()['id']}"
    assert problem_of(api.send("PATCH", address, {"allowed_networks": []}))["code"] == "beyond_own_token"
    assert api.send("PATCH", address, {"name": "renamed"}).status_code == 200
    own = {"id": row_of(text).display_id}
    assert rotate(api, own).status_code == 200


def test_a_token_turns_on_and_rotates_none_that_may_do_more(acme_admin, acme):
    weak = Api("", token_for(acme_admin, acme, may_write=True), Client(HTTP_HOST="localhost"))
    strong = row_of(token_for(acme_admin, acme, privileges=["directory.read", "directory.manage"]))
    address = f"{MINE}/{strong.display_id}"
    for response in (
        weak.send("POST", f"{address}/rotate", {}),
        weak.send("PATCH", address, {"name": "x"}),
        weak.send("DELETE", address),
    ):
        assert (problem_of(response)["code"], response.json()["exceeds"]) == (
            "beyond_own_token",
            ["privileges"],
        )
    assert weak.get(address).status_code == 200


def test_a_token_that_only_reads_writes_no_token(acme_admin):
    api = Api("", token_for(acme_admin), Client(HTTP_HOST="localhost"))
    assert problem_of(api.send("POST", MINE, BODY))["code"] == "write_not_allowed"


def test_a_tenants_token_knows_its_persons_tokens_of_that_tenant_alone(operator, acme, globex):
    text, other = (token_for(operator, tenant, may_write=True) for tenant in (acme, globex))
    api = Api("", text, Client(HTTP_HOST="localhost"))
    assert [row["id"] for row in api.get(MINE).json()["results"]] == [row_of(text).display_id]
    assert problem_of(api.send("DELETE", f"{MINE}/{row_of(other).display_id}"))["code"] == "not_found"


def test_lists_are_filtered_ordered_cut_chosen_from_and_exported(me, acme_admin, acme):
    used, _idle = token_for(acme_admin, acme, name="b"), token_for(acme_admin, name="a", days=5)
    Api("acme", used).get("directory/participants")
    token_uses.flush()

    def names(query):
        response = me.get(MINE, QueryDict(query))
        assert response.status_code == 200, response.content
        return [row["name"] for row in response.json()["results"]]

    assert names("ordering=name") == ["a", "b"]
    assert names(f"tenant_id={acme.display_id}") == ["b"]
    assert names("tenant_id__empty=true") == ["a"]
    assert names("last_used_at__empty=true") == ["a"]
    assert names("last_used_at__gt=2026-01-01T00:00:00Z") == ["b"]
    assert names(f"q={row_of(used).key_id}") == ["b"]  # a key id may hold any letter
    assert names("revoked_at__empty=false") == []
    first = me.get(MINE, QueryDict("limit=1&ordering=name")).json()
    assert me.client.get(first["next"]).json()["results"][0]["name"] == "b"
    assert me.get(MINE, QueryDict("fields=name,last_used_at&ordering=name")).json()["results"][0] == {
        "name": "a",
        "last_used_at": None,
    }
    lines = b"".join(me.get(MINE, accept="application/x-ndjson").streaming_content).splitlines()
    assert {json.loads(line)["name"] for line in lines} == {"a", "b"}
    assert places(me.get(MINE, {"nmae": "a"})) == [("nmae", "unknown_parameter")]
    assert places(me.get(MINE, {"directory": "global"})) == [("directory", "unknown_parameter")]
    seal()
    with public_schema():
        assert AuditEvent.objects.filter(action="export", resource="identity.apitoken").exists()


def test_a_list_is_unchanged_until_a_token_or_its_use_is(me, mine):
    def tag():
        return me.get(MINE)["ETag"]

    held = tag()
    assert me.get(MINE, if_none_match=held).status_code == 304
    Api("acme", mine["token"]).get("directory/participants")
    token_uses.flush()
    assert (second := tag()) != held
    detail = me.get(f"{MINE}/{mine['id']}")["ETag"]
    me.send("PATCH", f"{MINE}/{mine['id']}", {"name": "other"}, if_match=detail)
    assert tag() != second


def test_the_use_of_a_token_is_told_by_day_and_refusal(me, mine):
    address = f"{MINE}/{mine['id']}/use"
    assert me.get(address).json() == {
        "last_used_at": None,
        "last_address": None,
        "last_agent": "",
        "days": [],
    }
    api = Api("acme", mine["token"])
    api.get("directory/participants", user_agent="curl/8.5.0 (x)")
    api.get("directory/participants")
    api.get("audit/events")
    api.get(f"directory/participants?x={mine['token']}")
    token_uses.flush()
    used = me.get(address)
    assert used.json()["days"] == [
        {
            "day": datetime.now(UTC).date().isoformat(),
            "answered": 2,
            "refused": {"permission_denied": 1, "token_in_query": 1},
        }
    ]
    assert used.json()["last_address"] == "127.0.0.1"
    assert me.get(address, if_none_match=used["ETag"]).status_code == 304


def test_who_holds_tokens_manage_sees_and_revokes_the_tenants_tokens(
    make_token, acme_admin, acme, globex_admin, globex
):
    bound, free = token_for(acme_admin, acme), token_for(acme_admin)
    foreign = token_for(globex_admin, globex)
    api = Api("acme", make_token("acme", "tokens.manage", may_write=True))
    listed = {row["id"]: row for row in api.get("tokens").json()["results"]}
    assert row_of(bound).display_id in listed
    assert not {row_of(free).display_id, row_of(foreign).display_id} & set(listed)
    shown = api.get(f"tokens/{row_of(bound).display_id}").json()
    assert (shown["user"], shown["user_id"]) == (str(acme_admin), acme_admin.display_id)
    for text in (free, foreign):
        for method, rest in (("GET", ""), ("DELETE", ""), ("GET", "/use")):
            assert (
                problem_of(api.send(method, f"tokens/{row_of(text).display_id}{rest}"))["code"] == "not_found"
            )
    assert api.send("DELETE", f"tokens/{row_of(bound).display_id}").status_code == 204
    assert problem_of(Api("acme", bound).get("directory/participants"))["code"] == "token_revoked"
    assert row_of(free).revoked_at is None
    assert row_of(foreign).revoked_at is None
    other = Api("globex", make_token("globex", "tokens.manage"))
    assert problem_of(other.get(f"tokens/{row_of(bound).display_id}"))["code"] == "not_found"


def test_a_member_without_tokens_manage_learns_of_no_token(make_token, acme_admin, acme):
    text = token_for(acme_admin, acme)
    api = Api("acme", make_token("acme", "directory.read", may_write=True))
    for row_id in (row_of(text).display_id, display_id("tok", acme.pk)):
        assert problem_of(api.get(f"tokens/{row_id}"))["needed"] == "tokens.manage"


@pytest.mark.parametrize(
    "path",
    [
        "/t/acme/api/v1/directory/participants?name__ic=x&q={}",
        "/t/acme/api/v1/directory/participants?{}=1",
        "/t/acme/api/v1/nothing?a={}",
        "/t/nope/api/v1/resolve?a=Bearer%20{}",
        "/t/acme/api/schema/?token={}",
        "/api/schema/?format=json&x=1,{}",
        "/api/v1/me/tokens?access_token={}",
        "/api/docs/?x={}",
    ],
)
def test_a_token_in_an_address_is_refused_everywhere(path, acme_admin, acme):
    text = token_for(acme_admin, acme)
    response = Client(HTTP_HOST="localhost").get(path.format(text))
    assert problem_of(response)["code"] == "token_in_query"
    assert response.status_code == 400
    assert text not in response.content.decode()
    token_uses.flush()
    assert [tally.code for tally in ApiTokenTally.objects.filter(token=row_of(text))] == ["token_in_query"]


def test_a_garbled_secret_in_an_address_is_refused_and_counted_for_nobody(acme_admin, acme):
    text = token_for(acme_admin, acme)[:-6] + "aaaaaa"
    response = Client(HTTP_HOST="localhost").get(f"/t/acme/api/v1/resolve?x={text}")
    assert problem_of(response)["code"] == "token_in_query"
    token_uses.flush()
    assert not ApiTokenTally.objects.filter(token__user=acme_admin).exists()
