"""Short ways to build directories for tests: parties, tables and rulings as plain rows."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any
from uuid import UUID, uuid5

from directory.rails.registry import registry
from directory.resolution.records import (
    ALWAYS,
    Artifact,
    Caller,
    Capability,
    Credential,
    Directory,
    Endpoint,
    Identifier,
    Participant,
    Policy,
    PrefixRule,
    Ref,
    ResolverSettings,
    Window,
)
from directory.resolution.resolve import ResolveContext
from tests.directory.resolution.memory_store import End, MemoryStore, StoredEdge, StoredIdentifier

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
EARLIER = datetime(2026, 1, 1, tzinfo=UTC)
BASE = "as4.fifi.iso20022.v1"
OWN, GLOBAL = Directory.OWN, Directory.GLOBAL
_SPACE = UUID("8e03978e-40d5-43e8-bc93-6894a57f9324")
BANKUS_ENDPOINT = {"protocol": "as4", "address": "https://as4.bankus.com/fi", "profile": BASE}
BIC_REQUEST = {"identifiers": [{"type": "as4.partyId", "value": "BANKUS33XXX", "scope": "BIC"}]}
PAYMENT = {"serviceContext": {"service": "iso20022.fi", "action": "credit.transfer"}}


def uid(name: str) -> UUID:
    return uuid5(_SPACE, name)


def blind(kind: str, scope: str, normalized: str) -> str:
    return hashlib.sha256(f"{kind}/{scope}/{normalized}".encode()).hexdigest()


def endpoint(name: str, **columns: Any) -> Endpoint:
    given: dict[str, Any] = {
        "id": uid(name), "protocol": "https", "address": f"https://{name}.example/in",
        "profile": "", "priority": 0, "status": "active",
        "qos": {}, "source": "internal", "confidence": 1.0, "verified_at": None,
        "updated_at": EARLIER,
    }  # fmt: skip
    return Endpoint(**(given | columns))


def add_party(
    store: MemoryStore,
    name: str,
    identifiers: list[tuple[Any, ...]],
    *,
    directory: Directory = OWN,
    source: str = "internal",
    confidence: float = 1.0,
    superseded: Sequence[datetime | None] = (),
    **columns: Any,
) -> Participant:
    """Add a participant with identifiers ``(type, value, scope, priority)``, the last two optional.

    ``superseded`` says for each identifier when a later import no longer held it.
    """
    participant = Participant(ref=Ref(directory, uid(name)), name=name, **columns)
    store.participants.append(participant)
    for (kind, value, *rest), end in zip_longest(identifiers, superseded):
        normal = registry.get(kind).normalize(value, rest[0] if rest else None)
        key = normal.key
        if normal.tier >= 2:
            key = key._replace(normalized=blind(*key))
        row = Identifier(
            directory=directory,
            key=key,
            participant_id=participant.ref.id,
            priority=rest[1] if len(rest) > 1 else 0,
            tier=normal.tier,
            source=source,
            confidence=confidence,
            verified_at=None,
            updated_at=EARLIER,
            window=Window(None, end),
        )
        store.identifiers.append(StoredIdentifier(uid(f"{name}/{kind}/{value}"), row))
    return participant


def bankus(store: MemoryStore, **columns: Any) -> Participant:
    """Add the bank of the golden vectors."""
    given: dict[str, Any] = {
        "endpoints": (endpoint("bankus", **BANKUS_ENDPOINT),),
        "capabilities": (Capability(uid("bankus/cap"), service="iso20022.fi", action="credit.transfer"),),
        "credentials": (
            Credential("sign", "vault://certs/bankus/iso20022"),
            Credential("encrypt", "vault://certs/bankus/iso20022"),
        ),
    }
    return add_party(store, "bankus", [("as4.partyId", "BANKUS33XXX", "BIC")], **(given | columns))


def link(left: tuple[str, str], right: tuple[str, str], **columns: Any) -> StoredEdge:
    """Return an edge between ends ``(kind, name)`` of the tenant's directory; ``same_as`` by default."""
    near, far = (End(kind, OWN, uid(name)) for kind, name in (left, right))
    return StoredEdge(columns.pop("directory", OWN), near, far, **columns)


def rule(prefix: str, address: str = "", **columns: Any) -> PrefixRule:
    name = columns.pop("name", f"{prefix}/{address}")
    given: dict[str, Any] = {
        "id": uid(f"rule/{name}"), "directory": OWN, "artifact_kind": "gtt_table", "artifact_name": "table",
        "prefix": prefix, "selectors": {}, "mode": "solitary", "weight": 1, "priority": 0,
        "target_protocol": "ss7" if address else "", "target_address": address,
        "transport_profile": "", "participant": None, "result": {}, "updated_at": EARLIER,
    }  # fmt: skip
    return PrefixRule(**(given | columns))


def policy(
    name: str, when: dict[str, Any], effect: str = "deny", priority: int = 0, directory: Directory = OWN
) -> Policy:
    return Policy(uid(f"policy/{name}"), directory, name, {"when": when}, effect, priority)


def artifact(kind: str, name: str, payload: dict[str, Any], window: Window = ALWAYS) -> Artifact:
    return Artifact(uid(f"{kind}/{name}"), kind, name, payload, "internal", EARLIER, window)


def context(store: MemoryStore, **given: Any) -> ResolveContext:
    values: dict[str, Any] = {
        "tenant": "acme", "tenant_names": {"acme"}, "store": store, "now": NOW, "blind": blind,
        "caller": Caller(),
        "settings": ResolverSettings(),
    }  # fmt: skip
    return ResolveContext(**(values | given))
