"""What must hold of every directory and every request, tried on directories made up by hypothesis."""

import json
import random
from dataclasses import replace
from datetime import timedelta
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from directory.rails.registry import registry
from directory.resolution.expand import MOST_NODES, Expander
from directory.resolution.levels import LADDER, Item
from directory.resolution.normalize import normalize
from directory.resolution.rank import rank, sort_key
from directory.resolution.records import Capability, Credential, Level, ResolverSettings, Window
from directory.resolution.resolve import resolve
from tests.directory.resolution.building import (
    BASE,
    EARLIER,
    GLOBAL,
    NOW,
    OWN,
    add_party,
    artifact,
    blind,
    context,
    endpoint,
    link,
    policy,
    rule,
    uid,
)  # fmt: skip
from tests.directory.resolution.memory_store import MemoryStore

BICS = ["BANKUS33XXX", "DEUTDEFFXXX", "NDEASESSXXX", "ABNANL2AXXX"]
PHONES = ["+46701234567", "+46701239999", "+4799999999"]
names = st.sampled_from(BICS)
moments = st.sampled_from([None, EARLIER, NOW - timedelta(seconds=1), NOW, NOW + timedelta(seconds=90)])
confidences = st.sampled_from([0.3, 0.5, 0.9, 1.0])


@st.composite
def windows(draw):
    start, end = draw(moments), draw(moments)
    return Window(start, end if start is None or end is None or end > start else None)


@st.composite
def endpoints(draw, owner):
    return tuple(
        endpoint(
            f"{owner}/{number}",
            protocol=draw(st.sampled_from(["as4", "https"])),
            address=f"https://{draw(st.sampled_from(['a', 'b']))}.example/{number}",
            profile=draw(st.sampled_from(["", BASE, f"{BASE}.target2"])),
            priority=draw(st.integers(0, 2)),
            status=draw(st.sampled_from(["active", "active", "draining", "inactive"])),
            confidence=draw(confidences),
            verified_at=draw(st.sampled_from([None, EARLIER, NOW - timedelta(days=1)])),
            window=draw(windows()),
        )
        for number in range(draw(st.integers(0, 3)))
    )


@st.composite
def directories(draw):
    store = MemoryStore()
    for number in range(draw(st.integers(1, 4))):
        owner = f"party{number}"
        held = draw(endpoints(owner))
        add_party(
            store,
            owner,
            [
                ("as4.partyId", name, "BIC", draw(st.integers(0, 1)))
                for name in draw(st.sets(names, max_size=2))
            ]
            + [("e164", phone) for phone in draw(st.sets(st.sampled_from(PHONES), max_size=1))],
            directory=draw(st.sampled_from([OWN, OWN, GLOBAL])),
            confidence=draw(confidences),
            country=draw(st.sampled_from(["SE", "US", ""])),
            endpoints=held,
            capabilities=tuple(
                Capability(
                    uid(f"{owner}/cap/{service}"),
                    draw(st.sampled_from([None, *(e.id for e in held)])),
                    service,
                )
                for service in draw(st.sets(st.sampled_from(["iso20022.fi", "iso*", "other"]), max_size=2))
            ),
            credentials=tuple(
                Credential(purpose, f"vault://{owner}/{purpose}", None, draw(windows()))
                for purpose in draw(st.sets(st.sampled_from(["sign", "encrypt", "tls"])))
            ),
        )
    ends = [("participant", f"party{number}") for number in range(len(store.participants))]
    for left, right in draw(st.lists(st.tuples(st.sampled_from(ends), st.sampled_from(ends)), max_size=6)):
        store.links.append(
            link(
                left,
                right,
                confidence=draw(confidences),
                source=draw(st.sampled_from(["x", "y"])),
                window=draw(windows()),
            )
        )
    for number, prefix in enumerate(
        draw(st.lists(st.sampled_from(["46", "4670", "467012", "47"]), max_size=5))
    ):
        store.rules.append(
            rule(
                prefix,
                draw(st.sampled_from(["2-100-1", "2-100-2", ""])),
                name=str(number),
                directory=draw(st.sampled_from([OWN, GLOBAL])),
                mode=draw(st.sampled_from(["solitary", "dominant", "loadshare", "broadcast"])),
                weight=draw(st.integers(1, 3)),
                priority=draw(st.integers(0, 1)),
                selectors=draw(
                    st.sampled_from([{}, {"tt": 0}, {"ssn": 6}, {"calling_prefix": "46"}, {"tt": 9}])
                ),
                participant=draw(st.sampled_from([None, *store.participants])),
                window=draw(windows()),
                result=draw(st.sampled_from([{}, {"backup": "2-100-9"}])),
            )
        )
    conditions = [
        {"attr": "participant.country", "op": "eq", "value": "SE"},
        {"not": {"attr": "endpoint.protocol", "op": "eq", "value": "as4"}},
        {"attr": "time.hour", "op": "gte", "value": 12},
        {
            "any": [
                {"attr": "caller.roles", "op": "in", "value": ["admin"]},
                {"attr": "endpoint.status", "op": "eq", "value": "draining"},
            ]
        },
    ]
    for number, condition in enumerate(draw(st.lists(st.sampled_from(conditions), max_size=3))):
        effect = draw(st.sampled_from(["allow", "deny"]))
        store.rulings.append(
            policy(
                f"rule{number}",
                condition,
                effect,
                draw(st.integers(0, 1)),
                draw(st.sampled_from([OWN, GLOBAL])),
            )
        )
    for name in draw(st.sets(st.sampled_from("abc"))):
        payload = {
            "match": {"action": "statement"},
            "directive": {"target_protocol": "mq", "target_address": f"Q.{name}"},
        }
        store.tables.append(
            artifact("tenant_override", name, payload | {"priority": draw(st.integers(0, 1))})
        )
    return store


@st.composite
def requests(draw):
    identifiers = draw(
        st.lists(
            st.one_of(
                st.builds(lambda v: {"type": "as4.partyId", "value": v, "scope": "BIC"}, names),
                st.builds(lambda v: {"type": "bic", "value": v}, names),
                st.builds(lambda v: {"type": "e164", "value": v}, st.sampled_from(PHONES)),
            ),
            min_size=1,
            max_size=4,
        )
    )
    body = {"identifiers": identifiers, "explain": draw(st.booleans()), "limit": draw(st.integers(1, 5))}
    if draw(st.booleans()):
        body["serviceContext"] = {
            "service": "iso20022.fi",
            "action": draw(st.sampled_from(["statement", "x"])),
        }
    constraints = {}
    if draw(st.booleans()):
        constraints["protocols"] = draw(
            st.lists(st.sampled_from(["as4", "https", "ss7"]), min_size=1, unique=True)
        )
    if draw(st.booleans()):
        constraints["scheme"] = "target2"
    return body | ({"constraints": constraints} if constraints else {})


def shuffled(store, seed):
    chance = random.Random(seed)
    copy = replace(
        store,
        participants=[*store.participants],
        identifiers=[*store.identifiers],
        links=[*store.links],
        rules=[*store.rules],
        rulings=[*store.rulings],
        tables=[*store.tables],
    )
    for rows in (copy.participants, copy.identifiers, copy.links, copy.rules, copy.rulings, copy.tables):
        chance.shuffle(rows)
    copy.participants = [
        replace(
            one,
            endpoints=tuple(chance.sample(one.endpoints, len(one.endpoints))),
            capabilities=tuple(chance.sample(one.capabilities, len(one.capabilities))),
            credentials=tuple(chance.sample(one.credentials, len(one.credentials))),
        )
        for one in copy.participants
    ]
    return copy


def answered(store, body):
    return json.dumps(resolve(body, context=context(store)).response)


@settings(max_examples=60, deadline=None)
@given(directories(), requests(), st.integers())
def test_the_order_of_rows_changes_no_byte(store, body, seed):
    assert answered(store, body) == answered(shuffled(store, seed), body)


@settings(max_examples=40, deadline=None)
@given(directories(), requests(), st.integers())
def test_the_order_within_a_request_changes_no_byte(store, body, seed):
    chance = random.Random(seed)
    other = dict(chance.sample(list(body.items()), len(body)))
    other["identifiers"] = chance.sample(body["identifiers"], len(body["identifiers"]))
    if "protocols" in body.get("constraints", {}):
        protocols = body["constraints"]["protocols"]
        other["constraints"] = {**body["constraints"], "protocols": chance.sample(protocols, len(protocols))}
    assert answered(store, body) == answered(store, other)


@settings(max_examples=60, deadline=None)
@given(directories(), requests())
def test_no_two_candidates_are_equal_and_sorting_has_one_outcome(store, body):
    request = normalize(body, registry=registry, tenant_names=())
    [paths], _ = Expander(registry=registry, blind=blind).expand([(request, NOW)], store)
    for rung in LADDER.values():
        [found] = rung.find([Item(request, NOW, paths)], store, registry)
        for left, right in combinations(found.candidates, 2):
            assert sort_key(left, request) != sort_key(right, request)
            assert (sort_key(left, request) < sort_key(right, request)) != (
                sort_key(right, request) < sort_key(left, request)
            )
        assert rank(found.candidates, request)[0] == rank(found.candidates[::-1], request)[0]


@settings(max_examples=60, deadline=None)
@given(directories(), requests())
def test_a_candidate_that_a_policy_denies_never_appears(store, body):
    store.rulings.append(
        policy("no as4", {"attr": "endpoint.protocol", "op": "eq", "value": "as4"}, "deny", 99)
    )
    response = resolve(body | {"explain": True}, context=context(store)).response
    assert all(directive["target_protocol"] != "as4" for directive in response["directives"])
    for line in response["explanation"]["candidates"]:
        assert line["target_protocol"] != "as4" or line["outcome"] == "removed"


@settings(max_examples=60, deadline=None)
@given(directories(), requests())
def test_with_everything_denied_by_default_only_what_a_policy_allows_appears(store, body):
    store.rulings = []
    given_settings = ResolverSettings(default_effect="deny", default_route=True)
    assert resolve(body, context=context(store, settings=given_settings)).response["directives"] == []


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 120), st.integers(0, 120)), max_size=250), st.integers(0, 120))
def test_expansion_ends_on_cycles_and_stays_small(pairs, start):
    store = MemoryStore()
    for number in range(121):
        add_party(store, f"n{number}", [("as4.partyId", f"party-{number}", "urn:x")])
    store.links = [link(("participant", f"n{a}"), ("participant", f"n{b}"), confidence=0.9) for a, b in pairs]
    body = {"identifiers": [{"type": "as4.partyId", "value": f"party-{start}", "scope": "urn:x"}]}
    request = normalize(body, registry=registry, tenant_names=())
    store.calls.clear()
    [paths], _ = Expander(registry=registry, blind=blind).expand([(request, NOW)], store)
    assert len(paths) <= MOST_NODES
    assert len(store.calls) <= 3
    assert all(len(path.steps) <= 3 for path in paths.values())


@settings(max_examples=40, deadline=None)
@given(directories(), requests())
def test_an_answer_keeps_to_its_limit_and_its_first_directive_is_primary(store, body):
    response = resolve(body, context=context(store)).response
    assert len(response["directives"]) <= body["limit"]
    assert response["directives"] == [
        *([response["primary"]] if "primary" in response else []),
        *(one["directive"] for one in response["alternates"]),
    ]
    assert ("negative_cache_ttl" in response) == (not response["directives"])
    levels = [line["level"] for line in response["resolution_trace"]]
    assert levels == [LADDER[level].number for level in Level][: len(levels)]


@settings(max_examples=40, deadline=None)
@given(directories(), requests())
def test_an_answer_holds_until_the_moment_it_says(store, body):
    answer = resolve(body, context=context(store))
    if answer.valid_until is None:
        later = NOW + timedelta(days=4000)
    else:
        assert answer.valid_until > NOW
        later = answer.valid_until - timedelta(microseconds=1)
    assert resolve(body, context=context(store, now=later)).response == answer.response
