"""Step 8: what the answer rests on, and what happened at each level, without confidential values or ids."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from directory.rails.kinds import Key
from directory.rails.registry import Registry
from directory.resolution.assemble import Assembled, rfc3339
from directory.resolution.candidates import Candidate, Removal
from directory.resolution.documents import Evidence, ExplainedCandidate, Explanation, Outcome, TraceEntry
from directory.resolution.expand import Paths, node_order
from directory.resolution.levels import Found, LadderLevel, Recognised
from directory.resolution.rank import compare
from directory.resolution.records import CONFIDENTIAL, Level, Node, Path


class Tried(NamedTuple):
    """A level and what came of it."""

    rung: LadderLevel
    found: Found | None
    removed: list[Removal]
    assembled: list[Assembled]


def trace_entry(tried: Tried) -> TraceEntry:
    """Return the line of the trace for a level; ``found`` is None where settings switch it off."""
    entry = TraceEntry(level=tried.rung.number, source=tried.rung.source, outcome=_outcome(tried))
    if tried.found is None:
        return entry
    considered = len(tried.assembled) + len(tried.removed)
    if considered:
        entry["candidates"] = considered
    if tried.assembled:
        first = tried.assembled[0].candidate
        entry["directory"] = str(first.directory)
        if first.rule:
            entry["matched_prefix"] = first.rule.prefix
    elif entry["outcome"] == "recognised_not_routable":
        entry["directory"] = str(min(tried.found.recognised, key=_recognised_order).directory)
    return entry


def _outcome(tried: Tried) -> Outcome:
    if tried.found is None:
        return "off"
    if tried.assembled:
        return "hit"
    if tried.removed:
        is_stale = all(removal.cause.startswith("constraint: stale") for removal in tried.removed)
        return "stale" if is_stale else "filtered"
    return "recognised_not_routable" if tried.found.recognised else "miss"


def _recognised_order(one: Recognised) -> tuple[bool, str, datetime, float]:
    return (one.directory == "global", one.source, one.freshness, one.confidence)


def evidence(assembled: Iterable[Assembled], tried: Iterable[Tried], registry: Registry) -> list[Evidence]:
    """Return each contributing source once, in order, with its newest freshness and highest confidence.

    Where nothing was routable, the sources that recognised a party contribute.
    """
    lines: dict[tuple[str, str], tuple[datetime, float]] = {}
    for one in assembled:
        for source, step, freshness, confidence in _contributions(one.candidate, registry):
            _merge(lines, (source, step), freshness, confidence)
    if not lines:
        for known in (one for level in tried if level.found for one in level.found.recognised):
            _merge(lines, (known.source, ""), known.freshness, known.confidence)
    return [_line(source, step, *lines[source, step]) for source, step in sorted(lines)]


def _merge(
    lines: dict[tuple[str, str], tuple[datetime, float]],
    key: tuple[str, str],
    freshness: datetime,
    confidence: float,
) -> None:
    known = lines.get(key, (freshness, confidence))
    lines[key] = (max(known[0], freshness), max(known[1], confidence))


def _line(source: str, step: str, freshness: datetime, confidence: float) -> Evidence:
    line = Evidence(source=source, freshness=rfc3339(freshness), confidence=round(confidence, 6))
    if step:
        line["step"] = step
    return line


def _contributions(candidate: Candidate, registry: Registry) -> list[tuple[str, str, datetime, float]]:
    target, identifier = candidate.target, candidate.identifier
    found = [(target.source, "", target.verified_at or target.updated_at, target.confidence)]
    if identifier:
        freshness = identifier.verified_at or identifier.updated_at
        found.append((identifier.source, "", freshness, identifier.confidence))
    near: Node = candidate.path.party.key
    for step in candidate.path.steps:
        words = f"{_kind(near, registry)} {step.relation} {_kind(step.far, registry)}"
        found.append((step.source, words, step.window.start or candidate.freshness, step.confidence))
        near = step.far
    return found


def _kind(node: Node, registry: Registry) -> str:
    """Return the type of a node, with the scope where it tells more: ``as4.partyId/LEI``."""
    if not isinstance(node, Key):
        return "participant"
    is_hidden = registry.get(node.type).tier_for(node.scope) >= CONFIDENTIAL
    return f"{node.type}/{node.scope}" if node.scope and not is_hidden else node.type


def _label(node: Node, registry: Registry) -> str:
    if not isinstance(node, Key):
        return f"participant of the {node.directory} directory"
    kind = registry.get(node.type)
    if kind.tier_for(node.scope) >= CONFIDENTIAL:
        return f"{node.type} (confidential)"
    return f"{_kind(node, registry)} {kind.display(node.normalized, node.scope)}"


def _path(path: Path, last: Key, registry: Registry) -> list[str]:
    lines = [_label(path.party.key, registry)]
    lines += [f"{step.relation} ({step.source}) {_label(step.far, registry)}" for step in path.steps]
    reached = path.steps[-1].far if path.steps else path.party.key
    if last != reached and registry.get(last.type).tier_for(last.scope) < CONFIDENTIAL:
        lines.append(f"equivalent {_label(last, registry)}")
    return lines


def explain(tried: Sequence[Tried], paths: Paths, limit: int, registry: Registry) -> Explanation:
    """Return every candidate at every level tried: what became of it and why."""
    lines: list[ExplainedCandidate] = []
    for level in tried:
        for position, one in enumerate(level.assembled):
            line = _explained(level.rung, one.candidate, registry)
            line["outcome"] = "primary" if position == 0 else "alternate"
            if position:
                line["step"], line["cause"] = "rank", compare(level.assembled[0].candidate, one.candidate)
            if position >= limit:
                line["outcome"], line["step"], line["cause"] = (
                    "removed",
                    "limit",
                    f"limit: {limit} directives asked for",
                )
            lines.append(line)
        removed = [_removed(level.rung, removal, registry) for removal in level.removed]
        lines += sorted(removed, key=_explained_order)
    nodes = sorted(paths, key=node_order)
    return Explanation(
        identifiers=list(dict.fromkeys(_label(node, registry) for node in nodes)), candidates=lines
    )


def _removed(rung: LadderLevel, removal: Removal, registry: Registry) -> ExplainedCandidate:
    line = _explained(rung, removal.candidate, registry)
    line["step"], line["cause"] = removal.step, removal.cause
    return line


def _explained(rung: LadderLevel, candidate: Candidate, registry: Registry) -> ExplainedCandidate:
    target = candidate.target
    line = ExplainedCandidate(
        level=rung.number,
        source=rung.source,
        directory=str(candidate.directory),
        path=_path(candidate.path, candidate.key, registry),
        target_protocol=target.protocol,
        target_address=target.address,
        transport_profile=target.profile,
        outcome="removed",
    )
    if candidate.participant:
        line["participant"] = candidate.participant.name
    if candidate.rule and candidate.level is Level.PREFIX_TABLES:
        line["matched_prefix"] = candidate.rule.prefix
    return line


def _explained_order(line: ExplainedCandidate) -> tuple[Any, ...]:
    """Return what removed candidates are sorted by: all that is shown of them, so that no order is left open."""
    return (
        line.get("step", ""), line.get("cause", ""), line["directory"], line["target_protocol"],
        line["target_address"], line["transport_profile"], line["path"], line.get("participant", ""),
        line.get("matched_prefix", ""),
    )  # fmt: skip
