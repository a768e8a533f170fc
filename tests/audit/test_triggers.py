import uuid

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from audit.models import AuditEvent, PendingEvent, PrivateValue, SealMarker
from config.foundation.actor import Actor, acting, request_context
from config.foundation.rows import public_schema
from tests.audit.conftest import make_table
from tests.roles import as_owner
from tests.sealing import seal

ALICE = uuid.UUID(int=0xA11CE)
STAMPS = "created_at, created_by, updated_at, updated_by, row_version"


def create_and_undo(things):
    with transaction.atomic():
        things.create("undone")
        transaction.set_rollback(True)


def test_an_insert_leaves_one_create_event_with_the_values_that_are_set(things):
    row = things.create("x", data='{"a": 1}')
    (event,) = things.events()
    assert (event.action, event.resource, event.resource_id) == ("create", "tests.thing", str(row))
    assert event.payload == {"before": {}, "after": {"name": "x", "data": {"a": 1}, "tier": 0}}


def test_an_update_leaves_one_event_with_the_changed_columns_alone(things):
    row = things.create("x")
    things.execute("UPDATE thing SET name = 'y', seen_at = NULL WHERE id = %s", row)
    assert things.events()[1].payload == {"before": {"name": "x"}, "after": {"name": "y"}}


def test_a_delete_leaves_one_event_with_the_values_that_were_set(things):
    row = things.create("x")
    things.execute("DELETE FROM thing WHERE id = %s", row)
    assert [e.action for e in things.events()] == ["create", "delete"]
    assert things.events()[1].payload == {"before": {"name": "x", "tier": 0}, "after": {}}


def test_a_statement_over_many_rows_leaves_one_event_for_each_changed_row(things):
    for name in ("a", "b", "c"):
        things.create(name)
    assert things.execute("UPDATE thing SET name = 'c'") == 3
    events = [e for e in things.events() if e.action == "update"]
    assert sorted(e.before["name"] for e in events) == ["a", "b"]


def test_an_update_to_equal_values_changes_no_stamp_and_leaves_no_event(things):
    row = things.create("x")
    stamps = things.fetch(f"SELECT {STAMPS} FROM thing")
    assert (
        things.execute("UPDATE thing SET name = 'x', row_version = 7, updated_at = now() WHERE id = %s", row)
        == 1
    )
    assert things.fetch(f"SELECT {STAMPS} FROM thing") == stamps
    assert len(things.events()) == 1


def test_stamps_say_who_and_count_versions_whatever_the_statement_says(things):
    with acting(Actor.user(ALICE)):
        things.execute(
            "INSERT INTO thing (name, created_at, updated_by, row_version)"
            " VALUES ('x', '2000-01-01Z', gen_random_uuid(), 9)"
        )
    [(created_at, created_by, updated_at, updated_by, version)] = things.fetch(f"SELECT {STAMPS} FROM thing")
    assert (created_by, updated_by, version) == (ALICE, ALICE, 1)
    assert created_at == updated_at
    assert created_at.year > 2000
    things.execute("UPDATE thing SET name = 'y', created_by = NULL, row_version = 50")
    [(_, created_by, _, updated_by, version)] = things.fetch(f"SELECT {STAMPS} FROM thing")
    assert (created_by, updated_by, version) == (ALICE, None, 2)


def test_the_id_of_a_row_never_changes(things):
    things.create()
    with pytest.raises(IntegrityError, match="never changes"):
        things.execute("UPDATE thing SET id = gen_random_uuid()")


def test_truncate_is_refused_because_it_would_leave_no_events(things):
    with as_owner(), pytest.raises(DatabaseError, match=r"TRUNCATE of .*thing is refused"):
        things.execute("TRUNCATE thing")


def test_actor_verb_reason_and_request_come_from_the_act(things):
    with (
        request_context(request_id="req-1"),
        acting(Actor.system("sync"), verb="import", reason='it\'s "due"'),
    ):
        things.create()
    (event,) = things.events()
    assert (event.actor, event.action, event.reason, event.request_id) == (
        "system:sync",
        "import",
        'it\'s "due"',
        "req-1",
    )


def test_a_write_of_nobody_is_recorded_as_the_database_role(things):
    things.create()
    [(role,)] = things.fetch("SELECT session_user")
    assert things.events()[0].actor == f"database:{role}"


def test_a_nested_act_ends_with_the_act_around_it_in_force_again(things):
    with acting(Actor.system("outer"), reason="r"):
        with acting(Actor.user(ALICE), verb="activate"):
            things.create("inner")
        things.create("outer")
    assert [(e.actor, e.action, e.reason) for e in things.events()] == [
        (f"user:{ALICE}", "activate", "r"),
        ("system:outer", "create", "r"),
    ]


def test_the_platforms_events_name_the_tenant_that_they_are_about(things):
    things.create(tenant_id=ALICE)
    assert things.events()[0].tenant_id == ALICE


def test_confidential_personal_and_secret_values_stand_nowhere_in_the_chain(things):
    words = {"person": "Ann Example", "iban": "DE89370400440532013000", "key": b"hunter2-key"}
    row = things.create("x", **words)
    things.execute(
        "UPDATE thing SET person = 'Eve Example', iban = 'GB82WEST12345698765432', key = 'other-key'"
    )
    things.execute("DELETE FROM thing WHERE id = %s", row)
    seal()
    [(text,)] = things.fetch("SELECT string_agg(to_jsonb(e)::text, '') FROM audit_event e")
    for word in ("Example", "DE89", "GB82", b"hunter2-key".hex(), b"other-key".hex()):
        assert word not in text
    after = things.events()[0].after
    assert after["key"] == {"secret": True}
    assert after["iban"]["digest"].startswith("sha256:")


def test_equal_confidential_values_have_equal_digests_and_personal_values_never(things):
    for _ in range(2):
        things.create(iban="DE89", person="Ann")
    first, second = (event.after for event in things.events())
    assert first["iban"] == second["iban"]
    assert first["person"] != second["person"]


def test_a_personal_value_can_be_told_from_its_side_row_and_erased_with_it(things):
    row = things.create(person="Ann")
    digest = things.events()[0].after["person"]["digest"].removeprefix("sha256:")
    kept = PrivateValue.objects.get(digest=bytes.fromhex(digest))
    assert (kept.value, kept.field, kept.resource, kept.resource_id) == (
        "Ann",
        "person",
        "tests.thing",
        str(row),
    )
    with as_owner():
        assert PrivateValue.objects.filter(resource_id=str(row)).delete()[0] == 1


def test_a_value_whose_tier_depends_on_the_row_is_hidden_from_tier_two_up(things):
    row = things.create(value="open", tier=1)
    things.execute("UPDATE thing SET value = 'closed', tier = 2 WHERE id = %s", row)
    created, changed = things.events()
    assert created.after["value"] == "open"
    assert set(changed.after["value"]) == {"digest"}
    assert set(changed.before["value"]) == {"digest"}


def test_times_in_the_payload_do_not_depend_on_the_sessions_time_zone(things):
    things.execute("SET LOCAL timezone = 'Asia/Tokyo'")
    things.create(seen_at="2026-01-01T00:00:00Z")
    assert things.events()[0].after["seen_at"] == "2026-01-01T00:00:00+00:00"


def test_long_values_are_kept_whole(things):
    things.create("ä" * 100_000)
    assert things.events()[0].after["name"] == "ä" * 100_000


def test_a_rolled_back_write_leaves_neither_event_nor_gap(things):
    things.create("kept")
    create_and_undo(things)
    things.create("kept too")
    events = things.events()
    assert [e.after["name"] for e in events] == ["kept", "kept too"]
    assert events[1].id == events[0].id + 1


def test_a_rolled_back_first_write_does_not_keep_later_ones_from_being_sealed(things):
    create_and_undo(things)
    things.create("kept")
    assert [e.after["name"] for e in things.events()] == ["kept"]


def test_writes_after_a_seal_in_the_same_transaction_are_sealed_as_well(things):
    for name in ("a", "b", "c"):
        things.create(name)
        seal()
    things.execute("UPDATE thing SET name = name || '!'")
    events = things.events()
    assert [e.action for e in events] == ["create"] * 3 + ["update"] * 3
    assert [e.id for e in events] == list(range(events[0].id, events[0].id + 6))
    assert not PendingEvent.objects.exists()
    assert not SealMarker.objects.exists()


def test_each_schema_has_a_chain_of_its_own_whatever_the_search_path_says(things, globex):
    with public_schema():
        make_table()
    with globex:
        make_table()
    things.execute("INSERT INTO public.thing (name) VALUES (%s)", "public")
    things.execute(f'INSERT INTO "{globex.schema_name}".thing (name) VALUES (%s)', "globex")
    things.create("acme")
    assert [e.after["name"] for e in things.events()] == ["acme"]
    with globex:
        assert [e.after["name"] for e in things.events()] == ["globex"]
    with public_schema():
        assert [e.after["name"] for e in things.events()] == ["public"]


def test_the_search_path_is_the_clients_own_again_after_a_write(things):
    path = things.fetch("SHOW search_path")
    things.create()
    seal()
    assert things.fetch("SHOW search_path") == path


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET reason = 'x'",
        "DELETE FROM audit_event",
        "TRUNCATE audit_event",
        "INSERT INTO audit_event SELECT * FROM audit_event",
        "UPDATE audit_head SET last_id = 0",
        "DELETE FROM audit_head",
        "TRUNCATE audit_head",
        "UPDATE audit_salt SET salt = ''",
        "DELETE FROM audit_salt",
        "UPDATE audit_private SET value = '1'",
        "INSERT INTO audit_marker VALUES (1)",
        "TRUNCATE audit_pending",
    ],
)
def test_the_chain_refuses_to_be_written_by_hand(things, statement):
    things.create(person="Ann", iban="DE89")
    seal()
    with as_owner(), pytest.raises(DatabaseError, match="is refused"):
        things.execute(statement)


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM audit_pending", "UPDATE audit_pending SET reason = 'x'", "DELETE FROM audit_marker"],
)
def test_an_event_cannot_be_suppressed_before_it_is_sealed(things, statement):
    things.create()
    with as_owner(), pytest.raises(DatabaseError, match="is refused"):
        things.execute(statement)


def test_a_change_whose_event_cannot_be_written_does_not_happen(things):
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_pending ADD CONSTRAINT broken CHECK (false) NOT VALID")
    with pytest.raises(IntegrityError), transaction.atomic():
        things.create()
    assert things.fetch("SELECT count(*) FROM thing") == [(0,)]
    assert not AuditEvent.objects.filter(resource="tests.thing").exists()
