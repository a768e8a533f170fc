"""The registry: finds the rails, refuses duplicates, checks itself, and answers by name."""

import difflib
import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from typing import TypeVar

from directory import rails as rails_package
from directory.rails.kinds import (
    Equivalence,
    Example,
    IdentifierError,
    IdentifierRole,
    IdentifierType,
    Key,
    Profile,
    Protocol,
    Rail,
)
from directory.rails.text import clean, shown

_Named = TypeVar("_Named", IdentifierType, Protocol, Profile)
_LONGEST_NAME = 64
_LONGEST_ADDRESS = 2048
_OWN_NAME = __name__.rpartition(".")[2]


class UnknownIdentifierType(IdentifierError):  # noqa: N818 - reads as the sentence it answers
    """An identifier type that no rail registers; the message names the nearest ones."""

    def __init__(self, name: object, known: Iterable[str]) -> None:
        close = difflib.get_close_matches(name[:_LONGEST_NAME], known, n=3) if isinstance(name, str) else []
        hint = f"did you mean {' or '.join(close)}?" if close else "use one of the registered types."
        super().__init__(
            "unknown_identifier_type", f"Identifier type {shown(name)} is unknown: {hint}", "type"
        )


class AddressError(ValueError):
    """An endpoint address or protocol that no rail accepts. ``field`` is ``protocol`` or ``address``."""

    def __init__(self, code: str, message: str, field: str) -> None:
        super().__init__(code, message, field)
        self.code = code
        self.message = message
        self.field = field

    def __str__(self) -> str:
        return self.message


class RailConflict(ValueError):  # noqa: N818 - reads as the sentence it answers
    """Two rails claim one name, or a rail contradicts itself."""


class Registry:
    """All rails, by the names of what they bring."""

    def __init__(self, rails: Iterable[Rail] = ()) -> None:
        self._rails: dict[str, Rail] = {}
        self._types: dict[str, IdentifierType] = {}
        self._protocols: dict[str, Protocol] = {}
        self._profiles: dict[str, Profile] = {}
        self._equivalences: list[Equivalence] = []
        for rail in rails:
            self.register(rail)

    def register(self, rail: Rail) -> None:
        """Add a rail, whole or not at all.

        Raises:
            RailConflict: its name, or one of its types, protocols or profiles, is taken.
        """
        if rail.name in self._rails:
            message = f"Rail {rail.name} is registered already; give the new one another name."
            raise RailConflict(message)
        types = _new_names("identifier type", rail, rail.identifier_types, self._types)
        protocols = _new_names("protocol", rail, rail.protocols, self._protocols)
        profiles = _new_names("profile", rail, rail.profiles, self._profiles)
        strays = [kind.name for kind in rail.identifier_types if kind.rail != rail.name]
        if strays:
            message = f"Rail {rail.name} brings {', '.join(strays)} of another rail; set their rail."
            raise RailConflict(message)
        self._rails[rail.name] = rail
        self._types |= types
        self._protocols |= protocols
        self._profiles |= profiles
        self._equivalences += rail.equivalences

    def rails(self) -> tuple[Rail, ...]:
        """Return all rails by name."""
        return tuple(self._rails[name] for name in sorted(self._rails))

    def types(self) -> tuple[IdentifierType, ...]:
        """Return all identifier types by name."""
        return tuple(self._types[name] for name in sorted(self._types))

    def profiles(self) -> tuple[Profile, ...]:
        """Return all profiles by name."""
        return tuple(self._profiles[name] for name in sorted(self._profiles))

    def protocols(self) -> tuple[Protocol, ...]:
        """Return all protocols by name."""
        return tuple(self._protocols[name] for name in sorted(self._protocols))

    def equivalences(self) -> tuple[Equivalence, ...]:
        """Return what the rails declare to be the same, in the order of registration."""
        return tuple(self._equivalences)

    def get(self, name: object) -> IdentifierType:
        """Return an identifier type.

        Raises:
            UnknownIdentifierType: no rail registers it.
        """
        found = self._types.get(name) if isinstance(name, str) else None
        if found is None:
            raise UnknownIdentifierType(name, self._types)
        return found

    def context_types(self, context_key: str) -> tuple[IdentifierType, ...]:
        """Return the types that fill a key of the service context or of the constraints."""
        return tuple(kind for kind in self.types() if kind.context_key == context_key)

    def equivalents(self, name: str, scope: str, normalized: str) -> list[Key]:
        """Return the other ways to write an identifier that the rails declare, in a fixed order."""
        found = set()
        for pair in self._equivalences:
            if pair.left == name and (twin := pair.to_right(scope, normalized)):
                found.add(Key(pair.right, *twin))
            if pair.right == name and (twin := pair.to_left(scope, normalized)):
                found.add(Key(pair.left, *twin))
        return sorted(found)

    def check_address(self, protocol: str, address: str) -> str:
        """Return the address without white space around it.

        Raises:
            AddressError: ``unknown_protocol``, or ``invalid`` with the reason.
        """
        kind = self._protocols.get(protocol)
        if kind is None:
            known = ", ".join(sorted(self._protocols))
            message = f"Protocol {shown(protocol)} is unknown; use one of {known}."
            raise AddressError("unknown_protocol", message, "protocol")
        text, problem = clean(address, _LONGEST_ADDRESS)
        reason = problem.reason if problem else kind.check(text)
        if reason:
            # What stands before an @ may be a password.
            told = "(not shown: it may hold a password)" if "@" in str(address) else shown(address)
            raise AddressError("invalid", f"Address {told} of {protocol}: {reason}.", "address")
        return text

    def profile(self, name: str, protocol: str) -> Profile:
        """Return the profile of an endpoint.

        A name that no rail registers takes the rules of the longest registered name it extends at a dot
        (``….v1.newscheme`` → ``….v1``), so that a new scheme never loosens security; failing that, those of
        the protocol.

        Raises:
            KeyError: the protocol is not registered either.
        """
        while name:
            found = self._profiles.get(name)
            if found is not None and found.protocol == protocol:
                return found
            name = name.rpartition(".")[0]
        return self._profiles[self._protocols[protocol].default_profile]

    def profile_for_scheme(self, name: str, scheme: str) -> str:
        """Return the name of the profile that a family makes for a scheme, or of its base profile."""
        base = self._profiles.get(name)
        family = base.fallback or base.name if base else name
        members = (p for p in self.profiles() if p.fallback == family and p.scheme == scheme.lower())
        return next((member.name for member in members), family)

    def check(self) -> list[str]:
        """Return every contradiction inside the registry, as sentences; none when all is well."""
        found = [problem for kind in self.types() for problem in _check_type(kind)]
        found += [problem for protocol in self.protocols() for problem in self._check_protocol(protocol)]
        found += [problem for profile in self.profiles() for problem in self._check_profile(profile)]
        found += [problem for kind in self.types() for problem in self._check_equivalence(kind)]
        for pair in self._equivalences:
            missing = {pair.left, pair.right} - self._types.keys()
            found += [f"an equivalence names the unregistered type {name}" for name in sorted(missing)]
        return found

    def _check_protocol(self, protocol: Protocol) -> list[str]:
        found = [f"{protocol.name} refuses its example {a}" for a in protocol.examples if protocol.check(a)]
        found += [f"{protocol.name} takes {a!r}" for a in protocol.counterexamples if not protocol.check(a)]
        default = self._profiles.get(protocol.default_profile)
        if default is None or default.protocol != protocol.name:
            found.append(f"{protocol.name} has no default profile {protocol.default_profile}")
        return found

    def _check_profile(self, profile: Profile) -> list[str]:
        found = []
        if profile.protocol not in self._protocols:
            found.append(f"profile {profile.name} names the unregistered protocol {profile.protocol}")
        base = self._profiles.get(profile.fallback) if profile.fallback else profile
        if base is None or base.protocol != profile.protocol:
            found.append(
                f"profile {profile.name} falls back to {profile.fallback}, which is none of its protocol"
            )
        elif base.fallback:
            found.append(f"profile {profile.name} falls back to {base.name}, which falls back itself")
        return found

    def _check_equivalence(self, kind: IdentifierType) -> list[str]:
        usable = (example for example in kind.examples if _accepts(kind, example))
        keys = [kind.normalize(example.value, example.scope).key for example in usable]
        return [
            f"{key} is {twin}, but not the other way round"
            for key in keys
            for twin in self.equivalents(*key)
            if key not in self.equivalents(*twin)
        ]


def _new_names(
    what: str, rail: Rail, items: Iterable[_Named], taken: Mapping[str, _Named]
) -> dict[str, _Named]:
    fresh: dict[str, _Named] = {}
    for item in items:
        if item.name in taken or item.name in fresh:
            message = f"Rail {rail.name}: {what} {item.name} is registered already; one rail owns each."
            raise RailConflict(message)
        fresh[item.name] = item
    return fresh


def _check_type(kind: IdentifierType) -> list[str]:
    found = []
    if not kind.examples or not kind.counterexamples or not kind.source:
        found.append(f"{kind.name} lacks examples, counterexamples or a source")
    if (kind.role is IdentifierRole.CONTEXT) != bool(kind.context_key):
        found.append(f"{kind.name} needs a context key if, and only if, it is a context type")
    if kind.tier >= 2 and (kind.echo or kind.global_allowed):
        found.append(f"{kind.name} is confidential, but may be echoed or be global")
    for example in kind.examples:
        found += _check_example(kind, example)
    for example in kind.counterexamples:
        if _accepts(kind, example):
            found.append(f"{kind.name} takes its counterexample {example.value!r} scope {example.scope!r}")
    return found


def _check_example(kind: IdentifierType, example: Example) -> list[str]:
    try:
        first = kind.normalize(example.value, example.scope)
        again = kind.normalize(kind.display(first.normalized, first.scope), first.scope)
    except IdentifierError as error:
        return [f"{kind.name} refuses its example: {error}"]
    found = []
    if again.key != first.key:
        found.append(f"{kind.name} example {example.value!r} changes when normalised twice")
    if example.normalized is not None and example.normalized != first.normalized:
        found.append(f"{kind.name} example {example.value!r} becomes {first.normalized!r}")
    return found


def _accepts(kind: IdentifierType, example: Example) -> bool:
    try:
        kind.normalize(example.value, example.scope)
    except IdentifierError:
        return False
    return True


def discover() -> Registry:
    """Return a registry of every module of this package that defines ``RAIL``."""
    names = sorted(module.name for module in pkgutil.iter_modules(rails_package.__path__))
    modules = [importlib.import_module(f"{rails_package.__name__}.{n}") for n in names if n != _OWN_NAME]
    return Registry(module.RAIL for module in modules if hasattr(module, "RAIL"))


registry = discover()
