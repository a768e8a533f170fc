"""Small sources by hand, and the global directory to import them into."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from config.foundation.actor import Actor
from config.foundation.rows import public_schema
from directory.connectors.records import (
    IdentifierRecord,
    PartyRecord,
    PrefixTable,
    Reading,
    Record,
)
from directory.enums import ParticipantKind, SourceKind

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
LATER = datetime(2026, 11, 26, 12, tzinfo=UTC)
ACTOR = Actor.system("import_example")


@dataclass
class Example:
    """A connector whose source is a list."""

    records: list[Record]
    name: str = "example"
    kind: SourceKind = SourceKind.FILE
    confidence: float = 0.7
    table: PrefixTable | None = None

    def read(self) -> Reading:
        return Reading(len(self.records), iter(self.records))


def bank(row: int, bic: str, name: str = "A Bank", country: str = "SE") -> list[Record]:
    """Return the two records of a bank."""
    return [
        PartyRecord(row, bic, name, ParticipantKind.ORGANIZATION, country),
        IdentifierRecord(row, bic, "bic", bic),
    ]


@pytest.fixture
def global_directory(db: None) -> Iterator[None]:
    """Select the global directory for the test."""
    with public_schema():
        yield
