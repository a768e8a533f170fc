"""Step 5: which candidates the policies let stay.

Policies are asked by priority, highest first, deny before allow at equal priority, then by id; the first that
matches decides, and the tenant's default effect where none does. A candidate of the global directory must
pass the operators' policies (those of the global directory) as well as the tenant's own; one of the tenant's
directory only its own. The value of a confidential identifier is missing to policies.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from jsonschema import Draft202012Validator

from directory.rails.text import fault_of_schema
from directory.resolution.candidates import Candidate, Removal
from directory.resolution.conditions import matches, mentions, sentence
from directory.resolution.records import (
    CONFIDENTIAL,
    Caller,
    Decision,
    Directory,
    Policy,
    Request,
    ResolverSettings,
)

ATTRIBUTES = (
    "caller.kind", "caller.id", "caller.roles", "caller.issuer",
    "participant.id", "participant.name", "participant.country", "participant.tags", "participant.scope",
    "identifier.type", "identifier.scope", "identifier.value",
    "endpoint.protocol", "endpoint.profile", "endpoint.address", "endpoint.status",
    "request.service", "request.action", "request.process", "request.documentType", "request.protocols",
    "request.scheme", "time.hour", "time.weekday",
)  # fmt: skip
LARGEST_DEPTH = 8
CONDITIONS_MAX = 500
_SCALAR: dict[str, Any] = {"type": ["string", "number", "boolean"], "maxLength": 512}
_LIST: dict[str, Any] = {"type": "array", "minItems": 1, "maxItems": 100, "items": _SCALAR}


def _leaf(operators: list[str], value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "if": {"required": ["op"], "properties": {"op": {"enum": operators}}},
        "then": {"properties": {"value": value}},
    }


_OPERATORS = ["eq", "ne", "in", "not_in", "prefix", "glob", "exists", "gt", "gte", "lt", "lte"]
_CONDITIONS = {"type": "array", "minItems": 1, "maxItems": 50, "items": {"$ref": "#/$defs/condition"}}


def _branch(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "if": {"required": [name]},
        "then": {"properties": {name: schema}, "additionalProperties": False, "maxProperties": 1},
    }


RULE_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Policy rule",
    "type": "object",
    "required": ["when"],
    "additionalProperties": False,
    "properties": {"when": {"$ref": "#/$defs/condition"}, "reason": {"type": "string", "maxLength": 500}},
    "$defs": {
        "condition": {
            "type": "object",
            "anyOf": [{"required": [name]} for name in ("all", "any", "not", "attr")],
            "allOf": [
                _branch("all", _CONDITIONS),
                _branch("any", _CONDITIONS),
                _branch("not", {"$ref": "#/$defs/condition"}),
                {"if": {"required": ["attr"]}, "then": {"$ref": "#/$defs/comparison"}},
            ],
        },
        "comparison": {
            "required": ["attr", "op", "value"],
            "additionalProperties": False,
            "properties": {"attr": {"enum": list(ATTRIBUTES)}, "op": {"enum": _OPERATORS}, "value": True},
            "allOf": [
                _leaf(["eq", "ne"], _SCALAR),
                _leaf(["in", "not_in"], _LIST),
                _leaf(["prefix", "glob"], {"type": "string", "minLength": 1, "maxLength": 512}),
                _leaf(["exists"], {"type": "boolean"}),
                _leaf(["gt", "gte", "lt", "lte"], {"type": ["number", "string"], "maxLength": 512}),
            ],
        },
    },
}
_VALIDATOR = Draft202012Validator(RULE_SCHEMA)


def validate_rule(rule: Any) -> list[str]:
    """Return what is wrong with a policy's rule, a sentence each, naming the place; or nothing."""
    if _depth(rule) > LARGEST_DEPTH:
        return [f"when: conditions are nested at most {LARGEST_DEPTH} deep; split the policy."]
    if _count(rule) > CONDITIONS_MAX:
        return [f"when: a rule has at most {CONDITIONS_MAX} conditions; split the policy."]
    errors = sorted(
        _VALIDATOR.iter_errors(rule), key=lambda error: [str(part) for part in error.absolute_path]
    )
    return [fault_of_schema(error) for error in errors[:20]]


def _depth(value: Any, *, beyond: int = 0) -> int:
    """Return how deep conditions are nested, counting no further than is needed to refuse."""
    if beyond > 2 * LARGEST_DEPTH + 4:
        return beyond
    if isinstance(value, dict):
        inner = [
            _depth(item, beyond=beyond + 1)
            for key, item in value.items()
            if key in {"when", "all", "any", "not"}
        ]
        return max(inner, default=0) + (1 if {"all", "any", "not"} & value.keys() else 0)
    if isinstance(value, list):
        return max((_depth(item, beyond=beyond + 1) for item in value), default=0)
    return 0


def _count(value: Any) -> int:
    """Return how many conditions there are at any depth: each is asked for each candidate."""
    if isinstance(value, dict):
        return 1 + sum(_count(inner) for key, inner in value.items() if key in {"when", "all", "any", "not"})
    return sum(map(_count, value)) if isinstance(value, list) else 0


def in_order(policies: Iterable[Policy]) -> list[Policy]:
    """Return policies in the order they are asked."""
    return sorted(policies, key=lambda policy: (-policy.priority, policy.effect != "deny", policy.id))


def filter_candidates(  # noqa: PLR0913 -- what a policy may read is many things
    candidates: Sequence[Candidate],
    policies: Iterable[Policy],
    *,
    request: Request,
    caller: Caller,
    settings: ResolverSettings,
    instant: datetime,
) -> tuple[list[Candidate], list[Removal]]:
    """Return the candidates that stay, each with the decision on it, and those removed with the cause."""
    ordered = in_order(policies)
    shared = _shared_attributes(request, caller, instant.astimezone(ZoneInfo(settings.time_zone)))
    kept, removed = [], []
    for candidate in candidates:
        decision = _decide(candidate, ordered, shared | _attributes(candidate), settings.default_effect)
        if decision.is_allowed:
            kept.append(replace(candidate, decision=decision))
        else:
            removed.append(Removal(candidate, "policy", decision.cause))
    return kept, removed


def _decide(
    candidate: Candidate, ordered: Sequence[Policy], attributes: Mapping[str, Any], default_effect: str
) -> Decision:
    own = [policy for policy in ordered if policy.directory is Directory.OWN]
    decision = _first_match(own, attributes)
    if candidate.directory is Directory.GLOBAL:
        operators = [policy for policy in ordered if policy.directory is Directory.GLOBAL]
        theirs = _first_match(operators, attributes)
        if theirs and not theirs.is_allowed:
            return theirs
        decision = decision or theirs
    if decision is None:
        return Decision(default_effect == "allow", "policy: default effect deny")
    return decision


def _first_match(policies: Iterable[Policy], attributes: Mapping[str, Any]) -> Decision | None:
    for policy in policies:
        condition = policy.rule["when"]
        if matches(condition, attributes):
            cause = f'policy "{policy.name}": {sentence(condition, attributes)}'
            return Decision(policy.effect == "allow", cause, policy.priority)
    return None


def _shared_attributes(request: Request, caller: Caller, local: datetime) -> dict[str, Any]:
    service, constraints = request.service, request.constraints
    return {
        "caller.kind": caller.kind,
        "caller.id": caller.id,
        "caller.roles": caller.roles,
        "caller.issuer": caller.issuer,
        "request.service": service.service,
        "request.action": service.action,
        "request.process": service.process,
        "request.documentType": service.document_type,
        "request.protocols": constraints.protocols,
        "request.scheme": constraints.scheme,
        "time.hour": local.hour,
        "time.weekday": local.isoweekday(),
    }


def _attributes(candidate: Candidate) -> dict[str, Any]:
    participant, target, key = candidate.participant, candidate.target, candidate.key
    is_shown = candidate.tier < CONFIDENTIAL
    return {
        "participant.id": str(participant.ref.id) if participant else None,
        "participant.name": participant.name if participant else None,
        "participant.country": participant.country if participant else None,
        "participant.tags": participant.tags if participant else (),
        "participant.scope": str(participant.ref.directory) if participant else None,
        "identifier.type": key.type,
        "identifier.scope": key.scope,
        "identifier.value": key.normalized if is_shown else None,
        "endpoint.protocol": target.protocol,
        "endpoint.profile": target.profile,
        "endpoint.address": target.address,
        "endpoint.status": target.status,
    }


def reads_caller(policies: Iterable[Policy]) -> bool:
    """Tell whether an answer depends on who asks."""
    return mentions(policies, "caller.")


def next_hour(policies: Iterable[Policy], instant: datetime, time_zone: str) -> datetime | None:
    """Return when a policy that reads the time may decide otherwise: the next full hour there, or None."""
    if not mentions(policies, "time."):
        return None
    local = instant.astimezone(ZoneInfo(time_zone))
    to_hour = timedelta(minutes=60 - local.minute, seconds=-local.second, microseconds=-local.microsecond)
    return instant + to_hour
