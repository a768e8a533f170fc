"""Step 3: rows of the directory as records, a fixed number of statements whatever the number of requests.

Everything a level may need of a participant comes with it. Rows that were superseded before the earliest
instant asked about stay in the database; whether the others hold at each request's own instant is decided
later, on the records.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID

from django.db.backends.base.base import BaseDatabaseWrapper

from directory.rails.kinds import Key
from directory.resolution.expand import MOST_NODES, EdgeStore
from directory.resolution.prefixes import PrefixKey
from directory.resolution.records import (
    Artifact,
    Capability,
    Credential,
    Directory,
    Edge,
    Endpoint,
    Identifier,
    Match,
    Node,
    Participant,
    Policy,
    PrefixRule,
    Ref,
    Window,
)
from directory.resolution.statements import statements

_SELECTORS = (
    "gti", "tt", "np", "nai", "ssn", "network_indicator", "brand", "region", "calling_prefix", "origin",
)  # fmt: skip
_FORWARDS = ["same_as", "translates_to", "resolves_to"]
_BACKWARDS = ["same_as"]


class DirectoryStore(EdgeStore, Protocol):
    """What a resolution reads: a tenant's directory together with the global one."""

    def version(self) -> str:
        """Return what moves with every committed change of either directory."""

    def matches(self, nodes: Sequence[Node], since: datetime) -> list[Match]:
        """Return the participants that these keys find or that are named, in both directories."""

    def prefix_rules(self, keys: Sequence[PrefixKey]) -> list[PrefixRule]:
        """Return the rules of active tables that have exactly these prefixes."""

    def policies(self) -> list[Policy]:
        """Return the enabled policies of both directories."""

    def artifacts(self, kind: str) -> list[Artifact]:
        """Return the tenant's active artifacts of one kind."""


class SqlDirectory:
    """The directory as the database holds it."""

    def __init__(self, connection: BaseDatabaseWrapper, *, own_schema: str, global_schema: str) -> None:
        self._connection = connection
        self._statements = statements(own_schema, global_schema)

    def version(self) -> str:
        """Return both versions; rows read between two equal ones are of that version, each and all."""
        own, shared = self._rows(self._statements.version, {})[0]
        return f"{own or 0}.{shared or 0}"

    def matches(self, nodes: Sequence[Node], since: datetime) -> list[Match]:
        """Return the participants that these keys find or that are named, in both directories."""
        refs = [node for node in nodes if isinstance(node, Ref)]
        parameters = _key_arrays(nodes) | {
            "since": since,
            "own_ids": [ref.id for ref in refs if ref.directory is Directory.OWN],
            "global_ids": [ref.id for ref in refs if ref.directory is Directory.GLOBAL],
        }
        return [_match(row) for row in self._rows(self._statements.matches, parameters)]

    def edges(self, nodes: Sequence[Node], since: datetime) -> list[Edge]:
        """Return the edges at these nodes, each seen from the node it was found by."""
        refs = [node for node in nodes if isinstance(node, Ref)]
        parameters = _key_arrays(nodes) | {
            "since": since,
            "directories": [str(ref.directory) for ref in refs],
            "ids": [ref.id for ref in refs],
            "forwards": _FORWARDS,
            "backwards": _BACKWARDS,
            "most": MOST_NODES,
        }
        found: dict[tuple[Any, ...], Edge] = {}
        for row in self._rows(self._statements.edges, parameters):
            for edge in _edges(row):
                found.setdefault(
                    (edge.near, edge.far, edge.relation, edge.source, edge.confidence, edge.window), edge
                )
        return list(found.values())

    def prefix_rules(self, keys: Sequence[PrefixKey]) -> list[PrefixRule]:
        """Return the rules of active tables that have exactly these prefixes."""
        parameters = {
            "kinds": [key.kind for key in keys],
            "prefixes": [key.prefix for key in keys],
            "since": datetime.min.replace(tzinfo=UTC),
        }
        return [_rule(row) for row in self._rows(self._statements.prefix_rules, parameters)]

    def policies(self) -> list[Policy]:
        """Return the enabled policies of both directories."""
        rows = self._rows(self._statements.policies, {})
        return [
            Policy(id, Directory(directory), name, json.loads(rule), effect, priority)
            for directory, id, name, rule, effect, priority in rows  # noqa: A001 -- the column's name
        ]

    def artifacts(self, kind: str) -> list[Artifact]:
        """Return the tenant's active artifacts of one kind."""
        rows = self._rows(self._statements.artifacts, {"kind": kind})
        return [
            Artifact(row[0], row[1], row[2], json.loads(row[3]), row[4], row[5], Window(row[6], row[7]))
            for row in rows
        ]

    def _rows(self, statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return list(cursor.fetchall())


def _key_arrays(nodes: Sequence[Node]) -> dict[str, Any]:
    keys = [node for node in nodes if isinstance(node, Key)]
    return {
        "types": [key.type for key in keys],
        "scopes": [key.scope for key in keys],
        "values": [key.normalized for key in keys],
    }


def _match(row: Sequence[Any]) -> Match:
    directory = Directory(row[0])
    participant = _participant(directory, row[11:])
    if row[1] is None:
        return Match(participant.ref, None, participant)
    key = Key(row[1], row[2], row[3])
    identifier = Identifier(
        directory=directory,
        key=key,
        participant_id=participant.ref.id,
        priority=row[4],
        tier=row[5],
        source=row[6],
        confidence=row[7],
        verified_at=row[8],
        updated_at=row[9],
        window=Window(None, row[10]),
    )
    return Match(key, identifier, participant)


def _participant(directory: Directory, columns: Sequence[Any]) -> Participant:
    row_id, name, country, tags, superseded_at, endpoints, capabilities, credentials = columns
    return Participant(
        ref=Ref(directory, row_id),
        name=name,
        country=country,
        tags=tuple(tags),
        endpoints=tuple(_endpoint(item) for item in json.loads(endpoints)),
        capabilities=tuple(_capability(item) for item in json.loads(capabilities)),
        credentials=tuple(_credential(item) for item in json.loads(credentials)),
        window=Window(None, superseded_at),
    )


def _endpoint(item: Sequence[Any]) -> Endpoint:
    return Endpoint(
        id=UUID(item[0]),
        protocol=item[1],
        address=item[2],
        profile=item[3],
        priority=item[4],
        status=item[5],
        qos=item[6],
        source=item[7],
        confidence=float(item[8]),
        verified_at=_moment(item[9]),
        updated_at=datetime.fromisoformat(item[10]),
        window=_window(item[11], item[12]),
        superseded_at=_moment(item[13]),
    )


def _capability(item: Sequence[Any]) -> Capability:
    return Capability(
        id=UUID(item[0]),
        endpoint_id=UUID(item[1]) if item[1] else None,
        service=item[2],
        action=item[3],
        process=item[4],
        document_type=item[5],
        constraints=item[6],
        window=_window(item[7], item[8]),
    )


def _credential(item: Sequence[Any]) -> Credential:
    endpoint_id = UUID(item[2]) if item[2] else None
    return Credential(item[0], item[1], endpoint_id, _window(item[3], item[4]), _moment(item[5]))


def _window(start: str | None, end: str | None) -> Window:
    return Window(_moment(start), _moment(end))


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _edges(row: Sequence[Any]) -> list[Edge]:
    """Return an edge to a far identifier, or to a far participant and to one of its identifiers."""
    directory = Directory(row[3]) if row[3] else None
    near: Node = Ref(directory, row[4]) if directory else Key(row[0], row[1], row[2])
    confidence, relation, source, window = row[5], row[6], row[7], Window(row[8], row[9])
    far_kind, far = row[10], Ref(Directory(row[12]), row[11])
    found = [Edge(near, far, relation, source, confidence, window)] if far_kind == "participant" else []
    if row[13] is not None:
        by_row = row[16] if far_kind == "participant" else 1.0
        key, window = Key(row[13], row[14], row[15]), Window(row[8], row[17])
        found.append(Edge(near, key, relation, source, confidence * by_row, window))
    return found


def _rule(row: Sequence[Any]) -> PrefixRule:
    directory = Directory(row[0])
    selectors = {
        name: value for name, value in zip(_SELECTORS, row[5:15], strict=True) if value not in (None, "")
    }
    return PrefixRule(
        id=row[1],
        directory=directory,
        artifact_kind=row[2],
        artifact_name=row[3],
        prefix=row[4],
        selectors=selectors,
        mode=row[15],
        weight=row[16],
        priority=row[17],
        target_protocol=row[18],
        target_address=row[19],
        transport_profile=row[20],
        result=json.loads(row[21]),
        updated_at=row[22],
        window=Window(row[23], row[24]),
        artifact_window=Window(row[25], row[26]),
        participant=_participant(directory, row[27:]) if row[27] else None,
    )
