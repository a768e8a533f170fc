from uuid import uuid4

import pytest
from django.db import IntegrityError, connection

from audit.models import AuditEvent
from config.foundation.actor import Actor, acting, current_act, operation, request_context
from directory.models import DirectoryVersion, Participant
from tests.roles import as_owner
from tests.sealing import seal

ADA, BO = Actor.user(uuid4()), Actor.user(uuid4())


def make(name):
    Participant(name=name).save()


def events():
    seal()
    return list(AuditEvent.objects.filter(resource="directory.participant").order_by("pk"))


def test_an_act_names_its_actor_verb_reason_and_request(acme):
    with acme, request_context(request_id="r-1"), acting(ADA, verb="import", reason="why not"):
        make("x")
    with acme:
        event = events()[-1]
    assert (event.actor, event.action, event.reason, event.request_id) == (
        str(ADA),
        "import",
        "why not",
        "r-1",
    )


def test_a_nested_act_is_its_own_and_the_outer_one_returns(acme):
    with acme, acting(ADA, reason="outer"):
        make("a")
        with acting(BO, verb="activate"):
            make("b")
        make("c")
        found = [(event.actor, event.action, event.reason) for event in events()]
    assert found == [
        (str(ADA), "create", "outer"),
        (str(BO), "activate", "outer"),
        (str(ADA), "create", "outer"),
    ]


def test_nothing_of_an_act_is_left_when_it_fails(acme):
    with acme:
        with as_owner(), pytest.raises(IntegrityError), acting(ADA):
            DirectoryVersion(id=2).save()
        make("y")
        (event,) = events()
    assert event.actor == "database:postgres"
    assert current_act().actor is None


def test_quotes_and_controls_in_a_reason_are_only_text(acme):
    reason = "it's; DROP TABLE x --\x00\\'"
    with acme, acting(ADA, reason=reason):
        make("x")
        (event,) = events()
    assert event.reason == reason.replace("\x00", "")


def test_created_by_is_the_person_behind_a_token(acme):
    person = uuid4()
    with acme, acting(Actor.token("abcdefghijkl", person)):
        make("x")
        assert Participant.objects.get().created_by == person


def test_an_operation_needs_an_actor(db):
    @operation()
    def change(*, actor):
        return connection.in_atomic_block

    assert change(actor=ADA)
    with pytest.raises(TypeError):
        change(actor="ada")
