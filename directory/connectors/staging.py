"""Staging: records are validated into temporary tables by COPY, then merged into the directory by statements.

Each merge statement touches only rows that differ, so the same input twice leaves versions and audit chain
alone.
"""

import hashlib
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import sql

from config.foundation.rows import TenantRow
from directory.connectors.records import (
    Connector,
    IdentifierRecord,
    PartyRecord,
    PrefixRecord,
    Record,
    Rejection,
)
from directory.enums import SensitivityTier
from directory.models import Identifier, Participant, PrefixRule
from directory.rails.text import clean
from directory.validators import check_identifier, validate_digits

BATCH_ROWS = 10_000

_TABLES = {
    "staged_party": ("external_id text PRIMARY KEY", "name text", "kind text", "country text", "tags text[]"),
    "staged_identifier": (
        "external_id text", "identifier_type text", "scope text", "normalized text", "value text",
        "tier smallint",
        "PRIMARY KEY (external_id, identifier_type, scope, normalized)",
    ),
    "staged_prefix": ("prefix text PRIMARY KEY", "external_id text"),
}  # fmt: skip
_COLUMNS = {
    table: [column.split()[0] for column in columns if not column.startswith("PRIMARY")]
    for table, columns in _TABLES.items()
}

_UPDATE_PARTIES = """
UPDATE {participant} p
   SET name = s.name, kind = s.kind, country = s.country, tags = s.tags, confidence = %(confidence)s,
       verified_at = %(now)s, superseded_at = NULL
  FROM staged_party s
 WHERE p.source = %(source)s AND p.external_id = s.external_id
   AND (p.name, p.kind, p.country, p.tags::text[], p.confidence, p.superseded_at)
       IS DISTINCT FROM (s.name, s.kind, s.country, s.tags, %(confidence)s, NULL::timestamptz)
"""
_INSERT_PARTIES = """
INSERT INTO {participant} (id, name, kind, country, tags, notes, source, external_id, verified_at, confidence)
SELECT gen_random_uuid(), s.name, s.kind, s.country, s.tags, '', %(source)s, s.external_id, %(now)s,
       %(confidence)s
  FROM staged_party s
 WHERE NOT EXISTS (SELECT FROM {participant} p WHERE p.source = %(source)s AND p.external_id = s.external_id)
 ORDER BY s.external_id
"""
_SUPERSEDE_PARTIES = """
UPDATE {participant} p SET superseded_at = %(now)s
 WHERE p.source = %(source)s AND p.superseded_at IS NULL
   AND NOT EXISTS (SELECT FROM staged_party s WHERE s.external_id = p.external_id)
"""
# A confidential value is encrypted anew each time it is staged: only its blind index tells whether it
# changed.
_CHANGED_IDENTIFIERS = """
 WHERE i.participant_id = p.id AND i.source = %(source)s
   AND (i.identifier_type, i.scope, i.normalized) = (s.identifier_type, s.scope, s.normalized)
   AND ((i.tier, i.confidence, i.superseded_at) IS DISTINCT FROM (s.tier, %(confidence)s, NULL::timestamptz)
        OR (s.tier < %(confidential)s AND i.value <> s.value))
"""
# Owners before what they own, as in every write: a deletion of the owner holds it while it waits for what it owns.
_HOLD_OWNERS = """
SELECT FROM {participant} p
 WHERE p.id IN (
       SELECT p.id
         FROM {identifier} i, staged_identifier s
         JOIN {participant} p ON p.source = %(source)s AND p.external_id = s.external_id
       {changed})
 ORDER BY p.id FOR KEY SHARE
"""
_UPDATE_IDENTIFIERS = """
UPDATE {identifier} i
   SET value = s.value, tier = s.tier, confidence = %(confidence)s, verified_at = %(now)s,
       superseded_at = NULL
  FROM staged_identifier s JOIN {participant} p ON p.source = %(source)s AND p.external_id = s.external_id
{changed}"""
_INSERT_IDENTIFIERS = """
INSERT INTO {identifier} (id, participant_id, identifier_type, value, normalized, scope, tier, priority,
                          source, external_id, verified_at, confidence)
SELECT gen_random_uuid(), p.id, s.identifier_type, s.value, s.normalized, s.scope, s.tier, 0, %(source)s,
       s.external_id, %(now)s, %(confidence)s
  FROM staged_identifier s JOIN {participant} p ON p.source = %(source)s AND p.external_id = s.external_id
 WHERE NOT EXISTS (
       SELECT FROM {identifier} i
        WHERE i.participant_id = p.id
          AND (i.identifier_type, i.scope, i.normalized) = (s.identifier_type, s.scope, s.normalized))
 ORDER BY s.identifier_type, s.scope, s.normalized
"""
_SUPERSEDE_IDENTIFIERS = """
UPDATE {identifier} i SET superseded_at = %(now)s
 WHERE i.source = %(source)s AND i.superseded_at IS NULL
   AND NOT EXISTS (
       SELECT FROM staged_identifier s
        WHERE s.external_id = i.external_id
          AND (s.identifier_type, s.scope, s.normalized) = (i.identifier_type, i.scope, i.normalized))
"""
_INSERT_RULES = """
INSERT INTO {prefix_rule} (id, artifact_id, prefix, range_text, mode, weight, priority, target_protocol,
                           target_address, transport_profile, participant_id, result)
SELECT gen_random_uuid(), %(artifact)s, s.prefix, '', 'solitary', 1, 0, '', '', '', p.id, '{{}}'
  FROM staged_prefix s JOIN {participant} p ON p.source = %(source)s AND p.external_id = s.external_id
 ORDER BY s.prefix
"""


class Staging:
    """The staging tables of one run, in the transaction of that run; they go with it."""

    def __init__(self, connector: Connector, *, schema: str, now: datetime) -> None:
        self._connector = connector
        self._schema = schema
        self._parameters: dict[str, str | float | int | datetime | UUID] = {
            "source": connector.name,
            "confidence": connector.confidence,
            "now": now,
            "confidential": SensitivityTier.CONFIDENTIAL.value,
        }
        self._parties: set[str] = set()
        self._staged: set[tuple[str, ...]] = set()
        self._waiting: dict[str, list[tuple[object, ...]]] = {table: [] for table in _TABLES}
        self._counts = dict.fromkeys(_TABLES, 0)

    def create(self) -> None:
        """Create the tables, empty."""
        for table, columns in _TABLES.items():
            self._execute(f"CREATE TEMPORARY TABLE {table} ({', '.join(columns)}) ON COMMIT DROP")

    def drop(self) -> None:
        """Drop the tables before their transaction ends: another run may follow in it."""
        for table in _TABLES:
            self._execute(f"DROP TABLE {table}")

    def add(self, record: Record) -> Rejection | None:
        """Validate a record and stage it; returns the rejection when it is refused."""
        try:
            if isinstance(record, PartyRecord):
                self._add_party(record)
            elif isinstance(record, IdentifierRecord):
                self._add_identifier(record)
            elif isinstance(record, PrefixRecord):
                self._add_prefix(record)
            else:
                return record
        except ValidationError as error:
            return Rejection(record.row, " ".join(error.messages))
        return None

    def flush(self) -> None:
        """Copy what waits, and let the planner know the sizes."""
        for table in _TABLES:
            self._copy(table)
            self._execute(f"ANALYZE {table}")

    @property
    def party_count(self) -> int:
        """Return how many participants are staged."""
        return self._counts["staged_party"]

    @property
    def prefix_count(self) -> int:
        """Return how many prefix rules are staged."""
        return self._counts["staged_prefix"]

    def merge_parties(self) -> tuple[int, int, int, int]:
        """Merge participants; returns how many were created, updated, unchanged and superseded."""
        return self._merge("staged_party", _UPDATE_PARTIES, _INSERT_PARTIES, _SUPERSEDE_PARTIES)

    def merge_identifiers(self) -> tuple[int, int, int, int]:
        """Merge identifiers after their participants; returns created, updated, unchanged, superseded."""
        self._execute(_HOLD_OWNERS)
        return self._merge(
            "staged_identifier", _UPDATE_IDENTIFIERS, _INSERT_IDENTIFIERS, _SUPERSEDE_IDENTIFIERS
        )

    def insert_rules(self, artifact_id: UUID) -> int:
        """Write the staged prefixes as rules of a new artifact; returns how many."""
        return self._execute(_INSERT_RULES, artifact=artifact_id)

    def prefix_digest(self) -> str:
        """Return the SHA-256, in hex, of all staged prefixes with their parties."""
        digest = hashlib.sha256()
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute('SELECT prefix, external_id FROM staged_prefix ORDER BY prefix COLLATE "C"')
            for prefix, party in cursor:
                digest.update(f"{prefix}\t{party}\n".encode())
        return digest.hexdigest()

    def _merge(self, table: str, update: str, insert: str, supersede: str) -> tuple[int, int, int, int]:
        updated = self._execute(update)
        created = self._execute(insert)
        superseded = self._execute(supersede)
        return created, updated, self._counts[table] - created - updated, superseded

    def _add_party(self, record: PartyRecord) -> None:
        name, problem = clean(record.name, 255)
        if problem:
            raise ValidationError(f"The name {problem.reason}.", code=problem.code)
        party = Participant(
            name=name,
            kind=record.kind,
            country=record.country,
            tags=list(record.tags),
            source=self._connector.name,
            external_id=record.external_id,
            confidence=self._connector.confidence,
        )
        party.clean_fields()
        self._once("staged_party", record.external_id)
        self._parties.add(record.external_id)
        self._wait("staged_party", (party.external_id, party.name, party.kind, party.country, party.tags))

    def _add_identifier(self, record: IdentifierRecord) -> None:
        self._require_party(record.party)
        row = Identifier(identifier_type=record.identifier_type, value=record.value, scope=record.scope)
        row.clean_secrets()
        check_identifier(row)
        self._once("staged_identifier", record.party, row.identifier_type, row.scope, row.normalized)
        values = (record.party, row.identifier_type, row.scope, row.normalized, row.value, int(row.tier))
        self._wait("staged_identifier", values)

    def _add_prefix(self, record: PrefixRecord) -> None:
        self._require_party(record.party)
        validate_digits(record.prefix)
        self._once("staged_prefix", record.prefix)
        self._wait("staged_prefix", (record.prefix, record.party))

    def _require_party(self, external_id: str) -> None:
        if external_id not in self._parties:
            raise ValidationError("Its participant was refused.", code="party_missing")

    def _once(self, *key: str) -> None:
        if key in self._staged:
            raise ValidationError("An earlier row says the same: each is taken once.", code="duplicate")
        self._staged.add(key)

    def _wait(self, table: str, values: tuple[object, ...]) -> None:
        self._counts[table] += 1
        self._waiting[table].append(values)
        if len(self._waiting[table]) >= BATCH_ROWS:
            self._copy(table)

    def _copy(self, table: str) -> None:
        rows, self._waiting[table] = self._waiting[table], []
        columns = ", ".join(_COLUMNS[table])
        with (
            connections[DEFAULT_DB_ALIAS].cursor() as cursor,
            cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy,
        ):
            for row in rows:
                copy.write_row(row)

    def _execute(self, statement: str, **parameters: str | UUID) -> int:
        composed = sql.SQL(statement).format(
            participant=self._table_of(Participant),
            identifier=self._table_of(Identifier),
            prefix_rule=self._table_of(PrefixRule),
            changed=sql.SQL(_CHANGED_IDENTIFIERS),
        )
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute(composed.as_string(cursor.connection), {**self._parameters, **parameters})
            return int(cursor.rowcount)

    def _table_of(self, model: type[TenantRow]) -> sql.Identifier:
        return sql.Identifier(self._schema, model._meta.db_table)
