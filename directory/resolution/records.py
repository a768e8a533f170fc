"""Plain records that the steps of a resolution hand on: rows as read, and the request as understood."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

from directory.rails.kinds import Key

EMPTY: Mapping[str, Any] = MappingProxyType({})
CONFIDENTIAL = 2


class Directory(StrEnum):
    """Where a row lies, seen from the tenant that asks."""

    OWN = "own"
    GLOBAL = "global"


class Level(StrEnum):
    """The rungs of the precedence ladder that exist; settings and traces name them so."""

    TENANT_OVERRIDE = "tenant_override"
    INTERNAL_DIRECTORY = "internal_directory"
    PREFIX_TABLES = "prefix_tables"
    DEFAULT_ROUTE = "default_route"


class RequestError(NamedTuple):
    """One fault of a request: where it is (``#/identifiers/0/value``), its code, and what to do about it."""

    pointer: str
    code: str
    detail: str


class InvalidRequest(Exception):  # noqa: N818 -- reads as the sentence it answers
    """A request that cannot be resolved; ``errors`` holds every fault, never only the first."""

    def __init__(self, errors: list[RequestError]) -> None:
        super().__init__("; ".join(f"{error.pointer}: {error.code}" for error in errors))
        self.errors = errors


class TenantMismatch(InvalidRequest):
    """The request names another tenant than the one that is selected; a refusal, not a fault of form."""


class Window(NamedTuple):
    """When a row holds: from ``start`` on, until before ``end``; None is unbounded."""

    start: datetime | None = None
    end: datetime | None = None

    def holds(self, instant: datetime) -> bool:
        """Tell whether the row holds at this instant."""
        return (self.start is None or self.start <= instant) and (self.end is None or instant < self.end)


ALWAYS = Window()


@dataclass(frozen=True, slots=True)
class Ref:
    """A row of one of the two directories."""

    directory: Directory
    id: UUID


Node = Key | Ref


@dataclass(frozen=True, slots=True)
class Identifier:
    """A row of the identifier table; ``key.normalized`` is a blind index from tier 2 up."""

    directory: Directory
    key: Key
    participant_id: UUID
    priority: int
    tier: int
    source: str
    confidence: float
    verified_at: datetime | None
    updated_at: datetime
    window: Window = ALWAYS


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A row of the endpoint table; ``window`` ends no later than ``superseded_at``."""

    id: UUID
    protocol: str
    address: str
    profile: str
    priority: int
    status: str
    qos: Mapping[str, Any]
    source: str
    confidence: float
    verified_at: datetime | None
    updated_at: datetime
    window: Window = ALWAYS
    superseded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Capability:
    """A row of the capability table; an empty text stands for anything."""

    id: UUID
    endpoint_id: UUID | None = None
    service: str = ""
    action: str = ""
    process: str = ""
    document_type: str = ""
    constraints: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    window: Window = ALWAYS


@dataclass(frozen=True, slots=True)
class Credential:
    """A row of the credential table: a reference into a vault, never a key."""

    credential_type: str
    vault_ref: str
    endpoint_id: UUID | None = None
    window: Window = ALWAYS
    superseded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Participant:
    """A participant with everything of its own that a route may need."""

    ref: Ref
    name: str
    country: str = ""
    tags: tuple[str, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    capabilities: tuple[Capability, ...] = ()
    credentials: tuple[Credential, ...] = ()
    window: Window = ALWAYS

    @property
    def windows(self) -> tuple[Window, ...]:
        """Return the windows of the participant and of everything of its own."""
        endpoints = (row.window for row in self.endpoints)
        capabilities = (row.window for row in self.capabilities)
        credentials = (row.window for row in self.credentials)
        return (self.window, *endpoints, *capabilities, *credentials)

    def at(self, instant: datetime) -> "Participant":
        """Return the participant less what was superseded by an instant.

        Which of those were read depends on the earliest instant of a batch; no answer may.
        """
        return replace(
            self,
            endpoints=tuple(row for row in self.endpoints if _stands(row.superseded_at, instant)),
            credentials=tuple(row for row in self.credentials if _stands(row.superseded_at, instant)),
        )


def _stands(superseded_at: datetime | None, instant: datetime) -> bool:
    return superseded_at is None or instant < superseded_at


class Match(NamedTuple):
    """A participant found, by an identifier's key or by being named itself."""

    node: Node
    identifier: Identifier | None
    participant: Participant


@dataclass(frozen=True, slots=True)
class Edge:
    """A stored edge, seen from the node it was found by; to a far participant and each of its identifiers."""

    near: Node
    far: Node
    relation: str
    source: str
    confidence: float
    window: Window = ALWAYS


@dataclass(frozen=True, slots=True)
class Policy:
    """A row of the policy table."""

    id: UUID
    directory: Directory
    name: str
    rule: Mapping[str, Any]
    effect: str
    priority: int


@dataclass(frozen=True, slots=True)
class Artifact:
    """The active version of a routing artifact that holds directives."""

    id: UUID
    kind: str
    name: str
    payload: Mapping[str, Any]
    source: str
    updated_at: datetime
    window: Window = ALWAYS


@dataclass(frozen=True, slots=True)
class PrefixRule:
    """A rule of an active prefix table; a selector that is None matches anything."""

    id: UUID
    directory: Directory
    artifact_kind: str
    artifact_name: str
    prefix: str
    selectors: Mapping[str, int | str]
    mode: str
    weight: int
    priority: int
    target_protocol: str
    target_address: str
    transport_profile: str
    participant: Participant | None
    result: Mapping[str, Any]
    updated_at: datetime
    window: Window = ALWAYS
    artifact_window: Window = ALWAYS


class Party(NamedTuple):
    """An identifier of the request; ``key.normalized`` is clear, ``tier`` says whether it may be shown."""

    key: Key
    rail: str
    tier: int


@dataclass(frozen=True, slots=True)
class Service:
    """What the party is to be reached for."""

    service: str = ""
    action: str = ""
    process: str = ""
    document_type: str = ""
    service_indicator: str = ""


@dataclass(frozen=True, slots=True)
class Constraints:
    """What the route must satisfy; empty or None asks for nothing."""

    protocols: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    scheme: str = ""
    brand: str = ""
    mpc: str = ""
    role: str = ""
    ssn: int | None = None
    sls: int | None = None
    calling_gt: str = ""
    min_confidence: float = 0.0
    max_stale_s: int | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """A request as understood: parties in a fixed order, context identifiers folded in."""

    parties: tuple[Party, ...]
    service: Service = field(default_factory=Service)
    constraints: Constraints = field(default_factory=Constraints)
    as_of: datetime | None = None
    limit: int = 10
    is_explained: bool = False
    correlation_id: str | None = None


class Step(NamedTuple):
    """One hop of the path that led to an identifier or participant."""

    relation: str
    source: str
    confidence: float
    window: Window
    far: Node
    is_confidential: bool = False


@dataclass(frozen=True, slots=True)
class Path:
    """How a node was reached: from a party of the request over steps; confidence is their product."""

    party: Party
    confidence: float = 1.0
    steps: tuple[Step, ...] = ()

    @property
    def is_confidential(self) -> bool:
        """Tell whether any identifier on the way is of tier 2 or above."""
        return self.party.tier >= CONFIDENTIAL or any(step.is_confidential for step in self.steps)


@dataclass(frozen=True, slots=True)
class Decision:
    """What the policies say about a candidate; ``priority`` is None when only the default effect applied."""

    is_allowed: bool
    cause: str = ""
    priority: int | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: ``kind`` is user, token, app or system."""

    kind: str = ""
    id: str = ""
    roles: tuple[str, ...] = ()
    issuer: str = ""


@dataclass(frozen=True, slots=True)
class ResolverSettings:
    """The tenant's ``resolver.*`` settings.

    Attributes:
        default_effect: of a candidate that no policy matches, ``allow`` or ``deny``.
        level_order: levels between override and default route, by the rail of the request's first party;
            a rail not named has the order of the ladder.
        time_zone: IANA name, in which policies read hours and weekdays.
    """

    default_ttl_s: int = 300
    negative_ttl_s: int = 60
    default_effect: str = "allow"
    default_route: bool = False
    level_order: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: EMPTY)
    strict_check_digits: bool = False
    time_zone: str = "UTC"


BlindIndex = Callable[[str, str, str], str]
"""``(type, scope, normalized) -> index`` by which the tenant's confidential identifiers are found."""
