"""The policy language: what is valid, what matches, what decides."""

from datetime import UTC, datetime
from typing import Any

import pytest

from directory.resolution.conditions import matches
from directory.resolution.policies import ATTRIBUTES, next_hour, validate_rule
from directory.resolution.records import Caller, ResolverSettings
from directory.resolution.resolve import resolve
from tests.directory.resolution.building import BIC_REQUEST, GLOBAL, NOW, bankus, context, policy
from tests.directory.resolution.memory_store import MemoryStore

AS4 = {"attr": "endpoint.protocol", "op": "eq", "value": "as4"}


@pytest.mark.parametrize(
    ("op", "wanted", "given", "holds"),
    [
        ("eq", "a", "a", True), ("eq", "a", "b", False), ("eq", "a", ("b", "a"), True),
        ("eq", "a", None, False), ("eq", True, 1, False), ("ne", "a", "b", True),
        ("ne", "a", ("a", "b"), False), ("ne", "a", None, True),
        ("in", ["a", "b"], "b", True), ("in", ["a"], ("c", "a"), True), ("in", ["a"], (), False),
        ("not_in", ["a"], "b", True), ("not_in", ["a"], ("a",), False), ("not_in", ["a"], None, True),
        ("prefix", "ab", "abc", True), ("prefix", "ab", "ba", False),
        ("glob", "*//test.*", "https://test.x", True),
        ("glob", "a?", ("b", "ac"), True), ("exists", True, "a", True), ("exists", True, "", False),
        ("exists", False, (), True), ("gt", 5, 6, True), ("gt", 5, 5, False), ("gte", 22, 22, True),
        ("lt", 5, "4", False), ("lt", "b", "a", True), ("lte", 5, 5, True), ("gte", 5, None, False),
    ],
)  # fmt: skip
def test_operators(op, wanted, given, holds):
    assert matches({"attr": "x", "op": op, "value": wanted}, {"x": given}) is holds


@pytest.mark.parametrize(
    "rule",
    [
        {"when": AS4}, {"when": {"all": [AS4, {"not": AS4}]}, "reason": "because"},
        {"when": {"any": [{"attr": "time.hour", "op": "gte", "value": 22}]}},
    ],
)  # fmt: skip
def test_valid_rules(rule):
    assert validate_rule(rule) == []


@pytest.mark.parametrize(
    "rule",
    [
        None, [], {}, {"when": {}}, {"when": AS4, "then": 1}, {"when": AS4 | {"attr": "endpoint.colour"}},
        {"when": AS4 | {"op": "like"}}, {"when": {"all": []}}, {"when": {"all": [AS4], "any": [AS4]}},
        {"when": {"attr": "time.hour", "op": "in", "value": 22}},
        {"when": {"attr": "time.hour", "op": "exists", "value": 1}},
        {"when": AS4 | {"more": 1}}, {"when": {"not": [AS4]}}, {"when": {"attr": "time.hour", "op": "gte"}},
    ],
)  # fmt: skip
def test_invalid_rules_are_refused(rule):
    assert validate_rule(rule)


def test_deep_nesting_is_refused_without_following_it_all():
    rule: dict[str, Any] = AS4
    for _ in range(500):
        rule = {"not": rule}
    assert validate_rule({"when": rule}) == ["when: conditions are nested at most 8 deep; split the policy."]


def test_a_rule_of_very_many_conditions_is_refused_before_each_is_looked_at():
    condition = {"attr": "time.hour", "op": "gte", "value": 22}
    fifty = {"any": [condition] * 50}
    assert validate_rule({"when": {"all": [fifty] * 9}}) == []
    too_many = ["when: a rule has at most 500 conditions; split the policy."]
    assert validate_rule({"when": {"all": [fifty] * 10}}) == too_many
    assert validate_rule({"when": {"all": [{"nonsense": 1}] * 30_000}}) == too_many


def test_every_attribute_has_a_value_when_candidates_are_judged():
    store = MemoryStore(
        rulings=[policy(name, {"attr": name, "op": "exists", "value": False}, "allow") for name in ATTRIBUTES]
    )
    bankus(store)
    assert resolve(BIC_REQUEST, context=context(store)).response["directives"]


def explained(store, **given):
    response = resolve(BIC_REQUEST | {"explain": True}, context=context(store, **given)).response
    return response["explanation"]["candidates"][0].get("cause", "kept")


def test_the_cause_names_the_policy_and_the_condition_that_held():
    night = {"attr": "time.hour", "op": "gte", "value": 22}
    store = MemoryStore(rulings=[policy("no-as4-after-hours", {"all": [AS4, night]})])
    bankus(store)
    assert explained(store) == "kept"
    cause = explained(store, now=datetime(2026, 6, 1, 22, 0, tzinfo=UTC))
    assert cause == 'policy "no-as4-after-hours": endpoint.protocol eq as4 and time.hour gte 22'


def test_hours_are_those_of_the_tenants_time_zone():
    store = MemoryStore(rulings=[policy("night", {"attr": "time.hour", "op": "gte", "value": 22})])
    bankus(store)
    late = {"now": datetime(2026, 6, 1, 20, 30, tzinfo=UTC)}
    assert explained(store, **late) == "kept"
    assert explained(store, **late, settings=ResolverSettings(time_zone="Europe/Stockholm")).startswith(
        "policy"
    )


def test_deny_comes_before_allow_at_equal_priority_and_a_higher_allow_before_both():
    store = MemoryStore(rulings=[policy("yes", AS4, "allow"), policy("no", AS4, "deny")])
    bankus(store)
    assert explained(store) == 'policy "no": endpoint.protocol eq as4'
    store.rulings.append(policy("surely", AS4, "allow", 1))
    assert explained(store) == "kept"


def test_operators_policies_hold_for_global_candidates_only():
    for directory, cause in ((GLOBAL, 'policy "no": endpoint.protocol eq as4'), (None, "kept")):
        store = MemoryStore(rulings=[policy("no", AS4, directory=GLOBAL), policy("yes", AS4, "allow", 99)])
        bankus(store, **({"directory": directory} if directory else {}))
        assert explained(store) == cause


def test_policies_may_read_the_caller():
    store = MemoryStore(
        rulings=[policy("admins", {"attr": "caller.roles", "op": "not_in", "value": ["admin"]})]
    )
    bankus(store)
    assert explained(store, caller=Caller("user", "1", ("admin",))) == "kept"
    assert explained(store, caller=Caller("user", "1", ("member",))).startswith('policy "admins"')


def test_the_next_hour_bounds_an_answer_only_when_a_policy_reads_the_time():
    timed = policy("night", {"not": {"attr": "time.hour", "op": "lt", "value": 22}})
    assert next_hour([timed], NOW.replace(minute=20), "Asia/Kolkata") == NOW.replace(minute=30)
    assert next_hour([policy("x", AS4)], NOW, "UTC") is None
