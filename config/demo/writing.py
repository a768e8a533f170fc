"""Puts a book into the selected directory, each unit once: what is there already is left as it is.

A unit (a participant with all that is its own, a table with its rules, …) is one transaction, so a run that
was cut off is completed by the next one.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from config.demo.parties import Ability, Address, Book, Check, Key, Name, Party, Ruling, Table, Twin
from config.foundation.actor import Actor, acting
from config.foundation.rows import public_schema
from directory.enums import ArtifactStatus, EdgeEnd, EdgeRelation, NodeType
from directory.models import (
    Capability,
    Credential,
    Edge,
    Endpoint,
    Identifier,
    Participant,
    Policy,
    PrefixRule,
    Probe,
    RoutingArtifact,
)
from directory.models.participants import INTERNAL_SOURCE
from directory.operations import activate_artifact, save_row
from directory.rails.registry import registry


class Writer:
    """Writes one book for one actor; ``now`` is what days are counted from."""

    def __init__(self, *, actor: Actor, now: datetime) -> None:
        self._actor = actor
        self._now = now
        self._certificates: dict[str, str] = {}

    def write(self, book: Book, advance: Callable[[], None] = lambda: None) -> None:
        """Write what is missing of the book, calling ``advance`` after each of its units."""
        units: list[Callable[[], None]] = [
            *(self._unit(self._party, party) for party in book.parties),
            *(self._unit(self._twin, twin) for twin in book.twins),
            *(self._unit(self._table, table) for table in book.tables),
            *(self._unit(self._ruling, ruling) for ruling in book.rulings),
            *(self._unit(self._check, check) for check in book.checks),
        ]
        for unit in units:
            unit()
            advance()

    def _unit(self, write: Callable[[Any], None], part: Any) -> Callable[[], None]:
        def perform() -> None:
            with acting(self._actor):
                write(part)

        return perform

    def _save(self, row: Any) -> Any:
        return save_row(actor=self._actor, row=row)

    def _party(self, party: Party) -> None:
        if Participant.objects.filter(source=INTERNAL_SOURCE, external_id=party.key).exists():
            return
        verified_at = self._now - timedelta(days=party.verified_days_ago)
        row = self._save(
            Participant(
                name=party.name,
                kind=party.kind,
                country=party.country,
                tags=list(party.tags),
                notes=party.notes,
                external_id=party.key,
                verified_at=verified_at,
            )
        )
        for name in party.names:
            self._name(row, name, verified_at)
        endpoints = {address.address: self._address(row, address, verified_at) for address in party.addresses}
        for ability in party.abilities:
            self._ability(row, ability, endpoints)
        for key in party.keys:
            self._key(row, key)
        if party.same_as_bic:
            self._same_as_global(row, party.same_as_bic)

    def _name(self, row: Participant, name: Name, verified_at: datetime) -> None:
        self._save(
            Identifier(
                participant=row,
                identifier_type=name.type,
                value=name.value,
                scope=name.scope,
                priority=name.priority,
                verified_at=verified_at,
            )
        )

    def _address(self, row: Participant, address: Address, verified_at: datetime) -> Endpoint:
        days = address.until_days
        endpoint: Endpoint = self._save(
            Endpoint(
                participant=row,
                protocol=address.protocol,
                address=address.address,
                profile=address.profile,
                priority=address.priority,
                status=address.status,
                valid_to=None if days is None else self._now + timedelta(days=days),
                qos=address.qos,
                published=address.is_published,
                verified_at=verified_at,
            )
        )
        return endpoint

    def _ability(self, row: Participant, ability: Ability, endpoints: dict[str, Endpoint]) -> None:
        self._save(
            Capability(
                participant=row,
                endpoint=endpoints[ability.endpoint] if ability.endpoint else None,
                service=ability.service,
                action=ability.action,
                process=ability.process,
                document_type=ability.document_type,
                constraints_json=ability.constraints,
            )
        )

    def _key(self, row: Participant, key: Key) -> None:
        certificate = self._certificate(key) if key.subject else ""
        self._save(
            Credential(
                participant=row, credential_type=key.type, vault_ref=key.vault_ref, certificate=certificate
            )
        )

    def _certificate(self, key: Key) -> str:
        """Return a self-signed certificate in PEM, one for each vault reference; the key is dropped."""
        if key.vault_ref not in self._certificates:
            private = ec.generate_private_key(ec.SECP256R1())
            name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, key.subject)])
            certificate = (
                x509.CertificateBuilder()
                .subject_name(name)
                .issuer_name(name)
                .public_key(private.public_key())
                .serial_number(x509.random_serial_number())
                .not_valid_before(self._now - timedelta(days=30))
                .not_valid_after(self._now + timedelta(days=key.lifetime_days))
                .sign(private, hashes.SHA256())
            )
            self._certificates[key.vault_ref] = certificate.public_bytes(Encoding.PEM).decode()
        return self._certificates[key.vault_ref]

    def _same_as_global(self, row: Participant, bic: str) -> None:
        with public_schema():
            bank = Participant.objects.get(source="bic", external_id=bic)
        self._save(
            Edge(
                from_type=NodeType.PARTICIPANT,
                from_id=row.pk,
                to_type=NodeType.PARTICIPANT,
                to_id=bank.pk,
                to_end=EdgeEnd.GLOBAL,
                relation=EdgeRelation.SAME_AS,
            )
        )

    def _twin(self, twin: Twin) -> None:
        left, right = self._identifier(twin.left), self._identifier(twin.right)
        edge = Edge(
            from_type=NodeType.IDENTIFIER,
            from_id=left.pk,
            to_type=NodeType.IDENTIFIER,
            to_id=right.pk,
            relation=EdgeRelation.SAME_AS,
        )
        if not Edge.objects.filter(from_id=left.pk, to_id=right.pk, relation=edge.relation).exists():
            self._save(edge)

    def _identifier(self, name: Name) -> Identifier:
        key = registry.get(name.type).normalize(name.value, name.scope).key
        found: Identifier = Identifier.objects.get(
            identifier_type=key.type, scope=key.scope, normalized=key.normalized
        )
        return found

    def _table(self, table: Table) -> None:
        if RoutingArtifact.objects.filter(kind=table.kind, name=table.name).exists():
            return
        draft = self._save(
            RoutingArtifact(
                kind=table.kind, name=table.name, payload=table.payload, status=ArtifactStatus.DRAFT
            )
        )
        for rule in table.rules:
            owner = Participant.objects.filter(source=INTERNAL_SOURCE, external_id=rule.party).first()
            self._save(
                PrefixRule(
                    artifact=draft,
                    prefix=rule.prefix,
                    range_text=rule.range_text,
                    target_protocol=rule.protocol,
                    target_address=rule.address,
                    participant=owner if rule.party else None,
                    mode=rule.mode,
                    weight=rule.weight,
                    priority=rule.priority,
                    brand=rule.brand,
                    tt=rule.tt,
                    np=rule.np,
                    nai=rule.nai,
                    result=rule.result,
                )
            )
        activate_artifact(actor=self._actor, artifact=draft)

    def _ruling(self, ruling: Ruling) -> None:
        if not Policy.objects.filter(name=ruling.name).exists():
            self._save(
                Policy(
                    name=ruling.name,
                    rule_json={"when": ruling.when, "reason": ruling.reason},
                    effect=ruling.effect,
                    priority=ruling.priority,
                    enabled=ruling.is_enabled,
                    reason=ruling.reason,
                )
            )

    def _check(self, check: Check) -> None:
        if not Probe.objects.filter(name=check.name).exists():
            self._save(Probe(name=check.name, request=check.request, expected=check.expected))
