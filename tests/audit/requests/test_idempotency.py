"""A write that is repeated with its Idempotency-Key has one effect, and one answer."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, connections, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from audit.requests.models import IdempotencyKey
from audit.requests.operations import prune_answers
from audit.requests.operations.answers import WAIT_MS
from config.foundation.keys import blind_index
from config.foundation.rest.idempotency import IDEMPOTENCY_KEY, REPLAYED
from customers.identity.models import ApiToken, Privilege
from directory.models import Identifier, Participant, RoutingArtifact
from directory.operations import save_row
from directory.rest.resources import Participants
from tests import cast
from tests.cast import ACTOR
from tests.directory.rest.calling import Api, places, problem_of
from tests.directory.rest.writes import tables, written
from tests.roles import as_owner
from tests.sealing import seal
from tests.together import run_together

WRITE = ("directory.read", "directory.manage")
PARTICIPANTS = "directory/participants"
KEY = '"8e03978e-40d5-43e8-bc93-6894a57f9324"'
BODY = {"name": "Bank US", "country": "US"}
MERCHANT = "MERCHANT0000001"
CARD = "4539578763621486"


def make_writer(slug="acme", *privileges):
    return Api(slug, cast.make_token(slug, *WRITE, *privileges, may_write=True))


@pytest.fixture
def writer(acme):
    return make_writer()


def create(api, body: Any = BODY, key=KEY, path=PARTICIPANTS):
    return api.send("POST", path, body, idempotency_key=key)


def names(tenant):
    with tenant:
        return list(Participant.objects.order_by("name").values_list("name", flat=True))


def count_keys(tenant):
    with tenant:
        return IdempotencyKey.objects.count()


def count_events(tenant, **only):
    seal()
    with tenant:
        return AuditEvent.objects.filter(**only).count()


def age(tenant, hours):
    """Make every key of a tenant that many hours older."""
    with tenant, as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE idempotency_key SET created_at = created_at - make_interval(hours => %s)", [hours]
        )


def narrow(*privileges):
    """Leave the only token with these privileges."""
    ApiToken.objects.get().privileges.set(Privilege.objects.filter(code__in=privileges))


def told(response):
    return (
        response.status_code,
        response.content,
        *(response.get(name) for name in ("ETag", "Location", "Content-Type")),
    )


def test_a_repetition_is_given_the_first_answer_byte_for_byte_and_has_no_effect(writer, acme):
    first = create(writer)
    assert (first.status_code, first.has_header(REPLAYED)) == (201, False), first.content
    again = create(writer)
    assert again[REPLAYED] == "true"
    assert told(again) == told(first)
    assert again["X-Request-ID"] != first["X-Request-ID"]
    assert names(acme) == ["Bank US"]
    assert count_events(acme, resource="directory.participant") == 1


def test_the_order_of_a_bodys_keys_and_the_keys_quotes_make_no_difference(writer, acme):
    first = create(writer)
    again = create(writer, dict(reversed(BODY.items())), KEY.strip('"'))
    assert (told(again), again[REPLAYED]) == (told(first), "true")


def test_another_body_under_the_same_key_is_refused_and_not_kept(writer, acme):
    first = create(writer)
    other = create(writer, {"name": "Bank SE"})
    assert (other.status_code, problem_of(other)["code"]) == (422, "idempotency_mismatch")
    assert names(acme) == ["Bank US"]
    assert told(create(writer)) == told(first)


def test_a_change_is_made_once(writer, acme):
    path = f"{PARTICIPANTS}/{create(writer, key='').json()['id']}"
    answers = [writer.send("PATCH", path, {"tags": ["a"]}, idempotency_key=KEY) for _ in range(2)]
    assert answers[0].status_code == 200
    assert told(answers[0]) == told(answers[1])
    writer.send("PATCH", path, {"tags": ["b"]})
    late = writer.send("PATCH", path, {"tags": ["a"]}, idempotency_key=KEY)
    assert (late.json()["tags"], late[REPLAYED]) == (["a"], "true")
    assert writer.get(path).json()["tags"] == ["b"]


def test_an_activation_is_made_once(writer, acme):
    with acme:
        draft = save_row(actor=ACTOR, row=RoutingArtifact(kind="bin_table", name="t"))
    path = f"directory/routing-artifacts/{draft.display_id}/activate"
    answers = [writer.send("POST", path, idempotency_key=KEY) for _ in range(2)]
    assert answers[0].status_code == 200, answers[0].content
    assert told(answers[0]) == told(answers[1])
    assert count_events(acme, action="activate") == 1


@pytest.mark.parametrize("table", tables(), ids=lambda table: table.path)
def test_every_table_takes_a_key(table, acme):
    world = written(make_writer("acme", "view_confidential"), acme)
    body = world.body(table)
    answers = [
        world.send("POST", table.path, body, **{IDEMPOTENCY_KEY: KEY, "If-Match": "*"}) for _ in range(2)
    ]
    assert answers[0].status_code == 201, answers[0].content
    assert (told(answers[1]), answers[1][REPLAYED]) == (told(answers[0]), "true")


def test_the_same_key_of_another_token_tenant_method_or_address_is_another_call(writer, acme, globex):
    create(writer)
    own = f"{PARTICIPANTS}/{create(writer, {'name': 'Bank SE'}, key='').json()['id']}"
    others = [
        create(make_writer(), {"name": "by another token"}),
        create(make_writer("globex"), {"name": "in another tenant"}),
        writer.send("PATCH", own, {"tags": ["x"]}, idempotency_key=KEY),
        create(writer, {"name": "p", "kind": "file", "settings": {"path": "x"}}, path="directory/sources"),
    ]
    assert [one.status_code for one in others] == [201, 201, 200, 201]
    assert [one.has_header(REPLAYED) for one in others] == [False] * 4
    assert (count_keys(acme), count_keys(globex)) == (4, 1)


def test_the_tenants_host_and_the_platforms_path_lead_to_the_same_call(writer, acme):
    first = create(writer)
    with acme:
        host = acme.domains.get(is_primary=True).domain
    again = create(Api("acme", writer.token, Client(headers={"Host": host})), path=f"/api/v1/{PARTICIPANTS}")
    assert (told(again), again[REPLAYED]) == (told(first), "true")


def test_without_a_key_and_for_a_deletion_nothing_is_kept(writer, acme):
    made = create(writer, key="")
    writer.send("DELETE", f"{PARTICIPANTS}/{made.json()['id']}", idempotency_key=KEY)
    assert count_keys(acme) == 0


@pytest.mark.parametrize(
    "key", [" ", '""', '"a', 'a"b', '"a" "b"', '"a", "b"', "a, b", '"a\\b"', '"é"', "é", "x" * 256, f'"{"x" * 256}"']
)  # fmt: skip
def test_what_is_no_key_is_refused_at_its_header(writer, acme, key):
    refused = create(writer, key=key)
    assert refused.status_code == 400
    assert places(refused) == [(IDEMPOTENCY_KEY, "invalid_key")]
    assert (names(acme), count_keys(acme)) == ([], 0)


@pytest.mark.parametrize("key", ["x", "x" * 255, '"a b"', '"a\\"b"', '"a,b;c=d"', "order:42/7"])
def test_any_printable_text_is_a_key(writer, acme, key):
    assert create(writer, key=key).status_code == 201
    assert create(writer, key=key)[REPLAYED] == "true"


@pytest.mark.parametrize("row_id", [f"par_{'f' * 3000}", CARD, f"par_{CARD}"])
def test_an_address_that_can_name_nothing_is_refused_and_not_kept(writer, acme, row_id):
    answer = writer.send("PATCH", f"{PARTICIPANTS}/{row_id}", {"tags": []}, idempotency_key=KEY)
    assert (answer.status_code, problem_of(answer)["code"]) == (404, "not_found")
    assert count_keys(acme) == 0


def test_an_unknown_object_is_kept_as_such(writer):
    path = f"{PARTICIPANTS}/par_{'f' * 32}"
    answers = [writer.send("PATCH", path, {"tags": []}, idempotency_key=KEY) for _ in range(2)]
    assert answers[0].status_code == 404
    assert (told(answers[1]), answers[1][REPLAYED]) == (told(answers[0]), "true")


def test_a_refusal_is_kept_and_given_again_though_it_would_pass_now(writer, acme):
    policy = {"name": "n", "rule_json": {"when": {"attr": "time.hour", "op": "gte", "value": 22}}}
    policy["effect"] = "deny"
    made = create(writer, policy, key="", path="directory/policies")
    refused = create(writer, policy, path="directory/policies")
    assert (refused.status_code, problem_of(refused)["code"]) == (409, "duplicate")
    events = count_events(acme, action="refused")
    writer.send("DELETE", f"directory/policies/{made.json()['id']}")
    again = create(writer, policy, path="directory/policies")
    assert (told(again), again[REPLAYED]) == (told(refused), "true")
    assert count_events(acme, action="refused") == events
    assert create(writer, policy, key='"another"', path="directory/policies").status_code == 201


@pytest.mark.parametrize(("body", "status"), [({"nmae": "x"}, 400), ({"name": ""}, 400), ([], 400)], ids=str)
def test_a_refused_body_is_kept_without_a_row(writer, acme, body, status):
    refused = create(writer, body)
    assert refused.status_code == status
    again = create(writer, body)
    assert (told(again), again[REPLAYED], names(acme)) == (told(refused), "true", [])


def test_a_stale_precondition_is_kept_with_its_tag(writer):
    path = f"{PARTICIPANTS}/{create(writer, key='').json()['id']}"
    answers = [
        writer.send("PATCH", path, {"tags": []}, idempotency_key=KEY, if_match='"old"') for _ in range(2)
    ]
    assert answers[0].status_code == 412
    assert told(answers[0]) == told(answers[1])
    assert answers[1]["ETag"] == writer.get(path)["ETag"]


def test_a_fault_of_ours_leaves_neither_row_nor_key(writer, acme, monkeypatch):
    def fail(*args, **kwargs):
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(Participants, "answer", fail)
        assert create(writer).status_code == 500
    assert (names(acme), count_keys(acme)) == ([], 0)
    assert create(writer).status_code == 201


def test_a_key_that_cannot_be_kept_takes_the_effect_with_it(writer, acme):
    with acme, as_owner(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE idempotency_key ADD CONSTRAINT none CHECK (status = 0) NOT VALID")
    assert create(writer).status_code in (400, 409, 500)
    assert names(acme) == []


def test_who_may_no_longer_write_or_read_is_given_no_kept_answer(writer, acme):
    create(writer)
    narrow("directory.read")
    assert problem_of(create(writer))["needed"] == "directory.manage"
    narrow("directory.manage")
    assert problem_of(create(writer))["needed"] == "directory.read"


def test_the_answer_outlives_the_row(writer, acme):
    first = create(writer)
    writer.send("DELETE", f"{PARTICIPANTS}/{first.json()['id']}")
    assert told(create(writer)) == told(first)
    assert names(acme) == []


def confidential(api):
    bank = create(api, key="").json()["id"]
    body = {"participant_id": bank, "identifier_type": "mid", "value": MERCHANT}
    return lambda: create(api, body, path="directory/identifiers")


def test_a_confidential_value_is_shown_again_as_an_audited_reading_to_who_still_may_see_it(acme):
    write = confidential(make_writer("acme", "view_confidential"))
    first = write()
    assert first.json()["value"] == MERCHANT
    assert count_events(acme, action="read") == 1
    assert told(write()) == told(first)
    assert count_events(acme, action="read") == 2
    with acme:
        (one, other) = AuditEvent.objects.filter(action="read").order_by("pk")
    assert (one.resource_id, one.payload) == (other.resource_id, other.payload)
    narrow(*WRITE)
    refused = write()
    assert (refused.status_code, problem_of(refused)["needed"]) == (403, "view_confidential")
    assert MERCHANT not in refused.content.decode()


def test_the_table_holds_no_confidential_value_nor_what_a_caller_puts_into_a_key(acme):
    writer = make_writer("acme", "view_confidential")
    confidential(writer)()
    create(writer, key=CARD)
    create(writer, {"name": CARD}, key='"refused"')
    with acme, connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(t::text, '') FROM idempotency_key t")
        (dump,) = cursor.fetchone()
        assert Identifier.objects.exists()
        assert [row.body[:5] for row in IdempotencyKey.objects.all()] == ["enc1."] * 3
    assert MERCHANT not in dump
    assert CARD not in dump


def test_the_same_body_has_another_fingerprint_in_another_tenant(writer, acme, globex):
    create(writer)
    create(make_writer("globex"))
    found = []
    for tenant in (acme, globex):
        with tenant:
            found.append(IdempotencyKey.objects.get().fingerprint)
    assert found[0] != found[1]


def test_a_key_holds_for_24_hours_and_is_then_written_over(writer, acme):
    first = create(writer)
    age(acme, 23)
    assert told(create(writer)) == told(first)
    age(acme, 1)
    other = create(writer, {"name": "Bank SE"})
    assert (other.status_code, other.has_header(REPLAYED)) == (201, False)
    assert count_keys(acme) == 1
    assert told(create(writer, {"name": "Bank SE"})) == told(other)


def test_a_call_that_somebody_answered_without_reserving_it_has_no_effect(writer, acme, monkeypatch):
    create(writer)
    monkeypatch.setattr("audit.requests.models.answers.IdempotencyKeyQuerySet.live", lambda rows: rows.none())
    again = create(writer)
    assert (again.status_code, problem_of(again)["code"]) == (409, "idempotency_in_progress")
    assert names(acme) == ["Bank US"]


def prune(tenant, **options):
    with as_owner():
        return prune_answers(schema=tenant.schema_name, using="default", **options)


def test_what_has_expired_is_deleted_in_its_own_schema(writer, acme, globex):
    create(writer)
    create(make_writer("globex"))
    age(acme, 24)
    age(globex, 24)
    create(writer, key='"new"')
    assert prune(acme, is_dry_run=True) == 1
    assert count_keys(acme) == 2
    assert prune(acme) == 1
    assert (count_keys(acme), count_keys(globex)) == (1, 1)


def test_the_application_deletes_no_key(writer, acme):
    create(writer)
    with acme, pytest.raises(DatabaseError), transaction.atomic():
        prune_answers(schema=acme.schema_name, using="default")


def test_a_call_has_one_row(writer, acme):
    create(writer)
    with acme:
        row = IdempotencyKey.objects.get()
        row.pk = None
        with pytest.raises(IntegrityError, match="idempotency_key_once"), transaction.atomic():
            row.save(force_insert=True)


def count_statements(api, number, key):
    with CaptureQueriesContext(connection) as caught:
        assert create(api, {"name": f"Bank {number}"}, key).status_code == 201
    return len(caught)


def test_a_key_costs_a_constant_number_of_statements(writer):
    create(writer, {"name": "warm"}, "")
    plain = {count_statements(writer, number, "") for number in range(3)}
    keyed = {count_statements(writer, number, f'"{number}"') for number in range(3, 6)}
    assert (len(plain), len(keyed)) == (1, 1)
    assert keyed.pop() - plain.pop() <= 6


@pytest.mark.race
def test_of_twenty_at_once_one_has_an_effect_and_all_are_told_the_same(committed):
    acme, writer = cast.tenant("acme"), make_writer()
    answers = run_together(*[lambda: create(Api("acme", writer.token))] * 20)
    told_201 = [one for one in answers if one.status_code == 201]
    busy = [one for one in answers if one.status_code != 201]
    assert {one.status_code for one in busy} <= {409}
    assert all(problem_of(one)["code"] == "idempotency_in_progress" and one["Retry-After"] for one in busy)
    assert len({told(one) for one in told_201}) == 1
    assert [one.has_header(REPLAYED) for one in told_201].count(False) == 1
    with acme:
        assert Participant.objects.count() == 1
        assert AuditEvent.objects.filter(resource="directory.participant", action="create").count() == 1
        assert IdempotencyKey.objects.count() == 1


@pytest.mark.race
def test_an_answer_that_was_lost_after_the_commit_is_given_to_the_next_try(committed, monkeypatch):
    acme, writer = cast.tenant("acme"), make_writer()

    def lose(*args, **kwargs):
        raise ConnectionResetError

    with monkeypatch.context() as patched:
        patched.setattr(Participants, "finalize_response", lose)  # the transaction has been committed by then
        assert create(writer).status_code == 500
    again = create(writer)
    assert (again.status_code, again[REPLAYED]) == (201, "true")
    with acme:
        (row,) = Participant.objects.all()
        assert AuditEvent.objects.filter(resource="directory.participant", action="create").count() == 1
    assert json.loads(again.content)["id"] == row.display_id


@pytest.mark.race
def test_who_waits_too_long_for_the_first_call_is_told_to_come_again(committed, monkeypatch):
    writer = make_writer()
    monkeypatch.setattr("audit.requests.operations.answers.WAIT_MS", WAIT_MS // 10)
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        principal = f"token:{writer.token.partition('_')[2].partition('.')[0]}"
        schema = cast.tenant("acme").schema_name
        digest = blind_index(schema, "idempotency key", KEY.strip('"'))
        name = f"switchboard call {schema} {principal} POST /api/v1/{PARTICIPANTS} {digest}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
        refused = create(writer)
    assert (refused.status_code, problem_of(refused)["code"]) == (409, "idempotency_in_progress")
    assert refused["Retry-After"] == "1"
    assert create(writer).status_code == 201


@pytest.mark.race
def test_a_refusal_that_passes_is_not_kept(committed, monkeypatch):
    acme, writer = cast.tenant("acme"), make_writer()
    made = create(writer, key="").json()
    monkeypatch.setattr("config.foundation.actor.LOCK_TIMEOUT_MS", 200)
    path = f"{PARTICIPANTS}/{made['id']}"
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute(f'SELECT FROM "{acme.schema_name}".directory_participant FOR UPDATE')
        busy = writer.send("PATCH", path, {"tags": ["a"]}, idempotency_key=KEY)
    assert (busy.status_code, problem_of(busy)["code"]) == (503, "busy")
    assert count_keys(acme) == 0
    assert writer.send("PATCH", path, {"tags": ["a"]}, idempotency_key=KEY).status_code == 200


@pytest.mark.race
def test_the_command_says_what_it_deletes(committed):
    acme, writer = cast.tenant("acme"), make_writer()
    create(writer)
    age(acme, 24)

    def run(*arguments):
        out = StringIO()
        call_command("prune_requests", *arguments, stdout=out)
        return out.getvalue().splitlines()

    assert run() == ["0 answers older than 24 hours and 0 rate buckets deleted"]
    assert run("--all", "--dry-run") == [
        "acme: 1 answer",
        "1 answer older than 24 hours and 0 rate buckets would be deleted",
    ]
    assert run("--tenant", "acme") == [
        "acme: 1 answer",
        "1 answer older than 24 hours and 0 rate buckets deleted",
    ]
    assert count_keys(acme) == 0
