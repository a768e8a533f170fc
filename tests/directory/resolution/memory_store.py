"""The second implementation of a resolution's store: plain rows in lists, searched one by one.

It follows the contract of ``DirectoryStore`` as the SQL does, so that properties of the whole pipeline can be
tried on thousands of directories without a database.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from directory.rails.kinds import Key
from directory.resolution.prefixes import PrefixKey
from directory.resolution.records import (
    ALWAYS,
    Artifact,
    Directory,
    Edge,
    Identifier,
    Match,
    Node,
    Participant,
    Policy,
    PrefixRule,
    Ref,
    Window,
)

FORWARDS, BACKWARDS = {"same_as", "translates_to", "resolves_to"}, {"same_as"}


@dataclass(frozen=True)
class StoredIdentifier:
    id: UUID
    row: Identifier


@dataclass(frozen=True)
class End:
    kind: str
    directory: Directory
    id: UUID


@dataclass(frozen=True)
class StoredEdge:
    directory: Directory
    near: End
    far: End
    relation: str = "same_as"
    source: str = "internal"
    confidence: float = 1.0
    window: Window = ALWAYS


@dataclass
class MemoryStore:
    participants: list[Participant] = field(default_factory=list)
    identifiers: list[StoredIdentifier] = field(default_factory=list)
    links: list[StoredEdge] = field(default_factory=list)
    rules: list[PrefixRule] = field(default_factory=list)
    rulings: list[Policy] = field(default_factory=list)
    tables: list[Artifact] = field(default_factory=list)
    moves: int = 1
    calls: list[str] = field(default_factory=list)

    def version(self) -> str:
        self.calls.append("version")
        return f"{self.moves}.0"

    def policies(self) -> list[Policy]:
        self.calls.append("policies")
        return list(self.rulings)

    def artifacts(self, kind: str) -> list[Artifact]:
        self.calls.append("artifacts")
        return [table for table in self.tables if table.kind == kind]

    def prefix_rules(self, keys: Sequence[PrefixKey]) -> list[PrefixRule]:
        self.calls.append("prefix_rules")
        return [rule for rule in self.rules if PrefixKey(rule.artifact_kind, rule.prefix) in keys]

    def matches(self, nodes: Sequence[Node], since: datetime) -> list[Match]:
        self.calls.append("matches")
        asked = set(nodes)
        found = [
            Match(stored.row.key, stored.row, self._owner(stored.row))
            for stored in self.identifiers
            if stored.row.key in asked and _lives(stored.row.window, since)
        ]
        return found + [Match(one.ref, None, one) for one in self.participants if one.ref in asked]

    def edges(self, nodes: Sequence[Node], since: datetime) -> list[Edge]:
        self.calls.append("edges")
        asked = set(nodes)
        found: dict[tuple[object, ...], Edge] = {}
        for link in self.links:
            for near, far, relations in ((link.near, link.far, FORWARDS), (link.far, link.near, BACKWARDS)):
                if link.relation not in relations:
                    continue
                for node, near_by, near_until in self._found_by(near, asked):
                    for target, far_by, far_until in self._leads_to(far, link.relation):
                        ends = [end for end in (link.window.end, near_until, far_until) if end]
                        window = Window(link.window.start, min(ends, default=None))
                        confidence = link.confidence * near_by * far_by
                        edge = Edge(node, target, link.relation, link.source, confidence, window)
                        if _lives(window, since):
                            found[edge.near, edge.far, edge.relation, edge.source, confidence, window] = edge
        return list(found.values())

    def _owner(self, row: Identifier) -> Participant:
        ref = Ref(row.directory, row.participant_id)
        return next(one for one in self.participants if one.ref == ref)

    def _found_by(self, end: End, asked: set[Node]) -> list[tuple[Node, float, datetime | None]]:
        found: list[tuple[Node, float, datetime | None]] = []
        for stored in self.identifiers:
            row = stored.row
            if row.key not in asked or row.directory is not end.directory:
                continue
            if end.kind == "identifier" and stored.id == end.id:
                found.append((row.key, 1.0, row.window.end))
            if end.kind == "participant" and row.participant_id == end.id:
                found.append((row.key, row.confidence, row.window.end))
        ref = Ref(end.directory, end.id)
        return found + ([(ref, 1.0, None)] if end.kind == "participant" and ref in asked else [])

    def _leads_to(self, end: End, relation: str) -> list[tuple[Key | Ref, float, datetime | None]]:
        rows = [stored for stored in self.identifiers if stored.row.directory is end.directory]
        if end.kind == "identifier":
            return [(one.row.key, 1.0, one.row.window.end) for one in rows if one.id == end.id]
        names = [
            (one.row.key, one.row.confidence, one.row.window.end)
            for one in rows
            if one.row.participant_id == end.id and relation != "resolves_to"
        ]
        return [(Ref(end.directory, end.id), 1.0, None), *names]


def _lives(window: Window, since: datetime) -> bool:
    return window.end is None or window.end > since
