"""What a rail is made of: identifier types, equivalences, profiles and protocols.

A rule says what is wrong with a value and never repeats the value; one place, `IdentifierType.normalize`,
decides whether the value may appear in the message. That is how a card number stays out of every error.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Literal, NamedTuple, TypedDict

from directory.rails.text import clean, shown

type_field = Literal["type", "value", "scope"]


class IdentifierRole(StrEnum):
    """What an identifier is good for in a request."""

    PARTY = "party"  # names somebody who can be reached
    CONTEXT = "context"  # narrows what they are reached for; folded into the service context


class IdentifierError(ValueError):
    """A malformed or unsupported identifier.

    Attributes:
        code: stable, for machines (``invalid``, ``check_digit``, ``possible_card_number``, …).
        message: what is wrong, with which value (never one of a card rail), and what to do.
        field: which part of the identifier is wrong: ``type``, ``value`` or ``scope``.
    """

    def __init__(self, code: str, message: str, field: type_field = "value") -> None:
        super().__init__(code, message, field)
        self.code = code
        self.message = message
        self.field = field

    def __str__(self) -> str:
        return self.message


class Refusal(Exception):  # noqa: N818 - it is an answer of a rule, not an error that anyone sees
    """What a rule answers to a value it does not take. ``reason`` never contains the value."""

    def __init__(self, reason: str, *, code: str = "invalid", field: type_field = "value") -> None:
        super().__init__(code, reason, field)
        self.code = code
        self.reason = reason
        self.field = field


class Canonical(NamedTuple):
    """What a rule answers to a value it takes."""

    normalized: str
    scope: str = ""
    warnings: tuple[str, ...] = ()
    failed_check: str = ""  # a wrong check digit: a warning, or a refusal when strict


class Key(NamedTuple):
    """How an identifier is looked up; equal keys are the same identifier."""

    type: str
    scope: str
    normalized: str


@dataclass(frozen=True, slots=True, repr=False)
class Normalized:
    """An accepted identifier: ``value`` as given, trimmed; ``normalized`` and ``scope`` for look-up."""

    type: str
    value: str
    normalized: str
    scope: str
    tier: int
    warnings: tuple[str, ...] = ()

    @property
    def key(self) -> Key:
        """What the identifier is looked up by."""
        return Key(self.type, self.scope, self.normalized)

    def __repr__(self) -> str:
        inner = "confidential" if self.tier >= 2 else f"{self.normalized!r}, scope={self.scope!r}"
        return f"Normalized({self.type}, {inner})"


class Example(NamedTuple):
    """A value and what becomes of it; the registry tries each when it loads."""

    value: str
    scope: str | None = None
    normalized: str | None = None


Rule = Callable[[str, str], Canonical]


def _plain_scope(scope: str) -> str:
    if scope:
        raise Refusal("takes no scope; leave it out", code="scope_not_allowed", field="scope")
    return ""


def _same(normalized: str, scope: str) -> str:  # noqa: ARG001 - the signature of `display`
    return normalized


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifierType:
    """One type of identifier: how it is checked, compared, shown and protected.

    Attributes:
        rule: ``(value, scope) -> Canonical``, both trimmed, the scope in its normal form; raises `Refusal`.
        guard: raises `Refusal` for a value or scope that nothing else may even look at.
        scope_rule: ``scope -> scope`` in its normal form; by default the type takes no scope.
        tier: sensitivity, 0 public to 3 secret; ``tier_rule`` when it depends on the scope.
        default_scope: what an omitted scope means; None when it must be given.
        echo: whether a refused value may be repeated in the message.
        display: ``(normalized, scope) -> text`` for people; normalising it gives ``normalized`` again.
        context_key: for a context type, the key of the service context or constraints that it fills.
        prefix_artifact_kinds: tables of prefixes in which a value is looked up by its longest prefix.
        selectors: ``scope -> {"tt": 0, …}``: what those tables may select on besides the digits.
        source: where the rule comes from.
    """

    name: str
    rail: str
    label: str
    rule: Rule
    tier: int
    source: str
    examples: tuple[Example, ...]
    counterexamples: tuple[Example, ...]
    role: IdentifierRole = IdentifierRole.PARTY
    guard: Callable[[str], None] | None = None
    scope_rule: Callable[[str], str] = _plain_scope
    tier_rule: Callable[[str], int] | None = None
    default_scope: str | None = ""
    max_length: int = 255
    echo: bool = True
    global_allowed: bool = True
    display: Callable[[str, str], str] = _same
    context_key: str | None = None
    prefix_artifact_kinds: tuple[str, ...] = ()
    selectors: Callable[[str], Mapping[str, int]] | None = None

    @property
    def is_prefix(self) -> bool:
        """Whether a value is also looked up by its longest prefix."""
        return bool(self.prefix_artifact_kinds)

    def tier_for(self, scope: str) -> int:
        """Return the tier of a value under a normalised scope."""
        return self.tier_rule(scope) if self.tier_rule else self.tier

    def prefix_selectors(self, scope: str) -> Mapping[str, int]:
        """Return what prefix rules may select on, from a normalised scope: ``{"gti": 4, "tt": 0, …}``."""
        return self.selectors(scope) if self.selectors else {}

    def prefix_digits(self, normalized: str) -> str:
        """Return the digits that prefix rules are matched against."""
        return normalized.removeprefix("+")

    def normalize(self, value: object, scope: object = None, *, strict: bool = False) -> Normalized:
        """Return the identifier in its normal form.

        Args:
            value: as a caller gave it.
            scope: as a caller gave it; None or blank means the rail's default.
            strict: refuse a wrong check digit instead of warning about it.

        Raises:
            IdentifierError: ``required``, ``invalid``, ``invalid_characters``, ``too_long``, ``check_digit``,
                ``scope_required``, ``scope_not_allowed`` or ``possible_card_number``.
        """
        try:
            text = self._clean(value, "value")
            normal_scope = self._normalize_scope(scope)
            canonical = self._judge(self.rule(text, normal_scope), strict=strict)
        except Refusal as refusal:
            error = self._error(refusal, value, scope)
        else:
            tier = self.tier_for(canonical.scope)
            return Normalized(
                self.name, text, canonical.normalized, canonical.scope, tier, canonical.warnings
            )
        # Raised out here so that neither the refusal nor its frames (which hold the value) hang on the error.
        raise error

    def _judge(self, canonical: Canonical, *, strict: bool) -> Canonical:
        if not canonical.failed_check:
            return canonical
        if strict:
            raise Refusal(canonical.failed_check, code="check_digit")
        warning = f"{self.name}: the value was kept, but {canonical.failed_check}."
        return canonical._replace(warnings=(*canonical.warnings, warning))

    def _normalize_scope(self, scope: object) -> str:
        """Return a scope in its normal form, the default for a blank one. Raises `Refusal`."""
        text = "" if scope is None else self._clean(scope, "scope", required=False)
        if text:
            return self.scope_rule(text)
        if self.default_scope is None:
            raise Refusal("needs a scope; give one", code="scope_required", field="scope")
        return self.default_scope

    def _clean(self, given: object, name: type_field, *, required: bool = True) -> str:
        if self.guard and isinstance(given, str):
            self._ask_guard(self.guard, given, name)
        text, problem = clean(given, self.max_length, required=required)
        if problem:
            raise Refusal(problem.reason, code=problem.code, field=name)
        return text

    def _ask_guard(self, guard: Callable[[str], None], given: str, name: type_field) -> None:
        try:
            guard(given)
        except Refusal as refusal:
            refusal.field = name
            raise

    def _error(self, refusal: Refusal, value: object, scope: object) -> IdentifierError:
        given = scope if refusal.field == "scope" else value
        what = f" {shown(given)}" if self.echo and given is not None else ""
        where = " scope" if refusal.field == "scope" else ""
        return IdentifierError(refusal.code, f"{self.name}{where}{what}: {refusal.reason}.", refusal.field)


@dataclass(frozen=True, slots=True)
class Equivalence:
    """Two types that write the same thing in two ways; both directions answer None for what has no twin."""

    left: str
    right: str
    to_right: Callable[[str, str], tuple[str, str] | None]
    to_left: Callable[[str, str], tuple[str, str] | None]
    source: str


class Qos(TypedDict):
    """``ordering`` is ``none`` or ``fifo``."""

    retries: int
    receiptsRequired: bool
    ordering: str


class FailurePolicy(TypedDict):
    """Advice to the sender: attempts, ``none`` or ``exponential``, and whether to break the circuit."""

    retry: int
    backoff: str
    circuitBreak: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How messages travel over a protocol, and what that demands of the credentials of the receiver.

    Attributes:
        algorithms: ``{"sign": "rsa-sha256", …}``, as the directive's ``security.algorithms``.
        fallback: the profile that stands in where this one is not offered.
        scheme: the payment scheme or network that this profile is made for.
        mpc: message partition channel that the profile asks for.
        service_indicator: MTP service indicator, on rails that have one.
    """

    name: str
    protocol: str
    label: str
    source: str
    qos: Qos
    failure_policy: FailurePolicy
    sign_required: bool = False
    encrypt_required: bool = False
    algorithms: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    fallback: str = ""
    scheme: str = ""
    mpc: str = ""
    service_indicator: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """A protocol of endpoints; ``check`` returns what is wrong with an address, or ``""``."""

    name: str
    label: str
    check: Callable[[str], str]
    default_profile: str
    examples: tuple[str, ...]
    counterexamples: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rail:
    """Everything that one network brings.

    Attributes:
        services: ``{service: {action: message}}`` that the rail's rule book names; others are allowed too.
    """

    name: str
    label: str
    identifier_types: tuple[IdentifierType, ...]
    protocols: tuple[Protocol, ...] = ()
    profiles: tuple[Profile, ...] = ()
    equivalences: tuple[Equivalence, ...] = ()
    services: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: MappingProxyType({}))
