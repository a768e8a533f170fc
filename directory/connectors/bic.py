"""Connector ``bic``: the national bank registries that the ``schwifty`` package ships.

Each BIC becomes one global participant with its BIC and every national bank code the registries list under
it.
Source: the data files of schwifty; each is the publication of a central bank or payments association.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from schwifty import registry as schwifty_registry

from config.foundation.errors import Refused
from directory.connectors.files import read_json
from directory.connectors.records import (
    IdentifierRecord,
    PartyRecord,
    PrefixTable,
    Reading,
    Record,
    Rejection,
)
from directory.enums import ParticipantKind, SourceKind
from directory.rails.kinds import IdentifierError
from directory.rails.registry import registry

NAME_MAX_LENGTH = 255


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of a bank registry: ``country`` is that of the registry, not of the BIC."""

    row: int
    country: str
    bic: str
    bank_code: str
    name: str
    is_primary: bool


@dataclass(slots=True)
class Bank:
    """All that the rows of one BIC say."""

    row: int
    names: Counter[str] = field(default_factory=Counter)
    primary_names: Counter[str] = field(default_factory=Counter)
    codes: dict[tuple[str, str], int] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        """Take up one more row."""
        self.names[entry.name] += 1
        if entry.is_primary:
            self.primary_names[entry.name] += 1
        if entry.bank_code:
            self.codes.setdefault((entry.country, entry.bank_code), entry.row)

    @property
    def name(self) -> str:
        """Return the name that most rows give (of the primary ones, if any are); of several, the shortest."""
        names = self.primary_names or self.names
        return min(names, key=lambda name: (-names[name], len(name), name))


class BicConnector:
    """Reads the shipped registries, or a file of the same form (a list, or an object with ``entries``)."""

    name = "bic"
    kind = SourceKind.BIC
    confidence = 0.9
    table: PrefixTable | None = None

    def __init__(self, file: Path | None = None) -> None:
        self._file = file

    def read(self) -> Reading:
        """Read every row that has a BIC.

        Raises:
            Refused: ``source_unreadable``.
        """
        rows = _file_rows(self._file) if self._file else _shipped_rows()
        return Reading(len(rows), _records(rows))


def _shipped_rows() -> list[Entry | Rejection]:
    banks = (bank for bank in schwifty_registry.get_all_banks() if bank.bic)
    return [
        Entry(row, bank.country_code, bank.bic, bank.bank_code, _tidy(bank.name), bank.primary)
        for row, bank in enumerate(banks, start=1)
    ]


def _file_rows(path: Path) -> list[Entry | Rejection]:
    content = read_json(path)
    try:
        rows = schwifty_registry.parse_v2(content) if isinstance(content, dict) else content
    except (KeyError, TypeError, AttributeError):
        rows = None
    if not isinstance(rows, list):
        message = f"{path} is no bank registry: it takes a list of banks, or an object with entries."
        raise Refused("source_unreadable", message)
    parsed = (_parse(row, value) for row, value in enumerate(rows, start=1))
    return [entry for entry in parsed if isinstance(entry, Rejection) or entry.bic]


def _parse(row: int, value: Any) -> Entry | Rejection:
    if not isinstance(value, dict):
        return Rejection(row, "This is no JSON object.")
    texts = {key: value.get(key) or "" for key in ("country_code", "bic", "bank_code", "name")}
    strange = [key for key, text in texts.items() if not isinstance(text, str)]
    if strange:
        return Rejection(row, f"{' and '.join(strange)} must be text.")
    return Entry(
        row,
        texts["country_code"],
        texts["bic"],
        texts["bank_code"],
        _tidy(texts["name"]),
        bool(value.get("primary")),
    )


def _records(rows: list[Entry | Rejection]) -> Iterator[Record]:
    rule = registry.get("bic")
    banks: dict[str, Bank] = {}
    for row in rows:
        if isinstance(row, Rejection):
            yield row
            continue
        try:
            bic = rule.normalize(row.bic).normalized
        except IdentifierError as error:
            yield Rejection(row.row, error.message)
            continue
        banks.setdefault(bic, Bank(row.row)).add(row)
    for bic, bank in banks.items():
        yield PartyRecord(bank.row, bic, bank.name, ParticipantKind.ORGANIZATION, bic[4:6])
        yield IdentifierRecord(bank.row, bic, "bic", bic)
        for (country, code), number in bank.codes.items():
            yield IdentifierRecord(number, bic, "bank.code", code, country)


def _tidy(name: str) -> str:
    return " ".join(name.split())[:NAME_MAX_LENGTH]
