"""Every operation of both documents, called by everybody who must learn nothing of acme, with all that acme has."""

import re

import pytest

from tests.journeys.isolation.calls import Call
from tests.journeys.isolation.decisions import DECISIONS, LACKING, STRANGERS
from tests.journeys.isolation.documents import NEGATED
from tests.journeys.isolation.placing import at_acme, beside
from tests.journeys.isolation.walk import Walk

GLOBEX_CALLERS = ("globex_owner", "globex_token", "globex_unbound_token")
MISMATCH = (403, "tenant_mismatch")
NOT_FOUND = (404, "not_found")
ROW_ASKED = re.compile(
    r'FROM "(directory_|audit_|job|identity_apitoken|requests_savedfilter).*WHERE .*"(id|external_id)" = '
)


def some_of(number: int, ways: list[tuple[str, Call]]) -> list[tuple[str, Call]]:
    """Return the plainest way and one of the others, each in its turn: the ways are the same for all operations."""
    return [ways[0], ways[1 + number % (len(ways) - 1)]]


@pytest.mark.parametrize("name", STRANGERS)
def test_a_tenant_that_is_named_by_a_stranger_is_as_one_that_is_not_there(walk: Walk, name: str) -> None:
    caller = walk.callers.get(name)
    walk.begin()
    for number, (operation, decision) in enumerate(walk.operations("tenant")):
        for call, cursor in walk.calls_of(operation)[:1]:
            for way, named in some_of(number, list(at_acme(call, walk.estate))):
                seen = walk.compare(caller, named, cursor=cursor)
                if not decision.is_open and way != "header alone":
                    walk.expect(caller, named, seen, decision.refusals[name])
    assert not walk.leaks, "\n".join(walk.leaks)


@pytest.mark.parametrize("name", STRANGERS)
def test_a_stranger_learns_nothing_by_the_filters_of_a_list(walk: Walk, name: str) -> None:
    caller = walk.callers.get(name)
    walk.begin()
    for operation, decision in walk.operations("tenant"):
        if operation.is_list:
            named = walk.at(walk.call_with_all(operation), walk.estate.words.slug)
            seen = walk.compare(caller, named)
            walk.expect(caller, named, seen, decision.refusals[name])
            if seen.statements != walk.seen(caller, named.having(query=())).statements:
                walk.note(caller, named, "takes other statements than without filters")
    assert not walk.leaks, "\n".join(walk.leaks)


def test_another_tenants_list_shows_nothing_of_acme_by_any_number_moment_or_choice(walk: Walk) -> None:
    caller = walk.callers.get("globex_token")
    walk.begin()
    for operation, _decision in walk.operations("tenant"):
        if operation.is_list:
            for name, value in operation.choices():
                here = walk.at(walk.call_with_all(operation).having(query=((name, value),)), "globex")
                seen = walk.seen(caller, here)
                walk.note_read(caller, here, seen)
                walk.expect(caller, here, seen, (200, ""))
    assert not walk.leaks, "\n".join(walk.leaks)


@pytest.mark.parametrize("name", GLOBEX_CALLERS)
def test_ids_and_words_of_another_tenant_are_as_those_of_nothing(walk: Walk, name: str) -> None:
    caller = walk.callers.get(name)
    walk.may_change = "public.identity_apitoken"  # tokens of their own: acme's events tell of acme's
    walk.begin()
    for operation, _decision in walk.operations():
        for call, cursor in walk.calls_of(operation):
            here = walk.at(call, "globex")
            seen = walk.compare(caller, here, cursor=cursor)
            if operation.needs_a_row:
                walk.expect(caller, here, seen, NOT_FOUND)
    assert not walk.leaks, "\n".join(walk.leaks)


@pytest.mark.parametrize("name", GLOBEX_CALLERS)
def test_a_foreign_id_costs_the_statements_of_an_unknown_one(walk: Walk, name: str) -> None:
    caller = walk.callers.get(name)
    walk.begin()
    of_foreign, of_unknown, unasked = {}, {}, []
    for operation, _decision in walk.operations("tenant"):
        if operation.needs_a_row:
            call, _cursor = walk.calls_of(operation)[0]
            here = walk.at(call, "globex")
            seen = walk.seen(caller, here)
            of_foreign[operation.key] = seen.cost
            of_unknown[operation.key] = walk.seen(caller, here.with_instead(walk.pairs(here))).cost
            if not any(ROW_ASKED.search(statement) for statement in seen.statements):
                unasked.append(operation.key)
    assert of_foreign == of_unknown
    assert not unasked  # each looked its row up: the costs are those of a look-up


@pytest.mark.parametrize("name", GLOBEX_CALLERS)
def test_another_tenant_that_is_named_besides_the_own_is_a_mismatch(walk: Walk, name: str) -> None:
    caller = walk.callers.get(name)
    walk.begin()
    for number, (operation, decision) in enumerate(walk.operations("tenant")):
        for call, cursor in walk.calls_of(operation)[:1]:
            for _way, named in some_of(number, list(beside(walk.at(call, "globex"), walk.estate))):
                seen = walk.compare(caller, named, cursor=cursor)
                if not decision.is_open:
                    walk.expect(caller, named, seen, MISMATCH)
    assert not walk.leaks, "\n".join(walk.leaks)


@pytest.mark.parametrize("name", LACKING)
def test_a_member_without_the_privilege_is_refused_before_anything_is_looked_up(
    walk: Walk, name: str
) -> None:
    walk.leaves_refusals = True
    guarded = [(one, decision) for one, decision in walk.operations("tenant") if decision.privilege]
    for _operation, decision in guarded:
        walk.callers.get(name, lacking=decision.privilege)
    walk.begin()
    for operation, decision in guarded:
        caller = walk.callers.get(name, lacking=decision.privilege)
        for call, cursor in walk.calls_of(operation):
            # The address stays acme's: of what the pairs exchange, only ids and words below it.
            seen = walk.compare(
                caller, walk.at(call, walk.estate.words.slug), cursor=cursor, keeps_address=True
            )
            wanted = decision.refusals[name]
            is_foreign_cursor = bool(cursor) and wanted[0] == 200  # of another list, and of who may see it
            walk.expect(caller, call, seen, (400, "invalid_cursor") if is_foreign_cursor else wanted)
    assert not walk.leaks, "\n".join(walk.leaks)


def test_acmes_own_owner_gets_with_the_same_calls_what_nobody_else_does(walk: Walk) -> None:
    blind = []
    for operation, decision in walk.operations("tenant"):
        if not decision.privilege:
            continue
        for number, (call, cursor) in enumerate(walk.calls_of(operation)):
            seen = walk.owner_sees(call)
            sent = call.text()
            has_read = any(text in seen.text and text not in sent for text in walk.texts)
            deletes = operation.method == "DELETE" or operation.id.endswith("_bulk_delete")
            is_seen = 200 <= seen.status < 300 or (deletes and seen.status == 409)
            is_negated = any(NEGATED.search(name) for name, _value in call.query)
            # Another list's cursor, an end of another kind, all but the row that the value is of:
            is_probe = number > 0 and (cursor or decision.is_write or is_negated)
            if not is_probe and (not is_seen or not (has_read or decision.is_write)):
                blind.append(
                    f"{number} {call.method} {call.path} {call.query}: {seen.status} {seen.body[:300]}"
                )
    assert not blind, "\n".join(blind)


def test_a_token_that_may_not_write_writes_nothing(walk: Walk) -> None:
    walk.leaves_refusals = True
    caller = walk.callers.get("reading_token")
    walk.begin()
    for operation, decision in walk.operations("tenant"):
        if decision.is_write:
            for call, _cursor in walk.calls_of(operation):
                seen = walk.seen(caller, walk.at(call, walk.estate.words.slug))
                walk.expect(caller, call, seen, decision.refusals["reading_token"])
    assert not walk.leaks, "\n".join(walk.leaks)


def test_every_kind_of_refusal_is_decided_of_every_guarded_operation() -> None:
    for key, decision in DECISIONS.items():
        decided = (
            set() if decision.is_open else set(STRANGERS) | (set(LACKING) if decision.privilege else set())
        )
        assert decided <= set(decision.refusals), key
