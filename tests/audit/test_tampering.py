"""Forgeries besides those of single bytes: events put in between, with everything recomputed but the head."""

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
