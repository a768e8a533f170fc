"""Forgeries besides those of single bytes: events put in between, with everything recomputed but the head."""

import pytest

from audit.chain import verify
from audit.enums import FlawKind


def test_an_event_put_in_between_is_found_where_it_stands(things, acme, tamper):
    for number in range(6):
        things.create(f"n{number}")
    third = things.events()[2].id
    # from the end, so that no id is met twice
    last = things.events()[-1].id
    for event_id in range(last, third - 1, -1):
        tamper("UPDATE audit_event SET id = id + 1 WHERE id = %s", event_id)
    tamper(
        "INSERT INTO audit_event SELECT %s, at, actor, action, resource, resource_id, payload, request_id, reason,"
        " tenant_id, record, leaf, hash_prev, hash FROM audit_event WHERE id = %s",
        third,
        third + 1,
    )
    flaw = verify(acme.schema_name).flaw
    assert flaw is not None
    assert (flaw.event_id, flaw.kind) == (third + 1, FlawKind.ORDER)


def test_an_event_put_in_between_and_chained_anew_is_found_by_the_head(things, acme, tamper):
    for number in range(4):
        things.create(f"n{number}")
    last = things.events()[-1].id
    tamper(
        "INSERT INTO audit_event SELECT %s, at, actor, action, resource, resource_id, payload, request_id, reason,"
        " tenant_id, record, leaf, hash, sha256(hash || int8send(%s::bigint) || leaf) FROM audit_event WHERE id = %s",
        last + 1,
        last + 1,
        last,
    )
    tamper("UPDATE audit_head SET last_id = %s", last + 1)
    flaw = verify(acme.schema_name).flaw
    assert flaw is not None
    assert flaw.kind == FlawKind.HEAD


@pytest.mark.parametrize(
    "function",
    [
        (
            "to_json(text) RETURNS json LANGUAGE sql AS"
            " $$ SELECT pg_catalog.to_json(replace($1, 'user:mallory', '{actor}')) $$"
        ),
        (
            "convert_to(text, text) RETURNS bytea LANGUAGE sql AS"
            " $$ SELECT pg_catalog.convert_to(replace($1, 'user:mallory', '{actor}'), 'UTF8') $$"
        ),
    ],
    ids=["to_json", "convert_to"],
)
@pytest.mark.parametrize("columns", [["actor"], ["record"], ["actor", "record"]], ids="-".join)
def test_a_function_of_an_intruder_named_like_one_of_postgresql_hides_nothing(
    things, acme, tamper, function, columns
):
    things.create()
    event = things.events()[0]
    changes = ", ".join(
        f"{column} = replace({column}, '{event.actor}', 'user:mallory')" for column in columns
    )
    assert tamper(f"UPDATE audit_event SET {changes} WHERE id = %s", event.id) == 1
    tamper(f"CREATE FUNCTION {function.replace('{actor}', event.actor)}")  # found: its type fits more exactly
    flaw = verify(acme.schema_name).flaw
    assert flaw is not None
    assert flaw.event_id == event.id


@pytest.mark.parametrize("length", [1, 3, 4])
@pytest.mark.parametrize("offset", range(4))
def test_a_gap_across_the_borders_of_batches_is_named_by_its_first_event(
    things, acme, tamper, offset, length
):
    for number in range(10):
        things.create(f"n{number}")
    first = things.events()[0].id + offset
    tamper("DELETE FROM audit_event WHERE id BETWEEN %s AND %s", first, first + length - 1)
    flaw = verify(acme.schema_name, batch_size=3).flaw
    assert flaw is not None
    assert (flaw.event_id, flaw.kind) == (first, FlawKind.MISSING)


@pytest.mark.parametrize("offsets", [(0, 1), (1, 2), (2, 3), (0, 5)])
def test_of_two_flaws_the_first_is_named(things, acme, tamper, offsets):
    for number in range(6):
        things.create(f"n{number}")
    start = things.events()[0].id
    for offset in offsets:
        tamper("UPDATE audit_event SET reason = 'x' WHERE id = %s", start + offset)
    flaw = verify(acme.schema_name, from_id=start, batch_size=3).flaw
    assert flaw is not None
    assert flaw.event_id == start + offsets[0]


def test_a_tail_cut_off_together_with_the_head_is_for_a_published_checkpoint_to_find(things, acme, tamper):
    for number in range(6):
        things.create(f"n{number}")
    third = things.events()[2].id
    tamper("DELETE FROM audit_event WHERE id > %s", third)
    tamper(
        "UPDATE audit_head SET last_id = e.id, last_hash = e.hash FROM audit_event AS e WHERE e.id = %s",
        third,
    )
    result = verify(acme.schema_name)
    assert result.is_valid  # what is left is a whole chain, only shorter than one that was seen
    assert result.last_id == third
