"""Many rows by one call: all of them or none, every fault of every item at its place, answers in the order sent."""

import json
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from audit.requests.models import IdempotencyKey
from config.foundation.rest.errors import FAULTS_MAX
from config.foundation.rest.items import ITEMS_MAX
from directory.models import Endpoint, Identifier, Participant, Policy, PrefixRule, RoutingArtifact
from tests import cast
from tests.cast import make_token
from tests.directory.rest.bodies import CHANGES, RULE, Rows
from tests.directory.rest.calling import Api, places, problem_of
from tests.directory.rest.conftest import saved
from tests.directory.rest.writes import tables
from tests.sealing import seal

WRITE = ("directory.read", "directory.manage")
PATH = "directory/participants"
NOBODY = f"par_{'0' * 32}"
TABLES = list(CHANGES)
GUARDED = ("policies", "routing-artifacts")
STATEMENTS_OF_AN_ITEM = {"create": 15, "update": 20, "delete": 12}  # of endpoints


@pytest.fixture
def writer(db):
    return Api("acme", make_token("acme", *WRITE, may_write=True))


@pytest.fixture
def banks(acme):
    with acme:
        return [saved(Participant(name=f"Bank {number}")) for number in range(3)]


def names(tenant):
    with tenant:
        return sorted(Participant.objects.values_list("name", flat=True))


def events(tenant, **only):
    seal()
    with tenant:
        return list(AuditEvent.objects.filter(**only).order_by("pk"))


def unwritten(tenant):
    """Return what tells whether anything was written: names, and how many events there are besides refusals."""
    return names(tenant), len([one for one in events(tenant) if one.action != "refused"])


@pytest.mark.parametrize("table", TABLES)
def test_every_table_takes_many(writer, acme, table):
    rows = Rows.made_by(writer)
    seal()
    path = f"directory/{table}"
    bodies = [rows.bodies(key)[table] for key in (3, 1, 2)]
    request_id = str(uuid4())
    made = writer.send("POST", path, bodies, X_Request_ID=request_id, audit_reason="onboarding")
    assert made.status_code == 201, made.content
    ids = [one["id"] for one in made.json()]
    assert made.json() == [writer.get(f"{path}/{row_id}").json() for row_id in ids]
    told = events(acme, request_id=request_id)
    assert [(one.action, one.reason) for one in told] == [("create", "onboarding")] * 3

    items = [
        {"id": row_id, "etag": writer.get(f"{path}/{row_id}")["ETag"]} | CHANGES[table]
        for row_id in reversed(ids[:2])
    ]
    if "value" in CHANGES[table]:
        items[1]["value"] = "MERCHANT-OTHER"
    changed = writer.send("PATCH", path, items, X_Request_ID=(request_id := str(uuid4())))
    assert changed.status_code == 200, changed.content
    assert [one["id"] for one in changed.json()] == [ids[1], ids[0]]
    assert [one["row_version"] for one in changed.json()] == [2, 2]
    assert [one.action for one in events(acme, request_id=request_id)] == ["update"] * 2

    state = [{"id": row_id, "etag": "*"} for row_id in ids]
    gone = writer.post(f"{path}/bulk-delete", state, X_Request_ID=(request_id := str(uuid4())))
    assert (gone.status_code, gone.content) == (204, b""), gone.content
    assert [one.action for one in events(acme, request_id=request_id)] == ["delete"] * 3
    assert all(writer.get(f"{path}/{row_id}").status_code == 404 for row_id in ids)


def test_a_bare_id_is_deleted_as_well(writer, acme, banks):
    gone = writer.post(f"{PATH}/bulk-delete", [banks[2].display_id, banks[0].display_id])
    assert gone.status_code == 204
    assert names(acme) == ["Bank 1"]


def test_of_a_thousand_of_which_the_last_is_bad_nothing_is_written_and_one_fault_is_told(writer, acme):
    before = unwritten(acme)
    bodies: list[dict[str, Any]] = [{"name": f"Bank {number}"} for number in range(999)]
    response = writer.send("POST", PATH, [*bodies, {"name": "Bank", "country": "XX"}])
    assert (response.status_code, places(response)) == (400, [("#/999/country", "country_unknown")])
    assert unwritten(acme) == before


def test_a_thousand_of_the_documented_bodies_are_let_through(writer, acme):
    table = next(one for one in tables() if one.path.endswith("/participants"))
    bodies = [table.example | {"external_id": f"ext-{number}"} for number in range(ITEMS_MAX)]
    made = writer.send("POST", PATH, bodies)
    assert made.status_code == 201, made.content[:500]
    assert [one["external_id"] for one in made.json()] == [one["external_id"] for one in bodies]
    assert len(events(acme, request_id=made["X-Request-ID"])) == ITEMS_MAX


def test_a_thousand_documented_bodies_of_any_table_fit_the_limit_of_a_body(settings):
    for table in tables():
        assert len(json.dumps([table.example] * ITEMS_MAX)) < settings.DATA_UPLOAD_MAX_MEMORY_SIZE, table.path


def test_what_is_larger_is_told_the_limit(writer, settings):
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    problem = problem_of(writer.send("POST", PATH, [{"name": "x" * limit}]))
    assert (problem["status"], problem["limit_bytes"]) == (413, limit)
    assert f"{limit:,}" in problem["detail"]


@pytest.mark.parametrize(
    ("method", "path"), [("POST", PATH), ("PATCH", PATH), ("POST", f"{PATH}/bulk-delete")]
)
@pytest.mark.parametrize("count", [0, ITEMS_MAX + 1])
def test_none_and_too_many_are_refused_with_limit_and_count(writer, acme, method, path, count):
    response = writer.send(method, path, [{}] * count)
    (fault,) = problem_of(response)["errors"]
    assert (response.status_code, fault["pointer"], fault["code"]) == (400, "#", "item_count")
    assert "1 to 1,000 items" in fault["detail"]
    assert f"these are {count:,}" in fault["detail"]


@pytest.mark.parametrize("body", [{}, 7, "x", None, {"id": NOBODY}])
def test_what_is_no_array_is_refused(writer, body):
    for method, path in (("PATCH", PATH), ("POST", f"{PATH}/bulk-delete")):
        response = writer.send(method, path, json.loads(json.dumps(body)) if body is not None else None)
        if body is None:
            assert problem_of(response)["code"] == "malformed_json"
        else:
            assert places(response) == [("#", "invalid_type")]


def test_faults_of_every_kind_are_told_at_once_in_the_order_of_the_items(writer, acme, globex):
    with acme:
        bank = saved(Participant(name="Bank"))
        saved(Endpoint(participant=bank, protocol="as4", address="https://as4.example/0"))
    with globex:
        foreign = saved(Participant(name="Foreign"))
    good = {"participant_id": bank.display_id, "protocol": "as4", "address": "https://as4.example/1"}
    before = unwritten(acme)
    response = writer.send(
        "POST",
        "directory/endpoints",
        [
            good,
            7,
            good | {"nmae": 1, "priority": "x"},
            good | {"address": "https://as4.example/0"},  # the database's word: another row has it
            good,  # as the first of this very body
            good | {"participant_id": foreign.display_id},
            good | {"participant_id": NOBODY},
            good | {"address": "https://as4.example/2", "valid_from": "2026-02-01T00:00:00Z",
                    "valid_to": "2026-01-01T00:00:00Z"},
            {"protocol": "as4"},
        ],
    )  # fmt: skip
    assert places(response) == [
        ("#/1", "invalid_type"),
        ("#/2/nmae", "unknown_field"),
        ("#/2/priority", "invalid_type"),
        ("#/3", "duplicate"),
        ("#/4", "duplicate"),
        ("#/5/participant_id", "not_found"),
        ("#/6/participant_id", "not_found"),
        ("#/7", "validity_reversed"),
        ("#/8/participant_id", "required"),
        ("#/8/address", "required"),
    ]
    assert response.status_code == 400
    assert problem_of(response)["errors"][5]["detail"] == problem_of(response)["errors"][6]["detail"]
    assert unwritten(acme) == before


@pytest.mark.parametrize("path", [PATH, f"{PATH}/bulk-delete"])
def test_of_very_many_faults_the_first_are_told(writer, path):
    unknown = {f"key-{number:x}": 1 for number in range(20)}
    refused = writer.send("POST", path, [unknown] * ITEMS_MAX)
    assert (refused.status_code, len(places(refused))) == (400, FAULTS_MAX)
    assert (
        problem_of(refused)["detail"] == "Very many faults; `errors` names the first 5,000 with their places."
    )
    assert len(refused.content) < 1024 * 1024


def test_of_very_many_numbers_that_are_none_the_first_are_told(writer):
    refused = writer.client.generic(
        "POST",
        writer.address(PATH),
        f"[{','.join(['1e999'] * 20_000)}]",
        content_type="application/json",
        headers={"Authorization": f"Bearer {writer.token}"},
    )
    assert (refused.status_code, len(places(refused))) == (400, FAULTS_MAX)
    assert places(refused)[-1] == (f"#/{FAULTS_MAX - 1}", "number_out_of_range")


def test_what_only_the_database_refuses_is_told_at_its_item(writer, acme, monkeypatch):
    with acme:
        saved(Policy(name="night", rule_json=RULE, effect="deny"))
    monkeypatch.setattr(Policy, "full_clean", lambda self, **_options: None)
    body = {"rule_json": RULE, "effect": "deny"}
    response = writer.send(
        "POST", "directory/policies", [body | {"name": name} for name in ("day", "night", "noon", "day")]
    )
    assert (response.status_code, places(response)) == (
        409,
        [("#/1/name", "duplicate"), ("#/3/name", "duplicate")],
    )
    with acme:
        assert [one.name for one in Policy.objects.all()] == ["night"]


def test_what_is_in_force_and_what_others_use_is_told_at_its_item(writer, acme, banks):
    with acme:
        artifact = saved(RoutingArtifact(kind="bin_table", name="cards"))
        saved(PrefixRule(artifact=artifact, prefix="411111", participant=banks[1]))
    response = writer.post(f"{PATH}/bulk-delete", [one.display_id for one in banks])
    assert (response.status_code, places(response)) == (409, [("#/1", "in_use")])
    assert "1 prefix rule" in problem_of(response)["errors"][0]["detail"]
    assert len(names(acme)) == 3
    with acme:
        RoutingArtifact.objects.update(status="active")
    items = [{"id": artifact.display_id, "etag": "*", "name": "new"}]
    response = writer.send("PATCH", "directory/routing-artifacts", items)
    assert (response.status_code, places(response)) == (409, [("#/0", "artifact_not_draft")])


def test_ids_of_another_tenant_of_nothing_and_of_another_kind_are_one_fault(writer, acme, globex, banks):
    with globex:
        foreign = saved(Participant(name="Foreign"))
    wrong = [foreign.display_id, NOBODY, f"ept_{'0' * 32}", "x", ""]
    for method, path, change in (("PATCH", PATH, {"country": "SE"}), ("POST", f"{PATH}/bulk-delete", {})):
        items = [{"id": banks[0].display_id} | change, *({"id": one} | change for one in wrong)]
        response = writer.send(method, path, items)
        assert response.status_code == 400
        assert places(response) == [(f"#/{index}/id", "not_found") for index in range(1, 6)]
        assert len({one["detail"] for one in problem_of(response)["errors"]}) == 1
    bare = writer.post(f"{PATH}/bulk-delete", [NOBODY, foreign.display_id])
    assert places(bare) == [("#/0", "not_found"), ("#/1", "not_found")]
    assert names(globex) == ["Foreign"]
    with acme:
        assert {one.row_version for one in Participant.objects.all()} == {1}


def test_a_row_that_is_named_twice_is_refused_at_the_second(writer, acme, banks):
    first = {"id": banks[0].display_id}
    response = writer.send("PATCH", PATH, [first, {"id": banks[1].display_id}, first | {"country": "SE"}])
    assert (response.status_code, places(response)) == (400, [("#/2/id", "repeated")])
    assert "#/0" in problem_of(response)["errors"][0]["detail"]
    response = writer.post(f"{PATH}/bulk-delete", [first["id"], first])
    assert places(response) == [("#/1/id", "repeated")]


def test_an_item_without_id_and_what_is_no_item_are_told_where(writer, banks):
    response = writer.send(
        "PATCH", PATH, [{"country": "SE"}, "x", [], {"id": banks[0].display_id, "etag": 7}]
    )
    assert places(response) == [
        ("#/0/id", "required"), ("#/1", "invalid_type"), ("#/2", "invalid_type"), ("#/3/etag", "invalid_type"),
    ]  # fmt: skip
    response = writer.post(
        f"{PATH}/bulk-delete", [7, {"etag": "*"}, {"id": banks[0].display_id, "name": "x"}]
    )
    assert places(response) == [
        ("#/0", "invalid_type"),
        ("#/1/id", "required"),
        ("#/2/name", "unknown_field"),
    ]


def test_each_item_may_say_which_state_it_changes(writer, acme, banks):
    tags = [writer.get(f"{PATH}/{one.display_id}")["ETag"] for one in banks]
    items = [
        {"id": one.display_id, "etag": tag, "country": "SE"} for one, tag in zip(banks, tags, strict=True)
    ]
    assert writer.send("PATCH", PATH, items[1:2]).status_code == 200
    for method, path, body in (
        ("PATCH", PATH, items),
        ("POST", f"{PATH}/bulk-delete", [{"id": one["id"], "etag": one["etag"]} for one in items]),
    ):
        response = writer.send(method, path, body)
        assert response.status_code == 412
        assert problem_of(response)["code"] == "precondition_failed"
        assert places(response) == [("#/1/etag", "precondition_failed")]
    assert len(names(acme)) == 3
    weak = [{"id": items[0]["id"], "etag": f"W/{tags[0]}", "country": "SE"}]
    assert writer.send("PATCH", PATH, weak).status_code == 412
    assert writer.send("PATCH", PATH, [items[0], items[2]]).status_code == 200


@pytest.mark.parametrize("table", GUARDED)
def test_what_routes_is_changed_by_many_only_with_the_state_of_each(writer, acme, table):
    rows = Rows.made_by(writer)
    made = writer.send("POST", f"directory/{table}", [rows.bodies(key)[table] for key in (1, 2)]).json()
    tag = writer.get(f"directory/{table}/{made[0]['id']}")["ETag"]
    items = [{"id": made[0]["id"], "etag": tag}, {"id": made[1]["id"]}]
    for method, path in (("PATCH", f"directory/{table}"), ("POST", f"directory/{table}/bulk-delete")):
        response = writer.send(method, path, items)
        assert (response.status_code, problem_of(response)["code"]) == (428, "precondition_required")
        assert places(response) == [("#/1/etag", "precondition_required")]
    assert writer.get(f"directory/{table}/{made[0]['id']}").status_code == 200


def test_one_header_names_no_state_of_many(writer, banks):
    tag = writer.get(f"{PATH}/{banks[0].display_id}")["ETag"]
    response = writer.send("PATCH", PATH, [{"id": banks[0].display_id, "country": "SE"}], if_match=tag)
    assert places(response) == [("If-Match", "not_for_many")]


def test_what_is_equal_already_changes_no_version_and_leaves_no_event(writer, acme, banks):
    before = unwritten(acme)
    items = [{"id": one.display_id, "name": one.name} for one in banks]
    changed = writer.send("PATCH", PATH, items)
    assert [one["row_version"] for one in changed.json()] == [1, 1, 1]
    assert unwritten(acme) == before


def test_who_may_not_write_is_told_as_of_a_single_write(acme, banks):
    reader, lacking = (
        Api("acme", make_token("acme", *WRITE)),
        Api("acme", make_token("acme", "directory.read", may_write=True)),
    )
    for method, path in (("POST", PATH), ("PATCH", PATH), ("POST", f"{PATH}/bulk-delete")):
        assert problem_of(reader.send(method, path, [{}]))["code"] == "write_not_allowed"
        assert problem_of(lacking.send(method, path, [{}]))["needed"] == "directory.manage"
    assert len(names(acme)) == 3


def test_the_global_directory_is_not_written_by_many_either(writer):
    for method, path in (("POST", PATH), ("PATCH", PATH), ("POST", f"{PATH}/bulk-delete")):
        assert (
            problem_of(writer.send(method, f"{path}?directory=global", [{}]))["code"] == "permission_denied"
        )


def test_a_repetition_with_its_key_is_answered_and_not_done(writer, acme, banks):
    calls: list[tuple[str, str, Any]] = [
        ("POST", PATH, [{"name": "New 1"}, {"name": "New 2"}]),
        ("PATCH", PATH, [{"id": one.display_id, "country": "SE"} for one in banks]),
        ("POST", f"{PATH}/bulk-delete", [one.display_id for one in banks]),
    ]
    for method, path, body in calls:
        first = writer.send(method, path, body, idempotency_key='"bulk"')
        assert first.status_code in (200, 201, 204), first.content
        written = unwritten(acme)
        again = writer.send(method, path, body, idempotency_key='"bulk"')
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert again["Idempotency-Replayed"] == "true"
        other = writer.send(method, path, body[:1], idempotency_key='"bulk"')
        assert problem_of(other)["code"] == "idempotency_mismatch"
        assert unwritten(acme) == written
    assert names(acme) == ["New 1", "New 2"]


def test_a_refusal_of_many_is_repeated_with_its_key(writer, acme):
    first = writer.send("POST", PATH, [{"name": ""}], idempotency_key="k")
    again = writer.send("POST", PATH, [{"name": ""}], idempotency_key="k")
    assert (again.status_code, again.content) == (400, first.content)
    assert again["Idempotency-Replayed"] == "true"


def test_confidential_values_of_many_are_read_by_one_event_and_again_only_by_who_still_may(acme):
    token = make_token("acme", *WRITE, "view_confidential", may_write=True)
    api = Api("acme", token)
    with acme:
        shop = saved(Participant(name="Shop"))
    body = [
        {"participant_id": shop.display_id, "identifier_type": "mid", "value": f"MERCHANT{number}"}
        for number in range(2)
    ]
    made = api.send("POST", "directory/identifiers", body, idempotency_key="k")
    assert [one["value"] for one in made.json()] == ["MERCHANT0", "MERCHANT1"], made.content
    (event,) = events(acme, action="read", request_id=made["X-Request-ID"])
    assert len(event.payload["ids"]) == 2
    with acme:
        assert len(IdempotencyKey.objects.get().revealed) == 2
        assert not any("MERCHANT" in one.value for one in Identifier.objects.all())
    hidden = Api("acme", make_token("acme", *WRITE, may_write=True)).send("POST", "directory/identifiers", [
        body[0] | {"value": "MERCHANT9"}
    ])  # fmt: skip
    assert hidden.json()[0]["value"] == "•••"


def test_a_refused_bulk_is_counted_as_one_refusal(writer, acme):
    with acme:
        saved(Policy(name="night", rule_json=RULE, effect="deny"))
    body = {"name": "night", "rule_json": RULE, "effect": "deny"}
    response = writer.send("POST", "directory/policies", [body, body])
    assert response.status_code == 409
    (event,) = events(acme, action="refused")
    assert event.payload["code"] == "duplicate"


def statements(writer, method, path, body):
    with CaptureQueriesContext(
        connection,
    ) as captured:
        answer = writer.send(method, path, body)
    assert answer.status_code in (200, 201, 204), answer.content
    return len(captured)


def test_an_item_more_costs_a_constant_number_of_statements(writer, acme):
    with acme:
        bank = saved(Participant(name="Bank"))
    path, made = "directory/endpoints", 0

    def bodies(count):
        nonlocal made
        made += count
        return [
            {
                "participant_id": bank.display_id,
                "protocol": "as4",
                "address": f"https://as4.example/{made - number}",
            }
            for number in range(count)
        ]

    statements(writer, "POST", path, bodies(1))  # whatever is asked once
    of_each = {"create": [statements(writer, "POST", path, bodies(count)) for count in (1, 11, 31)]}
    ids = [one["id"] for one in writer.list("endpoints", {"limit": 200})]
    of_each["update"] = [
        statements(writer, "PATCH", path, [{"id": row_id, "priority": count} for row_id in ids[:count]])
        for count in (1, 11, 31)
    ]
    of_each["delete"] = [
        statements(writer, "POST", f"{path}/bulk-delete", [ids.pop() for _ in range(count)])
        for count in (1, 11, 31)
    ]
    increments = {
        name: [(eleven - one) / 10, (many - eleven) / 20] for name, (one, eleven, many) in of_each.items()
    }
    assert increments == {name: [count, count] for name, count in STATEMENTS_OF_AN_ITEM.items()}


def test_the_people_of_another_tenant_change_nothing_by_many(globex, banks, acme):
    stranger = Api("globex", make_token("globex", *WRITE, may_write=True))
    assert stranger.send("PATCH", PATH, [{"id": banks[0].display_id, "name": "Mine"}]).status_code == 400
    assert stranger.post(f"{PATH}/bulk-delete", [banks[0].display_id]).status_code == 400
    assert names(acme) == ["Bank 0", "Bank 1", "Bank 2"]
    assert cast.tenant("globex").pk == globex.pk
