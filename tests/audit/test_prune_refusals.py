"""Counters of refusals are deleted after their time; the chain is not touched."""

import re
import uuid
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connections, transaction

from audit.chain import verify
from audit.models import AuditEvent, RefusalTally
from audit.operations import Pruned, prune_refusals, record_refusal
from config.foundation.actor import Actor
from config.foundation.rows import public_schema
from tests import cast
from tests.roles import as_owner
from tests.sealing import seal

ACTOR = Actor.system("prune_refusals")
NOW = datetime.now(UTC)
KEPT = timedelta(days=400)


def refuse(times, *, days_ago, number=1):
    """Have somebody refused that often in a minute that long ago, in the schema that is selected."""
    actor = Actor.user(uuid.UUID(int=number))
    for _ in range(times):
        record_refusal(actor=actor, code="stale", resource="directory.participant")
    RefusalTally.objects.filter(actor=str(actor)).update(minute=NOW - timedelta(days=days_ago))


def prune(tenant, **options):
    with as_owner():
        return prune_refusals(
            actor=ACTOR, before=NOW - KEPT, schema=tenant.schema_name, using="default", **options
        )


def left():
    return sorted(RefusalTally.objects.values_list("actor", flat=True))


def pruned_events():
    seal()
    return [event.payload for event in AuditEvent.objects.filter(action="prune").order_by("pk")]


def test_what_counted_nothing_for_long_is_deleted_and_one_event_tells_how_much(acme, globex):
    for tenant in (acme, globex):
        with tenant:
            refuse(3, days_ago=401, number=1)
            refuse(5, days_ago=900, number=2)
            refuse(2, days_ago=399, number=3)
    with acme:
        seal()
        told = AuditEvent.objects.filter(action="refused").count()
        assert prune(acme) == Pruned(counter_count=2, untold_count=2 + 4)
        assert left() == [f"user:{uuid.UUID(int=3)}"]
        assert pruned_events() == [{"unused_since": (NOW - KEPT).isoformat(), "counters": 2, "untold": 6}]
        assert AuditEvent.objects.filter(action="refused").count() == told
        assert AuditEvent.objects.get(action="prune").actor == "system:prune_refusals"
    assert verify(acme.schema_name).is_valid
    with globex:
        assert len(left()) == 3
        assert pruned_events() == []


def test_a_dry_run_counts_the_same_and_writes_nothing(acme):
    with acme:
        refuse(3, days_ago=401)
        assert prune(acme, is_dry_run=True) == Pruned(1, 2)
        assert len(left()) == 1
        assert pruned_events() == []


def test_nothing_to_delete_leaves_no_event(acme):
    with acme:
        refuse(3, days_ago=10)
        assert prune(acme) == Pruned(0, 0)
        assert pruned_events() == []


def test_a_counter_that_is_gone_begins_anew(acme):
    with acme:
        refuse(3, days_ago=401)
        prune(acme)
        refuse(1, days_ago=0)
        seal()
        refused = AuditEvent.objects.filter(action="refused").order_by("pk")
        assert [event.payload["earlier"] for event in refused] == [0, 0]


def test_the_application_may_not_delete_a_counter(acme):
    with acme:
        refuse(1, days_ago=401)
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            prune_refusals(actor=ACTOR, before=NOW, schema=acme.schema_name, using="default")
        assert len(left()) == 1


def run(*arguments):
    out = StringIO()
    call_command("prune_refusals", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.usefixtures("committed")
def test_the_command_says_what_it_would_delete_and_deletes_it_and_the_chains_stay_good():
    acme = cast.tenant("acme")
    with acme:
        refuse(3, days_ago=401)
    with public_schema():
        refuse(2, days_ago=401)
    told = (
        "platform: 1 counter, 1 refusal that no event tells of\n"
        "acme: 1 counter, 2 refusals that no event tells of\n"
    )
    assert run("--all", "--dry-run") == f"{told}2 counters older than 400 days would be deleted\n"
    assert run("--tenant", "globex") == "0 counters older than 400 days deleted\n"
    assert run("--all") == f"{told}2 counters older than 400 days deleted\n"
    assert run("--all") == "0 counters older than 400 days deleted\n"
    with acme:
        assert left() == []
        assert len(AuditEvent.objects.filter(action="prune")) == 1
    out = StringIO()
    call_command("verify_audit", "--all", stdout=out)
    assert re.search(r"in 3 chains verified: all as written", out.getvalue())
    connections.close_all()


def test_how_long_they_are_kept_is_a_setting(acme, settings):
    settings.AUDIT_REFUSALS_KEPT_DAYS = 0
    with pytest.raises(CommandError, match="for a day at least"):
        run()
    settings.AUDIT_REFUSALS_KEPT_DAYS = 1
    with pytest.raises(CommandError, match="no tenant 'nobody'"):
        run("--tenant", "nobody")
