"""The steps composed: levels, security, windows, constraints, bulk, cache, confidentiality."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from directory.resolution.cache import AnswerCache
from directory.resolution.records import (
    Caller,
    Capability,
    Credential,
    InvalidRequest,
    ResolverSettings,
    Window,
)  # fmt: skip
from directory.resolution.resolve import resolve, resolve_many
from tests.directory.resolution.building import (
    BASE,
    BIC_REQUEST,
    GLOBAL,
    NOW,
    OWN,
    PAYMENT,
    add_party,
    artifact,
    bankus,
    blind,
    context,
    endpoint,
    link,
    policy,
    rule,
    uid,
)  # fmt: skip
from tests.directory.resolution.memory_store import End, MemoryStore, StoredEdge

PHONE_REQUEST = {"identifiers": [{"type": "e164", "value": "+46701234567"}]}


def answer(store, body=BIC_REQUEST, **given):
    return resolve(body, context=context(store, **given)).response


def answers(store, bodies):
    found = resolve_many(bodies, context=context(store))
    return [one if isinstance(one, InvalidRequest) else one.response for one in found]


def addresses(response):
    return [directive["target_address"] for directive in response["directives"]]


def causes(store, body=BIC_REQUEST, **given):
    lines = answer(store, body | {"explain": True}, **given)["explanation"]["candidates"]
    return [line.get("cause", "") for line in lines]


@pytest.mark.parametrize(
    ("credentials", "cause"),
    [
        ((), "credential: sign missing"),
        ((Credential("sign", "vault://a"),), "credential: encrypt missing"),
        (
            (Credential("sign", "vault://a", None, Window(None, NOW - timedelta(days=1))),),
            "credential: sign expired 2026-05-31",
        ),
        (
            (Credential("sign", "vault://a", None, Window(NOW + timedelta(days=1), None)),),
            "credential: sign not valid before 2026-06-02",
        ),
        ((Credential("sign", "vault://a", uid("elsewhere")),), "credential: sign missing"),
    ],
)
def test_a_lacking_credential_removes_the_candidate_and_says_why(credentials, cause):
    store = MemoryStore()
    bankus(store, credentials=credentials)
    assert causes(store) == [cause]
    assert answer(store)["resolution_trace"][1]["outcome"] == "filtered"


def test_the_time_to_live_ends_with_the_first_expiry():
    store = MemoryStore()
    window = Window(None, NOW + timedelta(seconds=90))
    bankus(
        store, credentials=(Credential("sign", "vault://a"), Credential("encrypt", "vault://b", None, window))
    )
    assert answer(store)["primary"]["ttl_seconds"] == 90


def test_the_time_to_live_ends_with_the_hour_that_a_policy_reads():
    store = MemoryStore()
    bankus(store)
    store.rulings.append(policy("day only", {"attr": "time.hour", "op": "gte", "value": 13}))
    at = NOW.replace(minute=58)
    assert answer(store, now=at)["primary"]["ttl_seconds"] == 120
    assert addresses(answer(store, now=at + timedelta(minutes=2))) == []


def test_an_expiry_within_the_minute_is_felt_at_once():
    store = MemoryStore()
    bankus(store, endpoints=(endpoint("e", window=Window(None, NOW + timedelta(seconds=10))),))
    assert addresses(answer(store, now=NOW + timedelta(seconds=9)))
    assert causes(store, now=NOW + timedelta(seconds=10)) == ["retrieve: expired 2026-06-01T12:00:10+00:00"]


def test_validity_is_judged_at_as_of():
    store = MemoryStore()
    bankus(store, endpoints=(endpoint("e", window=Window(NOW + timedelta(days=9), None)),))
    assert addresses(answer(store)) == []
    assert addresses(answer(store, BIC_REQUEST | {"asOf": "2026-06-10T14:00:00+02:00"})) == [
        "https://e.example/in"
    ]


def test_alternates_come_in_order_and_say_why_they_are_later():
    store = MemoryStore()
    bankus(
        store,
        capabilities=(),
        endpoints=(
            endpoint("low", priority=10), endpoint("high", priority=50),
            endpoint("drain", priority=90, status="draining"),
            endpoint("off", status="inactive"),
        ),
    )  # fmt: skip
    response = answer(store, BIC_REQUEST | {"explain": True})
    assert addresses(response) == [f"https://{name}.example/in" for name in ("high", "low", "drain")]
    assert [one["reason"] for one in response["alternates"]] == [
        "rank: lower endpoint priority 10 < 50", "rank: status draining after active",
    ]  # fmt: skip
    assert response["explanation"]["candidates"][-1]["cause"] == "retrieve: endpoint inactive"
    assert addresses(answer(store, BIC_REQUEST | {"limit": 1})) == ["https://high.example/in"]


def test_an_action_not_declared_is_named():
    store = MemoryStore()
    bankus(store)
    body = BIC_REQUEST | {"serviceContext": {"service": "iso20022.fi", "action": "statement"}}
    assert causes(store, body) == ["capability: action statement not declared"]


def test_wildcards_and_restrictions_to_an_endpoint():
    store = MemoryStore()
    first, second = endpoint("first"), endpoint("second")
    capability = Capability(uid("c"), first.id, "securities.settlement.*")
    bankus(store, endpoints=(first, second), capabilities=(capability,))
    body = BIC_REQUEST | {"serviceContext": {"service": "securities.settlement.dvp"}}
    assert addresses(answer(store, body)) == [first.address]
    assert "capability: none declared for this endpoint" in causes(store, body)


def test_a_scheme_takes_its_own_profile_and_falls_back_to_the_base():
    store = MemoryStore()
    base = endpoint("base", protocol="as4", profile=BASE, priority=9)
    own = endpoint("own", protocol="as4", profile=f"{BASE}.target2")
    bankus(store, endpoints=(base, own))
    assert addresses(answer(store, BIC_REQUEST | {"constraints": {"scheme": "TARGET2"}})) == [own.address]
    chaps = answer(store, BIC_REQUEST | {"constraints": {"scheme": "chaps"}})
    assert addresses(chaps) == [base.address]
    assert chaps["primary"]["service_context"]["mpc"] == "urgent"


def test_constraints_filter_and_staleness_shows_in_the_trace():
    store = MemoryStore()
    bankus(store, confidence=0.5)
    assert causes(store, BIC_REQUEST | {"constraints": {"protocols": ["mq"]}}) == [
        "constraint: protocol as4 is none of mq"
    ]
    assert causes(store, BIC_REQUEST | {"constraints": {"minConfidence": 0.6}}) == [
        "constraint: confidence 0.5 < 0.6"
    ]
    assert (
        answer(store, BIC_REQUEST | {"constraints": {"maxStaleSeconds": 5}})["resolution_trace"][1]["outcome"]
        == "stale"
    )


def test_an_override_wins_by_priority_then_name_only_for_what_it_matches():
    store = MemoryStore()
    bankus(store)
    for name, priority in (("b", 1), ("a", 1), ("c", 0)):
        payload = {
            "match": {"identifiers": [{"type": "bic", "value": "BANKUS33"}], "action": "credit.transfer"},
            "directive": {"target_protocol": "mq", "target_address": f"Q/{name}"},
            "priority": priority,
        }
        store.tables.append(artifact("tenant_override", name, payload))
    response = answer(store, BIC_REQUEST | PAYMENT)
    assert addresses(response) == ["Q/a", "Q/b", "Q/c"]
    assert response["resolution_trace"] == [
        {"level": "1", "source": "tenant override", "outcome": "hit", "candidates": 3, "directory": "own"}
    ]
    assert answer(store)["primary"]["target_protocol"] == "as4"


def test_the_default_route_answers_only_where_it_is_turned_on():
    directive = {"match": {}, "directive": {"target_protocol": "mq", "target_address": "Q/REST"}}
    store = MemoryStore(tables=[artifact("default_route", "rest", directive)])
    assert answer(store)["resolution_trace"][-1]["outcome"] == "off"
    assert addresses(answer(store, settings=ResolverSettings(default_route=True))) == ["Q/REST"]


def test_the_order_of_levels_is_the_rails():
    store = MemoryStore(rules=[rule("46", "2-100-1")])
    add_party(store, "phone", [("e164", "+46701234567")], endpoints=(endpoint("e"),))
    assert addresses(answer(store, PHONE_REQUEST)) == ["https://e.example/in"]
    order = ResolverSettings(level_order={"ss7": ("prefix_tables", "internal_directory")})
    assert addresses(answer(store, PHONE_REQUEST, settings=order)) == ["2-100-1"]


def test_a_global_range_that_leads_nowhere_never_shadows_a_shorter_rule_of_the_tenant():
    store = MemoryStore(
        rules=[rule("46", "2-100-1"), rule("4670123", directory=GLOBAL, artifact_kind="number_range")]
    )
    assert addresses(answer(store, PHONE_REQUEST)) == ["2-100-1"]
    store.rules = store.rules[1:]
    assert answer(store, PHONE_REQUEST)["resolution_trace"][2]["outcome"] == "recognised_not_routable"


def test_the_most_specific_match_set_comes_before_the_longest_title():
    store = MemoryStore(
        rules=[
            rule("4670123", "2-1-1"), rule("46", "2-1-2", selectors={"ssn": 6}),
            rule("4", "2-1-3", selectors={"calling_prefix": "47"}),
            rule("46701234", "2-1-4", selectors={"tt": 9}),
        ]
    )  # fmt: skip
    assert addresses(answer(store, PHONE_REQUEST)) == ["2-1-1"]
    assert addresses(answer(store, PHONE_REQUEST | {"constraints": {"ssn": 6}})) == ["2-1-2"]
    assert addresses(answer(store, PHONE_REQUEST | {"constraints": {"ssn": 6, "callingGt": "+4799"}})) == [
        "2-1-3"
    ]


def test_load_sharing_is_stable_and_follows_the_weights():
    store = MemoryStore(
        rules=[rule("46", a, mode="loadshare", weight=w) for a, w in (("2-1-1", 3), ("2-1-2", 1))]
    )
    bodies = [{"identifiers": [{"type": "e164", "value": f"+4670{n:07d}"}]} for n in range(400)]
    firsts = [one["primary"]["target_address"] for one in answers(store, bodies)]
    assert 240 < firsts.count("2-1-1") < 360
    by_link = {
        answer(store, body | {"constraints": {"sls": 3}})["primary"]["target_address"] for body in bodies[:9]
    }
    assert len(by_link) == 1


def test_a_backup_follows_its_rule():
    store = MemoryStore(
        rules=[rule("46", "2-9-9", mode="dominant", result={"backup": "2-1-1", "digits": "46"})]
    )
    response = answer(store, PHONE_REQUEST)
    assert addresses(response) == ["2-9-9", "2-1-1"]
    assert response["alternates"][0]["reason"] == "dominant: taken when the first fails"
    assert response["primary"]["service_context"]["translation"] == {"digits": "46"}


def test_an_edge_to_the_global_directory_makes_the_tenants_participant_reachable():
    store = MemoryStore()
    add_party(store, "ours", [], endpoints=(endpoint("e"),))
    add_party(store, "bank", [("bic", "BANKUS33")], directory=GLOBAL, source="bic")
    store.links.append(
        StoredEdge(OWN, End("participant", OWN, uid("ours")), End("participant", GLOBAL, uid("bank")))
    )
    assert addresses(answer(store)) == ["https://e.example/in"]


def test_an_edge_out_of_its_window_is_not_followed():
    store = MemoryStore()
    add_party(store, "ours", [], endpoints=(endpoint("e"),))
    add_party(store, "bank", [("bic", "BANKUS33")])
    window = Window(NOW + timedelta(seconds=30), None)
    store.links.append(link(("participant", "bank"), ("participant", "ours"), window=window))
    assert addresses(answer(store)) == []
    assert addresses(answer(store, now=NOW + timedelta(seconds=30))) == ["https://e.example/in"]


def test_a_confidential_identifier_is_found_by_its_index_flagged_and_never_shown():
    store = MemoryStore()
    add_party(store, "shop", [("mid", "MERCHANT001")], endpoints=(endpoint("e"),))
    cache = AnswerCache()
    body = {"identifiers": [{"type": "mid", "value": "MERCHANT001"}], "explain": True}
    found = resolve(body, context=context(store, cache=cache))
    assert addresses(found.response) == ["https://e.example/in"]
    assert found.touches_confidential
    assert len(cache) == 0
    text = json.dumps(found.response)
    assert "MERCHANT001" not in text
    assert blind("mid", "", "MERCHANT001") not in text


def test_no_answer_holds_a_database_id():
    store = MemoryStore(rules=[rule("46", "2-1-1")])
    participant = bankus(store)
    text = json.dumps(answer(store, BIC_REQUEST | {"explain": True})) + json.dumps(
        answer(store, PHONE_REQUEST)
    )
    for row_id in (
        participant.ref.id,
        participant.endpoints[0].id,
        store.identifiers[0].id,
        store.rules[0].id,
    ):
        assert str(row_id) not in text


def test_one_bad_item_fails_none_of_its_neighbours_and_costs_no_more_look_ups():
    store = MemoryStore()
    bankus(store)
    bodies = [BIC_REQUEST | {"correlationId": str(n)} for n in range(50)]
    bodies += [{"identifiers": [{"type": "bic", "value": f"AAAASE{n:02d}"}]} for n in range(50)]
    found = answers(store, [*bodies, {"identifiers": []}, None])
    assert [type(one) for one in found[-2:]] == [InvalidRequest, InvalidRequest]
    assert [one["correlationId"] for one in found[:50]] == [str(n) for n in range(50)]
    assert found[7] | {"correlationId": ""} == answer(store, BIC_REQUEST) | {"correlationId": ""}
    store.calls.clear()
    resolve_many(bodies, context=context(store))
    many = list(store.calls)
    store.calls.clear()
    resolve_many(bodies[-1:], context=context(store))
    assert many == store.calls


def test_a_kept_answer_is_the_same_to_the_byte_until_the_version_moves():
    store = MemoryStore()
    bankus(store)
    cache = AnswerCache()
    cold = answer(store, BIC_REQUEST | {"correlationId": "1"}, cache=cache)
    store.calls.clear()
    later = NOW + timedelta(hours=5)
    hot = answer(store, BIC_REQUEST | {"correlationId": "1"}, cache=cache, now=later)
    assert store.calls == ["version"]
    assert json.dumps(hot) == json.dumps(cold)
    assert list(hot)[-1] == "correlationId"
    store.moves += 1
    assert answer(store, cache=cache)["directory_version"] == "2.0"


def test_two_tenants_and_two_callers_never_share_an_answer():
    theirs, ours, cache = MemoryStore(), MemoryStore(), AnswerCache()
    bankus(theirs)
    assert addresses(answer(theirs, cache=cache, tenant="globex"))
    assert addresses(answer(ours, cache=cache)) == []
    theirs.rulings.append(policy("admins", {"attr": "caller.roles", "op": "not_in", "value": ["admin"]}))
    theirs.moves += 1
    admin, member = Caller("user", "1", ("admin",)), Caller("user", "2", ("member",))
    assert addresses(answer(theirs, cache=cache, tenant="globex", caller=admin))
    assert addresses(answer(theirs, cache=cache, tenant="globex", caller=member)) == []


def test_the_cache_is_bounded_by_entries_and_by_bytes():
    cache = AnswerCache(most_entries=3)
    for n in range(10):
        answer(MemoryStore(), {"identifiers": [{"type": "e164", "value": f"+4670{n:07d}"}]}, cache=cache)
    assert len(cache) == 3
    small = AnswerCache(most_bytes=1000)
    for n in range(10):
        answer(MemoryStore(), {"identifiers": [{"type": "e164", "value": f"+4670{n:07d}"}]}, cache=small)
    assert 0 < len(small) <= 4


def test_a_superseded_row_is_history():
    store = MemoryStore()
    bankus(store)
    [stored] = store.identifiers
    store.identifiers = [
        replace(stored, row=replace(stored.row, window=Window(None, NOW - timedelta(days=1))))
    ]
    assert addresses(answer(store)) == []
    assert addresses(answer(store, BIC_REQUEST | {"asOf": "2026-05-01T00:00:00Z"}))


def test_an_identifier_superseded_meanwhile_leads_over_no_edge_whatever_else_is_asked():
    store = MemoryStore()
    add_party(store, "old", [("bic", "BANKUS33")], superseded=[NOW - timedelta(days=1)])
    add_party(store, "new", [], endpoints=(endpoint("e"),))
    store.links.append(link(("participant", "old"), ("participant", "new")))
    past = BIC_REQUEST | {"asOf": "2026-05-01T00:00:00Z"}
    assert [addresses(one) for one in answers(store, [BIC_REQUEST, past])] == [[], ["https://e.example/in"]]


def test_rows_superseded_meanwhile_are_not_even_explained_whatever_else_is_asked():
    store, gone = MemoryStore(), NOW - timedelta(days=1)
    old = endpoint("old", window=Window(None, gone), superseded_at=gone)
    keys = [Credential(kind, "vault://a", None, Window(None, gone), gone) for kind in ("sign", "encrypt")]
    bankus(store, endpoints=(old, endpoint("bankus", protocol="as4", profile=BASE)), credentials=tuple(keys))
    explained = BIC_REQUEST | {"explain": True}
    now, _ = answers(store, [explained, explained | {"asOf": "2026-05-01T00:00:00Z"}])
    assert [line["cause"] for line in now["explanation"]["candidates"]] == ["credential: sign missing"]


def test_a_number_behind_a_confidential_identifier_takes_its_prefix_whatever_else_is_asked():
    store = MemoryStore(rules=[rule("46", "2-100-1")])
    add_party(store, "shop", [("mid", "MERCHANT001")])
    add_party(store, "line", [("e164", "+46701234567")])
    store.links.append(link(("participant", "shop"), ("participant", "line")))
    shop = {"identifiers": [{"type": "mid", "value": "MERCHANT001"}]}
    assert addresses(answer(store, shop)) == ["2-100-1"]
    assert answers(store, [shop, PHONE_REQUEST])[0] == answer(store, shop)


def test_removed_candidates_that_differ_in_their_participant_alone_are_explained_in_one_order():
    parties = [
        add_party(MemoryStore(), name, [], endpoints=()) for name in ("one", "two")
    ]  # fmt: skip
    rules = [
        rule("46", "2-1-1", name=one.name, participant=one, window=Window(None, NOW - timedelta(days=1)))
        for one in parties
    ]
    asked = PHONE_REQUEST | {"explain": True}
    first, second = (answer(MemoryStore(rules=given), asked) for given in (rules, rules[::-1]))
    assert json.dumps(first) == json.dumps(second)


class ChangingStore(MemoryStore):
    """A directory that somebody changes while its first ``changes`` readings are under way."""

    changes = 1

    def policies(self):
        found = super().policies()
        if self.moves <= self.changes:
            self.moves += 1
            self.participants.clear()
            self.identifiers.clear()
            add_party(
                self, f"bank{self.moves}", [("bic", "BANKUS33")], endpoints=(endpoint(f"e{self.moves}"),)
            )
        return found


def test_an_answer_is_of_the_version_it_names_even_while_the_directory_changes():
    store, cache = ChangingStore(), AnswerCache()
    found = answer(store, cache=cache)
    assert (addresses(found), found["directory_version"]) == (["https://e2.example/in"], "2.0")
    assert store.calls.count("matches") == 2
    assert len(cache) == 1


def test_a_directory_that_never_rests_is_answered_from_and_the_answer_not_kept():
    store, cache = ChangingStore(), AnswerCache()
    store.changes = 99
    assert addresses(answer(store, cache=cache)) == ["https://e4.example/in"]
    assert len(cache) == 0


def test_a_kept_answer_of_a_prefix_rule_ends_with_what_its_participant_rests_on():
    store, cache, end = MemoryStore(), AnswerCache(), NOW + timedelta(hours=1)
    holder = add_party(
        store,
        "holder",
        [],
        capabilities=(Capability(uid("holder/cap"), window=Window(None, end + timedelta(hours=1))),),
        credentials=(Credential("tls", "vault://a", None, Window(None, end)),),
    )
    store.rules.append(rule("46", "2-100-1", participant=holder))
    assert answer(store, PHONE_REQUEST, cache=cache)["primary"]["security"]["keyRefs"] == ["vault://a"]
    assert answer(store, PHONE_REQUEST, cache=cache, now=end)["primary"]["security"]["keyRefs"] == []
    body = PHONE_REQUEST | {"explain": True}
    assert resolve(body, context=context(store, now=end)).valid_until is not None


def test_an_override_for_a_confidential_identifier_is_found_by_it():
    directive = {"target_protocol": "mq", "target_address": "Q/SHOP"}
    match = {"identifiers": [{"type": "mid", "value": "MERCHANT001"}]}
    store = MemoryStore(tables=[artifact("tenant_override", "a", {"match": match, "directive": directive})])
    assert addresses(answer(store, {"identifiers": [{"type": "mid", "value": "MERCHANT001"}]})) == ["Q/SHOP"]
    assert addresses(answer(store, {"identifiers": [{"type": "mid", "value": "MERCHANT002"}]})) == []
