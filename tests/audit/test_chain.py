import hashlib
import json
from uuid import uuid4

import pytest

from audit import chain as chain_module
from audit.chain import BATCH_SIZE, chain_hash, verify
from audit.enums import FlawKind
from audit.models import AuditEvent
from config.foundation.actor import Actor, acting, request_context


@pytest.fixture(params=[1, 2, 3, 4, BATCH_SIZE], ids=lambda size: f"batches of {size}")
def chain(things, acme, request):
    """Ten events and more in acme's chain; gives the id of the fifth of them and a function that verifies."""
    for number in range(10):
        things.create(f"n{number}")
    first = things.events()[0].id
    return first + 4, lambda **options: verify(acme.schema_name, batch_size=request.param, **options)


def test_an_untouched_chain_is_valid_from_any_event_on(chain):
    fifth, verified = chain
    whole = verified()
    assert whole.is_valid
    assert whole.verified_count == whole.last_id == fifth + 5
    assert verified(from_id=fifth).verified_count == 6


def test_the_hashes_are_those_that_the_documentation_promises(chain):
    previous = bytes(32)
    for number, event in enumerate(AuditEvent.objects.order_by("pk"), start=1):
        assert event.id == number
        assert bytes(event.leaf) == hashlib.sha256(event.record.encode()).digest()
        assert bytes(event.hash_prev) == previous
        previous = hashlib.sha256(previous + number.to_bytes(8, "big") + bytes(event.leaf)).digest()
        assert bytes(event.hash) == previous


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ("record = replace(record, 'n4', 'n5')", FlawKind.RECORD),
        ("leaf = set_byte(leaf, 0, get_byte(leaf, 0) # 1)", FlawKind.RECORD),
        (
            "record = replace(record, 'n4', 'n5'), leaf = sha256(replace(record, 'n4', 'n5')::bytea)",
            FlawKind.HASH,
        ),
        ("hash_prev = set_byte(hash_prev, 31, get_byte(hash_prev, 31) # 1)", FlawKind.ORDER),
        ("hash = set_byte(hash, 31, get_byte(hash, 31) # 1)", FlawKind.HASH),
        ("payload = jsonb_set(payload, '{after,name}', '\"n5\"')", FlawKind.COLUMNS),
        ("actor = 'user:someone else'", FlawKind.COLUMNS),
        ("at = at + interval '1 microsecond'", FlawKind.COLUMNS),
        ("tenant_id = gen_random_uuid()", FlawKind.COLUMNS),
    ],
)
def test_a_changed_byte_is_found_where_it_is(chain, tamper, change, kind):
    fifth, verified = chain
    assert tamper(f"UPDATE audit_event SET {change} WHERE id = %s", fifth) == 1
    flaw = verified().flaw
    assert (flaw.event_id, flaw.kind) == (fifth, kind)


def test_an_altered_column_is_named(chain, tamper):
    fifth, verified = chain
    tamper("UPDATE audit_event SET actor = 'x', reason = 'y' WHERE id = %s", fifth)
    assert "actor, reason" in verified().flaw.message


def test_a_deleted_event_is_named(chain, tamper):
    fifth, verified = chain
    tamper("DELETE FROM audit_event WHERE id = %s", fifth)
    assert (verified().flaw.event_id, verified().flaw.kind) == (fifth, FlawKind.MISSING)
    assert verified(from_id=fifth + 1).flaw.event_id == fifth


def test_two_swapped_events_are_found_at_the_first_of_them(chain, tamper):
    fifth, verified = chain
    tamper("UPDATE audit_event SET id = -id WHERE id IN (%s, %s)", fifth, fifth + 2)
    tamper("UPDATE audit_event SET id = %s + id WHERE id < 0", 2 * fifth + 2)
    assert (verified().flaw.event_id, verified().flaw.kind) == (fifth, FlawKind.ORDER)


def test_swapped_contents_are_found_though_each_record_is_whole(chain, tamper):
    fifth, verified = chain
    tamper(
        "UPDATE audit_event a SET record = b.record, leaf = b.leaf, payload = b.payload,"
        " resource_id = b.resource_id"
        " FROM audit_event b WHERE a.id IN (%s, %s) AND b.id IN (%s, %s) AND a.id <> b.id",
        fifth, fifth + 1, fifth, fifth + 1,
    )  # fmt: skip
    assert (verified().flaw.event_id, verified().flaw.kind) == (fifth, FlawKind.HASH)


def test_a_cut_tail_is_found_by_the_head(chain, tamper):
    fifth, verified = chain
    tamper("DELETE FROM audit_event WHERE id > %s", fifth)
    assert (verified().flaw.event_id, verified().flaw.kind) == (fifth + 1, FlawKind.MISSING)


def test_an_emptied_chain_is_found_by_the_head(chain, tamper):
    _, verified = chain
    tamper("DELETE FROM audit_event")
    assert (verified().flaw.event_id, verified().flaw.kind) == (1, FlawKind.MISSING)


def test_a_tail_rehashed_to_its_end_is_found_by_the_head(chain, tamper):
    fifth, verified = chain
    last = AuditEvent.objects.get(pk=fifth + 5)
    record = last.record.replace("n9", "n0")
    leaf = hashlib.sha256(record.encode()).digest()
    tamper(
        "UPDATE audit_event SET record = %s, payload = (%s::jsonb)->'payload', leaf = %s, hash = %s"
        " WHERE id = %s",
        record, record, leaf, chain_hash(bytes(last.hash_prev), last.id, leaf), last.id,
    )  # fmt: skip
    assert (verified().flaw.event_id, verified().flaw.kind) == (last.id, FlawKind.HEAD)


def test_an_event_put_behind_the_end_is_found(chain, tamper):
    fifth, verified = chain
    tamper(
        "INSERT INTO audit_event SELECT id + 1, at, actor, action, resource, resource_id, payload,"
        " request_id, reason, tenant_id, record, leaf, hash_prev, hash FROM audit_event WHERE id = %s",
        fifth + 5,
    )
    assert (verified().flaw.event_id, verified().flaw.kind) == (fifth + 6, FlawKind.FORGED_TAIL)


def test_a_deleted_head_is_found(chain, tamper):
    _, verified = chain
    tamper("DELETE FROM audit_head")
    assert verified().flaw.kind == FlawKind.HEAD


def test_an_event_that_a_transaction_left_unsealed_is_found(chain, tamper):
    _, verified = chain
    tamper(
        "INSERT INTO audit_pending (transaction_id, at, actor, action, resource, resource_id, payload,"
        " request_id, reason, record, leaf) VALUES (1, now(), '', '', '', '', '{}', '', '', '', '')"
    )
    assert verified().flaw.kind == FlawKind.UNSEALED


def test_a_start_behind_the_end_is_refused(chain):
    fifth, verified = chain
    with pytest.raises(ValueError, match=f"ends at event {fifth + 5}"):
        verified(from_id=fifth + 100)
    with pytest.raises(ValueError, match="starts at event 1"):
        verified(from_id=0)


def test_progress_is_told_on_a_long_chain(things, acme):
    things.execute("INSERT INTO thing (name) SELECT 'n' FROM generate_series(1, 25)")
    count = things.events()[-1].id
    told: list[int] = []
    assert verify(acme.schema_name, batch_size=10, on_progress=told.append).is_valid
    assert told == list(range(10, count, 10))


@pytest.mark.parametrize(
    "value", ['a "quote"', "back\\slash", "line\nbreak", "ümlaut \u2028 😀", "{{}}", "%s"]
)
def test_a_record_of_whatever_text_is_put_together_from_its_columns(things, value):
    with acting(Actor("system", value), reason=value), request_context(request_id=value):
        things.create(value, data=json.dumps({value: [value, 1.5, None]}), tenant_id=uuid4())
    things.create(value)
    things.events()
    assert things.fetch(f"SELECT count(*) FROM audit_event WHERE record <> {chain_module._REBUILT}") == [(0,)]
