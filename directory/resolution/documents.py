"""The JSON of the contract: what a request may hold, and what leaves."""

from collections.abc import Mapping
from typing import Any, Literal, NotRequired, TypedDict

from directory.rails.kinds import FailurePolicy

Outcome = Literal["hit", "miss", "recognised_not_routable", "filtered", "stale", "error", "off"]


class IdentifierDocument(TypedDict):
    """An identifier as given."""

    type: str
    value: str
    scope: NotRequired[str]


class ResolveRequest(TypedDict):
    """Body of a resolve."""

    identifiers: list[IdentifierDocument]
    serviceContext: NotRequired[Mapping[str, str]]
    constraints: NotRequired[Mapping[str, Any]]
    tenant: NotRequired[str]
    asOf: NotRequired[str]
    limit: NotRequired[int]
    explain: NotRequired[bool]
    correlationId: NotRequired[str]


class Security(TypedDict):
    """What the receiver's profile demands, and where the keys are referred to."""

    signRequired: bool
    encryptRequired: bool
    keyRefs: list[str]
    algorithms: dict[str, str]


class DirectiveEvidence(TypedDict):
    """``lastVerified`` is RFC 3339, ``confidenceScore`` from 0 to 1."""

    source: str
    lastVerified: str
    confidenceScore: float


class RouteDirective(TypedDict):
    """How to reach a party; the mixed casing is the published contract."""

    target_protocol: str
    target_address: str
    transport_profile: NotRequired[str]
    security: Security
    service_context: dict[str, Any]
    qos: dict[str, Any]
    ttl_seconds: int
    evidence: DirectiveEvidence


class Alternate(TypedDict):
    """A directive after the primary, and why it comes after."""

    directive: RouteDirective
    reason: str


class Evidence(TypedDict):
    """A source that contributed; ``step`` says which hop an edge made (``as4.partyId/LEI same_as bic``)."""

    source: str
    freshness: str
    confidence: float
    step: NotRequired[str]


class TraceEntry(TypedDict):
    """One level of the ladder that was tried.

    ``directory`` (own or global) says where a hit or a recognition was; ``matched_prefix`` which prefix won.
    """

    level: str
    source: str
    outcome: Outcome
    candidates: NotRequired[int]
    directory: NotRequired[str]
    matched_prefix: NotRequired[str]


class ExplainedCandidate(TypedDict):
    """A candidate considered: the path that found it, and what became of it."""

    level: str
    source: str
    directory: str
    path: list[str]
    target_protocol: str
    target_address: str
    transport_profile: str
    participant: NotRequired[str]
    matched_prefix: NotRequired[str]
    outcome: Literal["primary", "alternate", "removed"]
    step: NotRequired[str]
    cause: NotRequired[str]


class Explanation(TypedDict):
    """Every identifier the request was expanded to, and every candidate at every level tried."""

    identifiers: list[str]
    candidates: list[ExplainedCandidate]


class ResolveResponse(TypedDict):
    """Answer of a resolve; ``primary`` and ``failure_policy`` are absent when nothing matched."""

    primary: NotRequired[RouteDirective]
    alternates: list[Alternate]
    directives: list[RouteDirective]
    failure_policy: NotRequired[FailurePolicy]
    evidence: list[Evidence]
    negative_cache_ttl: NotRequired[int]
    resolution_trace: list[TraceEntry]
    directory_version: str
    explanation: NotRequired[Explanation]
    correlationId: NotRequired[str]
