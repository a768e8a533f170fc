from audit.models import AuditEvent
from audit.presenters import Change, present_changes, summarize

DIGEST = {"digest": "sha256:" + "0" * 64}


def event(*, action="update", before=None, after=None):
    return AuditEvent(
        action=action,
        resource="directory.participant",
        payload={"before": before or {}, "after": after or {}},
    )


def test_a_change_is_said_in_words():
    said = summarize(event(before={"status": "active"}, after={"status": "draining"}))
    assert said == "changed participant: changed status from active to draining"


def test_a_value_that_the_chain_hides_is_never_shown_as_a_digest():
    changed = event(
        before={"person": DIGEST, "key": {"secret": True}}, after={"person": DIGEST, "key": {"secret": True}}
    )
    assert present_changes(changed) == [
        Change("key", "•••", "••• changed"),
        Change("person", "•••", "••• changed"),
    ]
    assert "sha256" not in summarize(changed)


def test_a_creation_and_a_deletion_list_their_values_and_stay_short_in_a_sentence():
    created = event(action="create", after={"name": "Acme", "person": DIGEST, "is_live": True, "tags": ["a"]})
    assert present_changes(created) == [
        Change("is live", "", "yes"),
        Change("name", "", "Acme"),
        Change("person", "", "•••"),
        Change("tags", "", '["a"]'),
    ]
    assert summarize(created) == "created participant"
    assert present_changes(event(action="delete", before={"name": "Acme"})) == [Change("name", "Acme", "")]


def test_a_value_set_or_cleared_says_so_and_long_ones_are_cut():
    changes = present_changes(
        event(before={"note": None, "head": "Ann"}, after={"note": "x" * 500, "head": None})
    )
    assert [change.words for change in changes] == [
        "cleared head, which was Ann",
        f"set note to {'x' * 199}…",
    ]


def test_a_plain_value_that_looks_like_an_object_is_no_hidden_one():
    change = present_changes(
        event(before={"data": {"digest": "md5:1"}}, after={"data": {"digest": "md5:2"}})
    )[0]
    assert change.after == '{"digest": "md5:2"}'


def test_an_event_without_a_change_is_named_by_its_verb():
    login = AuditEvent(action="login", resource="identity.user", payload={})
    assert (summarize(login), present_changes(login)) == ("signed in", [])
