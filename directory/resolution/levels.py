"""Step 3 seen from the ladder: what each level finds for a request, before anything is filtered.

A new level is a class with a ``level``, the name under which traces show it, and ``find``, which serves any
number of requests with one look-up. It is entered in ``LADDER``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple, Protocol

from directory.rails.kinds import IdentifierError, Key
from directory.rails.registry import Registry
from directory.resolution.candidates import Candidate, Removal, Target
from directory.resolution.capabilities import fits
from directory.resolution.expand import Paths, node_order
from directory.resolution.prefixes import (
    PrefixKey,
    candidates_of_rule,
    endpoint_target,
    most_specific,
    prefix_keys,
    stated_selectors,
)
from directory.resolution.records import (
    CONFIDENTIAL,
    Artifact,
    Directory,
    Level,
    Match,
    Node,
    Path,
    PrefixRule,
    Request,
    Window,
)
from directory.resolution.retrieve import DirectoryStore


class Item(NamedTuple):
    """One request of a batch: at its instant, with the paths that its identifiers were expanded to."""

    request: Request
    instant: datetime
    paths: Paths


class Recognised(NamedTuple):
    """A party that is known but leads nowhere."""

    directory: Directory
    source: str
    freshness: datetime
    confidence: float


@dataclass(slots=True)
class Found:
    """What a level found for one request; ``windows`` are those of every row that was looked at."""

    candidates: list[Candidate] = field(default_factory=list)
    removed: list[Removal] = field(default_factory=list)
    recognised: list[Recognised] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)

    def add(self, candidate: Candidate, instant: datetime) -> None:
        """Keep a candidate, unless its target takes no traffic at this instant."""
        cause = "retrieve: endpoint inactive" if candidate.target.status == "inactive" else ""
        cause = cause or outside(candidate.windows, instant)
        if cause:
            self.removed.append(Removal(candidate, "retrieve", cause))
        else:
            self.candidates.append(candidate)


def outside(windows: Iterable[Window], instant: datetime) -> str:
    """Return the cause why something does not hold at an instant, or an empty text."""
    for start, end in windows:
        if start is not None and instant < start:
            return f"retrieve: valid from {start.isoformat()}"
        if end is not None and instant >= end:
            return f"retrieve: expired {end.isoformat()}"
    return ""


class LadderLevel(Protocol):
    """A rung of the ladder."""

    level: Level
    number: str
    source: str

    def find(self, items: Sequence[Item], store: DirectoryStore, registry: Registry) -> list[Found]:
        """Return what is found for each item, at one look-up for all of them."""


class ArtifactLevel:
    """Directives written down for named parties, or for anyone: overrides and default routes."""

    def __init__(self, level: Level, number: str, source: str, kind: str) -> None:
        self.level, self.number, self.source, self._kind = level, number, source, kind

    def find(self, items: Sequence[Item], store: DirectoryStore, registry: Registry) -> list[Found]:
        """Return the directives whose match holds."""
        artifacts = [(row, _keys_of(row, registry)) for row in store.artifacts(self._kind)]
        return [self._of(item, artifacts) for item in items]

    def _of(self, item: Item, artifacts: Iterable[tuple[Artifact, list[Key] | None]]) -> Found:
        found = Found()
        for artifact, keys in artifacts:
            node = _matched(item, artifact, keys)
            if node is None:
                continue
            found.windows.append(artifact.window)
            found.add(self._candidate(artifact, node, item.paths[node]), item.instant)
        return found

    def _candidate(self, artifact: Artifact, node: Node, path: Path) -> Candidate:
        directive = artifact.payload["directive"]
        target = Target(
            id=artifact.id,
            protocol=directive["target_protocol"],
            address=directive["target_address"],
            profile=directive.get("transport_profile", ""),
            source=f"{artifact.kind}:{artifact.name}",
            updated_at=artifact.updated_at,
            priority=artifact.payload.get("priority", 0),
            qos=directive.get("qos", {}),
            windows=(artifact.window,),
            key_refs=tuple(directive.get("keyRefs", ())),
        )
        key = node if isinstance(node, Key) else path.party.key
        candidate = Candidate(self.level, Directory.OWN, path, key, _tier(path), target)
        return replace(candidate, name=artifact.name)


def _keys_of(artifact: Artifact, registry: Registry) -> list[Key] | None:
    """Return the identifiers that an artifact is for (unknown ones match nothing), or None for anyone's."""
    named = artifact.payload["match"].get("identifiers")
    if named is None:
        return None
    keys = []
    for one in named:
        try:
            keys.append(registry.get(one["type"]).normalize(one["value"], one.get("scope")).key)
        except IdentifierError:
            continue
    return keys


def _matched(item: Item, artifact: Artifact, keys: list[Key] | None) -> Node | None:
    match, service = artifact.payload["match"], item.request.service
    asked = (
        ("service", service.service),
        ("action", service.action),
        ("process", service.process),
        ("documentType", service.document_type),
    )
    if any(match.get(name) and not (value and fits(match[name], value)) for name, value in asked):
        return None
    nodes = sorted((node for node in item.paths if isinstance(node, Key)), key=node_order)
    kind = match.get("type")
    fitting = (
        node
        for node in nodes
        if (not kind or node.type == kind)
        and (keys is None or not {node, _given(item, node)}.isdisjoint(keys))
    )
    return next(fitting, None)


def _given(item: Item, node: Key) -> Key:
    """Return the identifier that a node was asked for by; a confidential one is written so in an artifact."""
    path = item.paths[node]
    return node if path.steps or path.party.tier < CONFIDENTIAL else path.party.key


class DirectoryLevel:
    """The tenant's own rows, and the global directory's where those yield nothing."""

    level, number, source = Level.INTERNAL_DIRECTORY, "3", "internal directory"

    def find(self, items: Sequence[Item], store: DirectoryStore, registry: Registry) -> list[Found]:  # noqa: ARG002 -- one signature for all levels
        """Return every endpoint of every participant that an identifier leads to."""
        nodes = sorted({node for item in items for node in item.paths}, key=node_order)
        since = min(item.instant for item in items)
        by_node: dict[Node, list[Match]] = {}
        for match in store.matches(nodes, since):
            by_node.setdefault(match.node, []).append(match)
        return [_of_directory(item, by_node) for item in items]


def _of_directory(item: Item, by_node: dict[Node, list[Match]]) -> Found:
    found = Found()
    for node, path in item.paths.items():
        for match in by_node.get(node, ()):
            _take_match(found, match, path, item.instant)
    return found


def _take_match(found: Found, match: Match, path: Path, instant: datetime) -> None:
    participant, identifier = match.participant.at(instant), match.identifier
    held = [participant.window, *([identifier.window] if identifier else [])]
    found.windows += (*held, *participant.windows)
    if not all(window.holds(instant) for window in held):
        return
    if not participant.endpoints:
        if identifier:
            freshness = identifier.verified_at or identifier.updated_at
            confidence = round(path.confidence * identifier.confidence, 6)
            found.recognised.append(
                Recognised(participant.ref.directory, identifier.source, freshness, confidence)
            )
        return
    for endpoint in participant.endpoints:
        candidate = Candidate(
            level=Level.INTERNAL_DIRECTORY,
            directory=participant.ref.directory,
            path=path,
            key=match.node if isinstance(match.node, Key) else path.party.key,
            tier=max(identifier.tier if identifier else 0, _tier(path)),
            target=endpoint_target(endpoint),
            participant=participant,
            identifier=identifier,
        )
        found.add(candidate, instant)


def _tier(path: Path) -> int:
    return max(path.party.tier, CONFIDENTIAL if path.is_confidential else 0)


class PrefixLevel:
    """Tables of prefixes: the tenant's, and the global directory's where those yield nothing."""

    level, number, source = Level.PREFIX_TABLES, "4-prefix", "external directory"

    def find(self, items: Sequence[Item], store: DirectoryStore, registry: Registry) -> list[Found]:
        """Return the most specific routable rules for each identifier."""
        nodes = {node for item in items for node in item.paths if isinstance(node, Key)}
        keys_of = {node: prefix_keys(node, registry) for node in nodes if _is_clear(node, registry)}
        asked = sorted({key for keys in keys_of.values() for key in keys})
        by_key: dict[PrefixKey, list[PrefixRule]] = {}
        for rule in store.prefix_rules(asked) if asked else []:
            by_key.setdefault(PrefixKey(rule.artifact_kind, rule.prefix), []).append(rule)
        return [self._of(item, keys_of, by_key, registry) for item in items]

    def _of(
        self,
        item: Item,
        keys_of: dict[Key, list[PrefixKey]],
        by_key: dict[PrefixKey, list[PrefixRule]],
        registry: Registry,
    ) -> Found:
        found = Found()
        for node, path in item.paths.items():
            if not isinstance(node, Key):
                continue
            stated = stated_selectors(node, item.request.constraints, registry)
            for key in keys_of.get(node, ()):
                for rule in _at(by_key.get(key, ()), item.instant):
                    ways = candidates_of_rule(rule, key=node, tier=_tier(path), path=path, stated=stated)
                    _take_rule(found, rule, ways, item.instant, path)
        _keep_most_specific(found)
        return found


def _is_clear(key: Key, registry: Registry) -> bool:
    """Tell whether a key holds an identifier itself; a confidential one's blind index has no prefixes."""
    return registry.get(key.type).tier_for(key.scope) < CONFIDENTIAL


def _at(rules: Iterable[PrefixRule], instant: datetime) -> list[PrefixRule]:
    return [
        replace(rule, participant=rule.participant.at(instant)) if rule.participant else rule
        for rule in rules
    ]


def _take_rule(
    found: Found, rule: PrefixRule, ways: list[Candidate] | None, instant: datetime, path: Path
) -> None:
    if ways is None:
        return
    found.windows += (
        rule.window,
        rule.artifact_window,
        *(rule.participant.windows if rule.participant else ()),
    )
    found.windows += [window for way in ways for window in way.windows]
    for way in ways:
        found.add(way, instant)
    if not ways and rule.window.holds(instant) and rule.artifact_window.holds(instant):
        source = f"{rule.artifact_kind}:{rule.artifact_name}"
        found.recognised.append(
            Recognised(rule.directory, source, rule.updated_at, round(path.confidence, 6))
        )


def _keep_most_specific(found: Found) -> None:
    """Keep, for each party and in each directory, the most specific rules only."""
    groups: dict[tuple[Key, Directory], list[Candidate]] = {}
    for candidate in found.candidates:
        groups.setdefault((candidate.path.party.key, candidate.directory), []).append(candidate)
    found.candidates = []
    for group in groups.values():
        best, others = most_specific(group)
        found.candidates += best
        longest = best[0].rule.prefix if best[0].rule else ""
        for other in others:
            cause = f"retrieve: less specific rule {other.rule.prefix if other.rule else ''} than {longest}"
            found.removed.append(Removal(other, "retrieve", cause))


OVERRIDES = ArtifactLevel(Level.TENANT_OVERRIDE, "1", "tenant override", "tenant_override")
DEFAULT_ROUTES = ArtifactLevel(Level.DEFAULT_ROUTE, "5", "default route", "default_route")
LADDER: dict[Level, LadderLevel] = {
    rung.level: rung for rung in (OVERRIDES, DirectoryLevel(), PrefixLevel(), DEFAULT_ROUTES)
}
REORDERABLE = (Level.INTERNAL_DIRECTORY, Level.PREFIX_TABLES)
