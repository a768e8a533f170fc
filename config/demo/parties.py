"""The shapes in which the demonstration's directories are written down; times are days from the first run."""

from dataclasses import dataclass, field
from typing import Any

from directory.enums import (
    ArtifactKind,
    CredentialType,
    EndpointStatus,
    ParticipantKind,
    PolicyEffect,
    PrefixMode,
)


@dataclass(frozen=True, slots=True)
class Name:
    """An identifier: type, value, scope where the type needs one."""

    type: str
    value: str
    scope: str = ""
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Address:
    """An endpoint."""

    protocol: str
    address: str
    profile: str = ""
    priority: int = 50
    status: EndpointStatus = EndpointStatus.ACTIVE
    until_days: int | None = None
    qos: dict[str, Any] = field(default_factory=dict)
    is_published: bool = False


@dataclass(frozen=True, slots=True)
class Ability:
    """A capability; ``endpoint`` is the address it is restricted to."""

    service: str = ""
    action: str = ""
    process: str = ""
    document_type: str = ""
    constraints: dict[str, Any] = field(default_factory=dict)
    endpoint: str = ""


@dataclass(frozen=True, slots=True)
class Key:
    """A credential: a vault reference and, if ``subject`` is given, a certificate made for that name."""

    type: CredentialType
    vault_ref: str
    subject: str = ""
    lifetime_days: int = 730


@dataclass(frozen=True, slots=True)
class Party:
    """A participant with all that belongs to it; ``key`` tells it from the others for ever.

    ``same_as_bic`` joins it to the global participant of that BIC.
    """

    key: str
    name: str
    kind: ParticipantKind = ParticipantKind.ORGANIZATION
    country: str = ""
    tags: tuple[str, ...] = ()
    notes: str = ""
    names: tuple[Name, ...] = ()
    addresses: tuple[Address, ...] = ()
    abilities: tuple[Ability, ...] = ()
    keys: tuple[Key, ...] = ()
    same_as_bic: str = ""
    verified_days_ago: int = 1


@dataclass(frozen=True, slots=True)
class Rule:
    """A prefix rule; ``party`` is the key of the participant it belongs to."""

    prefix: str
    protocol: str
    address: str
    party: str = ""
    mode: PrefixMode = PrefixMode.SOLITARY
    weight: int = 1
    priority: int = 0
    brand: str | None = None
    tt: int | None = None
    np: int | None = None
    nai: int | None = None
    range_text: str = ""
    result: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Table:
    """A routing artifact, put in force with its rules."""

    kind: ArtifactKind
    name: str
    payload: dict[str, Any] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class Ruling:
    """A policy."""

    name: str
    when: dict[str, Any]
    effect: PolicyEffect
    priority: int
    reason: str
    is_enabled: bool = True


@dataclass(frozen=True, slots=True)
class Twin:
    """That two identifiers of this directory name one party: a same_as edge between them."""

    left: Name
    right: Name


@dataclass(frozen=True, slots=True)
class Check:
    """A probe: a request to the resolver and the part of the answer that must be so."""

    name: str
    request: dict[str, Any]
    expected: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Book:
    """All that one tenant's directory holds."""

    parties: tuple[Party, ...]
    twins: tuple[Twin, ...]
    tables: tuple[Table, ...]
    rulings: tuple[Ruling, ...]
    checks: tuple[Check, ...]
