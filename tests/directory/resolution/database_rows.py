"""The rows of a memory store written into the tables, so that both stores can be asked the same."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import connection

from config.foundation.rows import public_schema
from directory import models
from directory.resolution.records import Directory, Participant, PrefixRule, Window
from directory.resolution.retrieve import SqlDirectory
from tests.directory.resolution.building import uid
from tests.directory.resolution.memory_store import MemoryStore
from tests.sealing import seal


def directory_of(tenant: Any) -> SqlDirectory:
    return SqlDirectory(connection, own_schema=tenant.schema_name, global_schema="public")


@contextmanager
def within(directory: Directory, tenant: Any) -> Iterator[None]:
    with tenant if directory is Directory.OWN else public_schema():
        yield


def write(store: MemoryStore, tenant: Any) -> MemoryStore:
    """Write every row of a store, and return the store as it reads with the moment of that writing."""
    for directory in Directory:
        with within(directory, tenant):
            _write_participants([one for one in store.participants if one.ref.directory is directory])
            _write_identifiers(store, directory)
            _write_edges(store, directory)
            _write_rules([rule for rule in store.rules if rule.directory is directory])
            models.Policy.objects.bulk_create(
                models.Policy(
                    id=one.id,
                    name=one.name,
                    rule_json=dict(one.rule),
                    effect=one.effect,
                    priority=one.priority,
                )
                for one in store.rulings
                if one.directory is directory
            )
    with tenant:
        models.RoutingArtifact.objects.bulk_create(
            _artifact(one.id, one.kind, one.name, one.window, dict(one.payload)) for one in store.tables
        )
    seal()
    return stamped(store, _moment_of_writing())


def _moment_of_writing() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        moment: datetime = cursor.fetchone()[0]
        return moment


def _write_participants(participants: Iterable[Participant]) -> None:
    for one in participants:
        models.Participant.objects.create(
            id=one.ref.id,
            name=one.name,
            country=one.country,
            tags=list(one.tags),
            superseded_at=one.window.end,
        )
        models.Endpoint.objects.bulk_create(
            models.Endpoint(
                id=row.id,
                participant_id=one.ref.id,
                protocol=row.protocol,
                address=row.address,
                profile=row.profile,
                priority=row.priority,
                status=row.status,
                qos=dict(row.qos),
                source=row.source,
                confidence=row.confidence,
                verified_at=row.verified_at,
                valid_from=row.window.start,
                valid_to=row.window.end,
                superseded_at=row.superseded_at,
            )
            for row in one.endpoints
        )
        models.Capability.objects.bulk_create(
            models.Capability(
                id=row.id,
                participant_id=one.ref.id,
                endpoint_id=row.endpoint_id,
                service=row.service,
                action=row.action,
                process=row.process,
                document_type=row.document_type,
                constraints_json=dict(row.constraints),
                superseded_at=row.window.end,
            )
            for row in one.capabilities
        )
        models.Credential.objects.bulk_create(
            models.Credential(
                participant_id=one.ref.id,
                endpoint_id=row.endpoint_id,
                credential_type=row.credential_type,
                vault_ref=row.vault_ref,
                valid_from=row.window.start,
                valid_to=row.window.end,
                superseded_at=row.superseded_at,
            )
            for row in one.credentials
        )


def _write_identifiers(store: MemoryStore, directory: Directory) -> None:
    models.Identifier.objects.bulk_create(
        models.Identifier(
            id=stored.id,
            participant_id=stored.row.participant_id,
            identifier_type=stored.row.key.type,
            scope=stored.row.key.scope,
            value=stored.row.key.normalized,
            normalized=stored.row.key.normalized,
            tier=stored.row.tier,
            priority=stored.row.priority,
            source=stored.row.source,
            confidence=stored.row.confidence,
            verified_at=stored.row.verified_at,
            superseded_at=stored.row.window.end,
        )
        for stored in store.identifiers
        if stored.row.directory is directory
    )


def _write_edges(store: MemoryStore, directory: Directory) -> None:
    models.Edge.objects.bulk_create(
        models.Edge(
            from_type=link.near.kind,
            from_id=link.near.id,
            from_end=_end(link.near.directory, directory),
            to_type=link.far.kind,
            to_id=link.far.id,
            to_end=_end(link.far.directory, directory),
            relation=link.relation,
            confidence=link.confidence,
            source=link.source,
            valid_from=link.window.start,
            valid_to=link.window.end,
        )
        for link in store.links
        if link.directory is directory
    )


def _end(end: Directory, holder: Directory) -> str:
    """Return an end as its column says it: an edge of the global directory calls its own ends own."""
    return "own" if end is holder else str(end)


def _write_rules(rules: Iterable[PrefixRule]) -> None:
    for rule in rules:
        name = f"{rule.artifact_kind}/{rule.artifact_name}"
        artifact, _ = models.RoutingArtifact.objects.get_or_create(
            id=uid(name),
            defaults={
                "kind": rule.artifact_kind,
                "name": rule.artifact_name,
                "status": "draft",  # rules are written into drafts
                "effective_from": rule.artifact_window.start,
                "effective_to": rule.artifact_window.end,
            },
        )
        models.PrefixRule.objects.create(
            id=rule.id,
            artifact=artifact,
            prefix=rule.prefix,
            mode=rule.mode,
            weight=rule.weight,
            priority=rule.priority,
            target_protocol=rule.target_protocol,
            target_address=rule.target_address,
            transport_profile=rule.transport_profile,
            participant_id=rule.participant.ref.id if rule.participant else None,
            result=dict(rule.result),
            valid_from=rule.window.start,
            valid_to=rule.window.end,
            **rule.selectors,
        )
    models.RoutingArtifact.objects.filter(status="draft").update(status="active")


def _artifact(
    row_id: Any, kind: str, name: str, window: Window, payload: dict[str, Any]
) -> models.RoutingArtifact:
    return models.RoutingArtifact(
        id=row_id,
        kind=kind,
        name=name,
        status="active",
        effective_from=window.start,
        effective_to=window.end,
        payload=payload,
    )


def stamped(store: MemoryStore, moment: datetime) -> MemoryStore:
    """Return a store whose rows were all changed at one moment, as those of one transaction are."""
    participants = {one.ref: _stamped(one, moment) for one in store.participants}
    return replace(
        store,
        participants=list(participants.values()),
        identifiers=[
            replace(stored, row=replace(stored.row, updated_at=moment)) for stored in store.identifiers
        ],
        rules=[
            replace(
                rule,
                updated_at=moment,
                participant=participants[rule.participant.ref] if rule.participant else None,
            )
            for rule in store.rules
        ],
        tables=[replace(table, updated_at=moment) for table in store.tables],
    )


def _stamped(participant: Participant, moment: datetime) -> Participant:
    endpoints = tuple(replace(row, updated_at=moment) for row in participant.endpoints)
    return replace(participant, endpoints=endpoints)
