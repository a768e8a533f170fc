"""Step 6: the order of candidates, total: no two are equal, whatever order the rows came in.

In a prefix table the more specific match set and the longer prefix come first; then, everywhere: status,
declared before undeclared, endpoint priority, identifier priority, the deciding policy's priority, freshness,
confidence. Among those still equal the mode of the rules and their weights decide by a stable key of the
request, then ids.
"""

import hashlib
import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from directory.rails.kinds import Key
from directory.resolution.candidates import Candidate, Removal
from directory.resolution.expand import path_order
from directory.resolution.records import Request

_STATUSES = {"active": 0, "draining": 1}
_MODES = {"solitary": 0, "dominant": 1, "loadshare": 2, "broadcast": 3}


class _Criterion(NamedTuple):
    """One thing candidates are compared by: lower first; ``words`` say what a later one lacks."""

    order: Any
    shown: str
    words: str


def rank(candidates: Sequence[Candidate], request: Request) -> tuple[list[Candidate], list[Removal]]:
    """Return the candidates in order, each target once by its best path, and the worse paths."""
    ordered = sorted(candidates, key=lambda candidate: sort_key(candidate, request))
    kept: dict[Any, Candidate] = {}
    worse = [one for one in ordered if kept.setdefault(_identity(one), one) is not one]
    cause = "rank: the same target is reached by a better path"
    return list(kept.values()), [Removal(candidate, "rank", cause) for candidate in worse]


def _identity(candidate: Candidate) -> tuple[Any, ...]:
    target = candidate.target
    return (
        candidate.directory,
        target.endpoint_id or target.id,
        target.protocol,
        target.address,
        target.profile,
    )


def sort_key(candidate: Candidate, request: Request) -> tuple[Any, ...]:
    """Return what a candidate is sorted by; different candidates have different keys."""
    target, participant, rule = candidate.target, candidate.participant, candidate.rule
    return (
        *(criterion.order for criterion in _criteria(candidate)),
        candidate.is_backup,
        _MODES[rule.mode] if rule else 0,
        -_share(candidate, request),
        str(target.id),
        str(rule.id) if rule else "",
        str(participant.ref.id) if participant else "",
        target.protocol,
        target.address,
        target.profile,
        tuple(candidate.key),
        candidate.identifier is None,
        path_order(candidate.path),
    )


def _criteria(candidate: Candidate) -> tuple[_Criterion, ...]:
    target, identifier, rule = candidate.target, candidate.identifier, candidate.rule
    priority = identifier.priority if identifier else 0
    decided = candidate.decision.priority if candidate.decision.priority is not None else -math.inf
    length = len(rule.prefix) if rule else 0
    return (
        _Criterion(tuple(-part for part in candidate.match_set), "", "less specific selectors"),
        _Criterion(-length, str(length), "shorter prefix"),
        _Criterion(candidate.looseness, "", "selectors that the request does not state"),
        _Criterion(-(rule.priority if rule else 0), str(rule.priority if rule else 0), "lower rule priority"),
        _Criterion(_STATUSES.get(target.status, 2), target.status, "status"),
        _Criterion(not candidate.is_declared, "", "undeclared capability after declared"),
        _Criterion(-target.priority, str(target.priority), "lower endpoint priority"),
        _Criterion(candidate.name, candidate.name, "later name"),
        _Criterion(-priority, str(priority), "lower identifier priority"),
        _Criterion(-decided, "", "lower priority of the deciding policy"),
        _Criterion(_newest_first(candidate.freshness), candidate.freshness.isoformat(), "older"),
        _Criterion(-candidate.confidence, f"{candidate.confidence:g}", "lower confidence"),
    )


def _newest_first(moment: datetime) -> tuple[int, ...]:
    return (-moment.toordinal(), -moment.hour, -moment.minute, -moment.second, -moment.microsecond)


def _share(candidate: Candidate, request: Request) -> float:
    """Return the draw of a load-sharing rule: the highest wins, by and large in proportion to weights."""
    rule = candidate.rule
    if rule is None or rule.mode != "loadshare" or rule.weight <= 0:
        return 0.0
    text = "\x00".join((_stable_key(candidate.path.party.key, request), str(rule.id)))
    drawn = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=6).digest())
    return rule.weight / -math.log((drawn + 1) / (2**48 + 1))


def _stable_key(key: Key, request: Request) -> str:
    constraints = request.constraints
    if constraints.sls is not None:
        return f"sls:{constraints.sls}"
    return constraints.calling_gt or key.normalized


def compare(first: Candidate, later: Candidate) -> str:
    """Return in words why one candidate comes after another: ``rank: lower endpoint priority 10 < 50``."""
    mode = later.rule.mode if later.rule else ""
    if later.is_backup or mode == "dominant":
        return "dominant: taken when the first fails"
    if mode == "broadcast":
        return "broadcast: sent as well"
    for mine, theirs in zip(_criteria(first), _criteria(later), strict=True):
        if mine.order != theirs.order:
            against = " < " if mine.words.startswith(("lower", "shorter", "older")) else " after "
            shown = f" {theirs.shown}{against}{mine.shown}" if mine.shown else ""
            return f"rank: {mine.words}{shown}"
    return (
        "loadshare: another share of the traffic"
        if mode == "loadshare"
        else "rank: equal, in the order of ids"
    )
