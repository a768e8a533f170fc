"""Rehearsals (``?dry_run=true``): everything is done, told and undone; nothing of it is left anywhere."""

from typing import Any

import pytest
from django.db import connection

from audit.models import AuditEvent
from audit.requests.models import IdempotencyKey
from config.foundation.rows import public_schema
from directory.models import Endpoint, Identifier, Participant, Policy, PrefixRule, RoutingArtifact
from tests import cast
from tests.cast import make_token
from tests.directory.rest.bodies import CHANGES, RULE, Rows
from tests.directory.rest.calling import Api, places, problem_of
from tests.directory.rest.conftest import fill, saved
from tests.roles import as_owner
from tests.sealing import seal

WRITE = ("directory.read", "directory.manage")
PATH = "directory/participants"
DRY = "?dry_run=true"
NOBODY = f"par_{'0' * 32}"
TABLES = list(CHANGES)
GUARDED = ("policies", "routing-artifacts")
BOOKKEEPING = ("identity_apitokenuse", "rate_bucket")  # that a token was used, and how often


@pytest.fixture
def writer(db):
    return Api("acme", make_token("acme", *WRITE, may_write=True))


@pytest.fixture
def rehearser(db):
    """Return a caller who holds the privilege, by a token without the write flag."""
    return Api("acme", make_token("acme", *WRITE))


@pytest.fixture
def bank(acme):
    with acme:
        return fill(1)


def everything(tenant):
    """Return a digest of every table of a tenant and of the platform: rows, chain, versions, kept answers."""
    seal()
    digests = {}
    for schema in (tenant.schema_name, "public"):
        with as_owner(), connection.cursor() as cursor:
            cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema])
            for (name,) in cursor.fetchall():
                if name not in BOOKKEEPING:
                    cursor.execute(
                        "SELECT count(*), md5(string_agg(t::text, chr(10) ORDER BY t::text))"
                        f' FROM "{schema}"."{name}" t'
                    )
                    digests[schema, name] = cursor.fetchone()
    assert {
        (tenant.schema_name, name) for name in ("audit_head", "directory_version", "idempotency_key")
    } <= digests.keys()
    return digests


def items_of(response, status=200):
    assert response.status_code == status, response.content
    assert response.json()["dry_run"] is True
    assert not {"ETag", "Location"} & set(response.headers)
    return response.json()["items"]


def deletion(row_ids, table):
    return [{"id": one, "etag": "*"} if table in GUARDED else one for one in row_ids]


@pytest.mark.parametrize("table", TABLES)
def test_every_write_of_every_table_is_rehearsed_and_leaves_nothing(writer, rehearser, acme, table):
    rows = Rows.made_by(writer)
    row_id, path, change = rows.make_each(writer, 1)[table], f"directory/{table}", CHANGES[table]
    body, before = rows.bodies(2)[table], everything(acme)
    headers = {"idempotency_key": "kept", "audit_reason": "trying"}

    for answer in (
        rehearser.send("POST", f"{path}{DRY}", body, **headers),
        rehearser.send("POST", f"{path}{DRY}", [body], **headers),
    ):
        (item,) = items_of(answer, 201)
        assert (item["action"], item["id"]) == ("create", None)
        assert "id" not in item["row"]
        assert item["row"]["row_version"] == 1
    for answer in (
        rehearser.send("PATCH", f"{path}/{row_id}{DRY}", change, **headers),
        rehearser.send("PATCH", f"{path}{DRY}", [{"id": row_id, "etag": "*"} | change], **headers),
    ):
        (item,) = items_of(answer)
        assert (item["action"], item["id"], item["row"]["row_version"]) == ("update", row_id, 2)
        assert item["changes"].keys() >= change.keys()
    for answer in (
        rehearser.send("PATCH", f"{path}/{row_id}{DRY}", {}, **headers),
        rehearser.send("PATCH", f"{path}{DRY}", [{"id": row_id, "etag": "*"}], **headers),
    ):
        (item,) = items_of(answer)
        assert (item["action"], item["id"], item["changes"]) == ("no_op", row_id, {})
    for answer in (
        rehearser.send("DELETE", f"{path}/{row_id}{DRY}", None, **headers),
        rehearser.send("POST", f"{path}/bulk-delete{DRY}", deletion([row_id], table), **headers),
    ):
        (item,) = items_of(answer)
        assert (item["action"], item["id"], item["cascades"]) == ("delete", row_id, [])
    assert everything(acme) == before
    assert writer.get(f"{path}/{row_id}").json()["row_version"] == 1


def test_what_a_rehearsal_says_comes_true(writer, acme):
    body = {"name": "Bank", "country": "SE", "tags": ["a"]}
    told = items_of(writer.send("POST", f"{PATH}{DRY}", [body, body]), 201)
    made = writer.send("POST", PATH, [body, body]).json()
    mine = {"id", "url", "created_at", "updated_at"}
    for said, done in zip(told, made, strict=True):
        assert {k: v for k, v in said["row"].items() if k not in mine} == {
            k: v for k, v in done.items() if k not in mine
        }
    change = [{"id": made[1]["id"], "country": "US"}, {"id": made[0]["id"], "country": "SE"}]
    first, second = items_of(writer.send("PATCH", f"{PATH}{DRY}", change))
    assert first["changes"] == {"country": {"before": "SE", "after": "US"}}
    assert (second["action"], second["changes"]) == ("no_op", {})
    done = writer.send("PATCH", PATH, change).json()
    assert (
        [one["row_version"] for one in done]
        == [first["row"]["row_version"], second["row"]["row_version"]]
        == [2, 1]
    )


def test_a_deletion_tells_what_would_go_with_it(writer, acme, bank):
    with acme:
        PrefixRule.objects.filter(participant=bank)
        endpoint = Endpoint.objects.get()
    expected = [{"kind": kind, "count": 1} for kind in ("capability", "credential")]
    (item,) = items_of(writer.send("DELETE", f"directory/endpoints/{endpoint.display_id}{DRY}"))
    assert item["cascades"] == expected
    assert item["row"]["address"] == endpoint.address
    with acme:
        lone = saved(Participant(name="Lone"))
        full = saved(Participant(name="Full"))
        for number in range(3):
            saved(Endpoint(participant=full, protocol="as4", address=f"https://as4.example/{number}x"))
        saved(Identifier(participant=full, identifier_type="bic", value="BANKUS33"))
    told = items_of(writer.post(f"{PATH}/bulk-delete{DRY}", [lone.display_id, {"id": full.display_id}]))
    assert [one["cascades"] for one in told] == [
        [], [{"kind": "endpoint", "count": 3}, {"kind": "identifier", "count": 1}],
    ]  # fmt: skip
    with acme:
        assert Participant.objects.filter(pk__in=[lone.pk, full.pk]).count() == 2


def test_an_activation_tells_which_version_it_would_retire(rehearser, acme):
    with acme:
        first = saved(RoutingArtifact(kind="bin_table", name="t", version=1, status="active"))
        second = saved(RoutingArtifact(kind="bin_table", name="t", version=2))
    before = everything(acme)
    path = f"directory/routing-artifacts/{second.display_id}/activate{DRY}"
    told = items_of(rehearser.send("POST", path, {}))
    assert [(one["id"], one["action"], one["changes"]["status"]) for one in told] == [
        (second.display_id, "update", {"before": "draft", "after": "active"}),
        (first.display_id, "update", {"before": "active", "after": "retired"}),
    ]
    (told_of_active,) = items_of(
        rehearser.send("POST", f"directory/routing-artifacts/{first.display_id}/activate{DRY}", {})
    )
    assert told_of_active["action"] == "no_op"
    assert everything(acme) == before


def test_a_rehearsal_is_refused_as_the_write_is(writer, rehearser, acme, globex, bank):
    with acme:
        saved(Policy(name="night", rule_json=RULE, effect="deny"))
        rule = PrefixRule.objects.get()
    with globex:
        foreign = saved(Participant(name="Foreign"))
    policy = {"name": "night", "rule_json": RULE, "effect": "deny"}
    path = f"{PATH}/{bank.display_id}"
    calls: list[tuple[str, str, Any, dict[str, str]]] = [
        ("POST", PATH, {"nmae": "x"}, {}),
        ("POST", PATH, [{"name": "x"}, {"name": "", "country": "XX"}], {}),
        ("POST", PATH, [], {}),
        ("POST", "directory/policies", policy, {}),
        ("POST", "directory/policies", [policy | {"name": "day"}, policy | {"name": "day"}], {}),
        ("PATCH", path, {"country": "XX"}, {}),
        ("PATCH", path, {"country": "SE"}, {"if_match": '"0"'}),
        ("PATCH", PATH, [{"id": bank.display_id, "etag": '"0"'}], {}),
        ("PATCH", PATH, [{"id": foreign.display_id}, {"id": NOBODY}], {}),
        ("PATCH", f"{PATH}/{foreign.display_id}", {"name": "Mine"}, {}),
        ("DELETE", path, None, {}),  # a rule names it
        ("POST", f"{PATH}/bulk-delete", [bank.display_id, NOBODY], {}),
        ("DELETE", f"directory/prefix-rules/{rule.display_id}", None, {}),  # in force
        ("PATCH", "directory/policies", [{"id": NOBODY}], {}),
        ("POST", PATH, {"name": "x"}, {"idempotency_key": '"a'}),
    ]
    for method, address, body, headers in calls:
        before = everything(acme)
        rehearsed = rehearser.send(method, f"{address}{DRY}", body, **headers)
        assert everything(acme) == before, address
        done = writer.send(method, address, body, **headers)
        assert rehearsed.status_code == done.status_code >= 400, (method, address, rehearsed.content)
        varying = {"instance", "request_id"}
        said, meant = (
            {name: value for name, value in problem_of(one).items() if name not in varying}
            for one in (rehearsed, done)
        )
        assert said == meant


def test_a_key_of_a_rehearsal_is_not_kept(writer, acme):
    body = {"name": "Bank"}
    told = writer.send("POST", f"{PATH}{DRY}", body, idempotency_key="k")
    assert "Idempotency-Replayed" not in told
    made = writer.send("POST", PATH, body, idempotency_key="k")
    assert (made.status_code, "Idempotency-Replayed" in made) == (201, False)
    assert items_of(writer.send("POST", f"{PATH}{DRY}", [body], idempotency_key="k"), 201)
    with acme:
        assert IdempotencyKey.objects.count() == 1


@pytest.mark.parametrize("value", ["yes", "1", "", "TRUE", "tru"])
def test_a_value_that_is_neither_true_nor_false_is_refused_by_name(writer, acme, value):
    before = everything(acme)
    for method, path, body in (
        ("POST", PATH, {"name": "x"}),
        ("PATCH", PATH, [{"id": NOBODY}]),
        ("POST", f"{PATH}/bulk-delete", [NOBODY]),
        ("PATCH", f"{PATH}/{NOBODY}", {}),
        ("DELETE", f"{PATH}/{NOBODY}", None),
        ("POST", f"directory/routing-artifacts/rta_{'0' * 32}/activate", {}),
    ):
        response = writer.send(method, f"{path}?dry_run={value}", body)
        assert (response.status_code, places(response)) == (400, [("dry_run", "invalid_choice")]), path
    assert everything(acme) == before


def test_a_value_that_says_false_or_both_rehearses_nothing(writer, rehearser, acme):
    assert writer.send("POST", f"{PATH}?dry_run=false", {"name": "Bank"}).status_code == 201
    for query in ("?dry_run=false", "?dry_run=true&dry_run=false"):
        answer = rehearser.send("POST", f"{PATH}{query}", {"name": "x"})
        assert problem_of(answer)["code"] == "write_not_allowed"
    for api in (writer, rehearser):
        answer = api.send("POST", f"{PATH}?dry_run=false&dry_run=true", {"name": "x"})
        assert places(answer) == [("dry_run", "repeated")]
    with acme:
        assert [one.name for one in Participant.objects.all()] == ["Bank"]


def test_a_reading_takes_no_dry_run(writer):
    assert places(writer.get(PATH, {"dry_run": "true"})) == [("dry_run", "unknown_parameter")]


def test_a_rehearsal_needs_the_privilege_of_the_write(acme, globex, bank):
    reader, blind, stranger = (
        Api("acme", make_token("acme", "directory.read", may_write=True)),
        Api("acme", make_token("acme", "directory.manage", may_write=True)),
        Api("acme", make_token("globex", *WRITE, may_write=True)),
    )
    before = everything(acme)
    for method, path, body in (
        ("POST", PATH, {"name": "x"}),
        ("PATCH", PATH, [{"id": bank.display_id}]),
        ("POST", f"{PATH}/bulk-delete", [bank.display_id]),
        ("DELETE", f"{PATH}/{bank.display_id}", None),
    ):
        assert problem_of(reader.send(method, f"{path}{DRY}", body))["needed"] == "directory.manage"
        assert problem_of(blind.send(method, f"{path}{DRY}", body))["needed"] == "directory.read"
        assert problem_of(stranger.send(method, f"{path}{DRY}", body))["code"] == "tenant_mismatch"
    assert everything(acme) == before


def test_the_global_directory_is_not_rehearsed_either(writer):
    answer = writer.send("POST", f"{PATH}{DRY}&directory=global", {"name": "x"})
    assert problem_of(answer)["code"] == "permission_denied"
    with public_schema():
        assert not Participant.objects.filter(name="x").exists()


def test_a_rehearsal_shows_no_confidential_value_and_so_leaves_no_reading(acme, confidential_identifier):
    api = Api("acme", make_token("acme", *WRITE, "view_confidential"))
    path = f"directory/identifiers/{confidential_identifier.display_id}"
    tag = api.get(path)["ETag"]  # of the value in clear
    seal()
    with acme:
        readings = AuditEvent.objects.filter(action="read").count()
    (item,) = items_of(api.send("PATCH", f"{path}{DRY}", {"value": "MERCHANT-NEW"}, if_match=tag))
    assert item["changes"]["value"] == {"before": "•••", "after": "•••"}
    (item,) = items_of(api.send("DELETE", f"{path}{DRY}", if_match=tag))
    assert item["row"]["value"] == "•••"
    seal()
    with acme:
        assert AuditEvent.objects.filter(action="read").count() == readings


def test_a_value_that_is_never_shown_is_named_as_changed(writer, acme, bank):
    credential = writer.list("credentials")[0]["id"]
    change = {"vault_ref": "vault://secret/other"}
    (item,) = items_of(writer.send("PATCH", f"directory/credentials/{credential}{DRY}", change))
    assert item["changes"] == {"vault_ref": {"before": "vault://•••", "after": "vault://•••"}}
    assert "secret/other" not in str(item)


@pytest.mark.race
def test_a_rehearsal_outside_of_any_transaction_leaves_nothing(committed):
    acme = cast.tenant("acme")
    writer, api = (Api("acme", cast.make_token("acme", *WRITE, may_write=flag)) for flag in (True, False))
    made = writer.send("POST", PATH, [{"name": f"Bank {number}"} for number in range(3)]).json()
    before = everything(acme)
    items_of(api.send("POST", f"{PATH}{DRY}", [{"name": "Bank"}] * 3), 201)
    items_of(api.send("PATCH", f"{PATH}{DRY}", [{"id": one["id"], "country": "SE"} for one in made]))
    items_of(api.send("POST", f"{PATH}/bulk-delete{DRY}", [one["id"] for one in made]))
    assert everything(acme) == before
    assert writer.send("PATCH", f"{PATH}/{made[0]['id']}", {"country": "SE"}).status_code == 200
    assert everything(acme) != before


def test_what_a_source_knows_is_rehearsed_at_its_address_too(writer, rehearser, acme):
    path, body = "directory/participants/by/crm/4711", {"name": "Bank"}
    before = everything(acme)
    (item,) = items_of(rehearser.send("PUT", f"{path}{DRY}", body, if_match=""), 201)
    assert (item["action"], item["id"]) == ("create", None)
    assert everything(acme) == before
    made = writer.send("PUT", path, body, if_match="").json()
    before = everything(acme)
    (item,) = items_of(rehearser.send("PUT", f"{path}{DRY}", {"name": "New"}))
    assert (item["action"], item["id"], list(item["changes"])) == ("update", made["id"], ["name"])
    (item,) = items_of(rehearser.send("PUT", f"{path}{DRY}", body))
    assert (item["action"], item["changes"]) == ("no_op", {})
    assert everything(acme) == before
