"""What the filters look at: one way to reach one party, and what removed it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from directory.rails.kinds import Key
from directory.resolution.records import (
    EMPTY,
    Decision,
    Directory,
    Identifier,
    Level,
    Participant,
    Path,
    PrefixRule,
    Window,
)

UNDECIDED = Decision(is_allowed=True)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a candidate leads; ``id`` is the endpoint's, the rule's or the artifact's."""

    id: UUID
    protocol: str
    address: str
    profile: str
    source: str
    updated_at: datetime
    priority: int = 0
    status: str = "active"
    confidence: float = 1.0
    verified_at: datetime | None = None
    qos: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    windows: tuple[Window, ...] = ()
    key_refs: tuple[str, ...] = ()
    endpoint_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A path from the request to a target at one level of the ladder.

    Attributes:
        tier: of the identifier that found it; its value is shown below 2 only.
        match_set: how specific the prefix rule's selectors are, most telling first; empty outside prefix
        tables.
        looseness: selectors of the rule that the request says nothing about; where the match set does not
            come first, less those that matched.
        name: of the artifact, where several may answer.
        is_declared: whether a capability was declared for it.
    """

    level: Level
    directory: Directory
    path: Path
    key: Key
    tier: int
    target: Target
    participant: Participant | None = None
    identifier: Identifier | None = None
    rule: PrefixRule | None = None
    match_set: tuple[int, ...] = ()
    looseness: int = 0
    name: str = ""
    is_backup: bool = False
    is_declared: bool = True
    decision: Decision = UNDECIDED

    @property
    def confidence(self) -> float:
        """Return the product of the confidences of all that led here."""
        by_row = self.identifier.confidence if self.identifier else 1.0
        return round(self.path.confidence * by_row * self.target.confidence, 6)

    @property
    def freshness(self) -> datetime:
        """Return the newest verification or edge, or else the newest change, of what led here."""
        verified = [self.target.verified_at, *(step.window.start for step in self.path.steps)]
        changed = [self.target.updated_at]
        if self.identifier:
            verified.append(self.identifier.verified_at)
            changed.append(self.identifier.updated_at)
        return max([moment for moment in verified if moment] or changed)

    @property
    def windows(self) -> tuple[Window, ...]:
        """Return the windows of everything the candidate rests on."""
        steps = tuple(step.window for step in self.path.steps)
        rows = tuple(row.window for row in (self.identifier, self.participant) if row)
        return (*steps, *rows, *self.target.windows)


class Removal(NamedTuple):
    """A candidate that a step removed, with the exact cause."""

    candidate: Candidate
    step: str
    cause: str
