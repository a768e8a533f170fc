"""The longest prefix: which rules of prefix tables answer an identifier.

A selector that is null matches anything. One that the request does not state matches too, but ranks after
rules that do not ask for it; a calling prefix must be stated, because such a rule was made for those callers
alone. In a global title table the most specific match set comes before the longest prefix, elsewhere after
it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from directory.rails.kinds import Key
from directory.rails.registry import Registry
from directory.resolution.candidates import Candidate, Target
from directory.resolution.records import Constraints, Endpoint, Level, Path, PrefixRule

LONGEST_PREFIX = 15
_MATCH_SET_FIRST = frozenset({"gtt_table"})
_CALLING = "calling_prefix"


class PrefixKey(NamedTuple):
    """What a rule is looked up by."""

    kind: str
    prefix: str


class _Fit(NamedTuple):
    match_set: tuple[int, ...]
    looseness: int


def prefix_keys(key: Key, registry: Registry) -> list[PrefixKey]:
    """Return every prefix of an identifier, in each kind of table that its type is looked up in."""
    kind = registry.get(key.type)
    digits = kind.prefix_digits(key.normalized)
    lengths = range(1, min(len(digits), LONGEST_PREFIX) + 1)
    return [PrefixKey(table, digits[:length]) for table in kind.prefix_artifact_kinds for length in lengths]


def stated_selectors(key: Key, constraints: Constraints, registry: Registry) -> dict[str, int | str]:
    """Return what the request says that rules may select on: ``{"tt": 0, "calling_prefix": "4670…"}``."""
    stated: dict[str, int | str] = dict(registry.get(key.type).prefix_selectors(key.scope))
    given = {"ssn": constraints.ssn, "brand": constraints.brand, _CALLING: constraints.calling_gt}
    return stated | {name: value for name, value in given.items() if value not in (None, "")}


def candidates_of_rule(
    rule: PrefixRule, *, key: Key, tier: int, path: Path, stated: Mapping[str, int | str]
) -> list[Candidate] | None:
    """Return the ways a rule leads to (none if it only recognises), or None if it does not match."""
    fit = _fit(rule, stated)
    if fit is None:
        return None
    base = Candidate(
        level=Level.PREFIX_TABLES,
        directory=rule.directory,
        path=path,
        key=key,
        tier=tier,
        target=_target(rule),
        participant=rule.participant,
        rule=rule,
        match_set=fit.match_set,
        looseness=fit.looseness,
    )
    if rule.target_protocol:
        backup = rule.result.get("backup")
        second = (
            replace(base, target=replace(base.target, address=backup), is_backup=True) if backup else None
        )
        return [base, second] if second else [base]
    endpoints = rule.participant.endpoints if rule.participant else ()
    return [replace(base, target=endpoint_target(row, rule)) for row in endpoints]


def _target(rule: PrefixRule) -> Target:
    endpoints = rule.participant.endpoints if rule.participant else ()
    same = (e.id for e in endpoints if (e.protocol, e.address) == (rule.target_protocol, rule.target_address))
    return Target(
        id=rule.id,
        protocol=rule.target_protocol,
        address=rule.target_address,
        profile=rule.transport_profile,
        source=f"{rule.artifact_kind}:{rule.artifact_name}",
        updated_at=rule.updated_at,
        windows=(rule.window, rule.artifact_window),
        endpoint_id=min(same, default=None),
    )


def endpoint_target(row: Endpoint, rule: PrefixRule | None = None) -> Target:
    """Return an endpoint as a target, resting on the rule that led to it if one did."""
    return Target(
        id=row.id,
        protocol=row.protocol,
        address=row.address,
        profile=row.profile,
        source=row.source,
        updated_at=row.updated_at,
        priority=row.priority,
        status=row.status,
        confidence=row.confidence,
        verified_at=row.verified_at,
        qos=row.qos,
        windows=(row.window, rule.window, rule.artifact_window) if rule else (row.window,),
        endpoint_id=row.id,
    )


def _fit(rule: PrefixRule, stated: Mapping[str, int | str]) -> _Fit | None:
    matched, unstated = [], 0
    for name, wanted in rule.selectors.items():
        given = stated.get(name)
        if name == _CALLING:
            if given is None or not str(given).startswith(str(wanted)):
                return None
        elif given is None:
            unstated += 1
            continue
        elif str(given).lower() != str(wanted).lower():
            return None
        matched.append(name)
    if rule.artifact_kind not in _MATCH_SET_FIRST:
        return _Fit((0, 0, 0), unstated - len(matched))
    others = len(set(matched) - {_CALLING, "ssn"})
    return _Fit((int(_CALLING in matched), int("ssn" in matched), others), unstated)


def most_specific(candidates: Iterable[Candidate]) -> tuple[list[Candidate], list[Candidate]]:
    """Return the candidates of the most specific rules, and the others: a wider rule is no detour."""
    ordered = sorted(candidates, key=_specificity)
    best = [one for one in ordered if _specificity(one) == _specificity(ordered[0])]
    return best, ordered[len(best) :]


def _specificity(candidate: Candidate) -> tuple[tuple[int, ...], int, int]:
    length = len(candidate.rule.prefix) if candidate.rule else 0
    return tuple(-part for part in candidate.match_set), -length, candidate.looseness
