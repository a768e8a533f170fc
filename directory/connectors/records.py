"""What a connector hands to the importer: plain records, in the order of the source, not yet validated."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from directory.enums import ArtifactKind, ParticipantKind, SourceKind


@dataclass(frozen=True, slots=True)
class PartyRecord:
    """A participant. ``row`` is the number of the source's row that brought it, from 1."""

    row: int
    external_id: str
    name: str
    kind: ParticipantKind
    country: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IdentifierRecord:
    """An identifier of the participant that an earlier record named ``party``."""

    row: int
    party: str
    identifier_type: str
    value: str
    scope: str = ""


@dataclass(frozen=True, slots=True)
class PrefixRecord:
    """A rule of the connector's table: what begins with ``prefix`` is of ``party``, named before."""

    row: int
    party: str
    prefix: str


@dataclass(frozen=True, slots=True)
class Rejection:
    """A row of the source that is not taken, and why."""

    row: int
    reason: str


Record = PartyRecord | IdentifierRecord | PrefixRecord | Rejection


@dataclass(frozen=True, slots=True)
class PrefixTable:
    """The routing artifact that a connector's prefix records become."""

    kind: ArtifactKind
    name: str
    payload: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a source holds: how many rows, and the records they become."""

    row_count: int
    records: Iterator[Record]


class Connector(Protocol):
    """A source and how it is read.

    ``name`` is the name of its Source row and tags everything it brings; ``confidence`` is from 0 to 1;
    ``table`` is set where it brings prefix records.
    """

    name: str
    kind: SourceKind
    confidence: float
    table: PrefixTable | None

    def read(self) -> Reading:
        """Open the source.

        Raises:
            Refused: ``source_unreadable``; bad single rows are no reason, they become rejections.
        """
