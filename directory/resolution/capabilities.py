"""Step 4: which candidates can do what is asked, and satisfy the constraints of the request.

What the request leaves open restricts nothing, nor does an empty column. A participant that declares no
capability is unrestricted, and ranked after those that do.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from directory.rails.registry import Registry
from directory.resolution.candidates import Candidate, Removal
from directory.resolution.records import Capability, Constraints, Request, Service


def filter_candidates(
    candidates: Sequence[Candidate], *, request: Request, instant: datetime, registry: Registry
) -> tuple[list[Candidate], list[Removal]]:
    """Return the candidates that stay, marked declared or undeclared, and those removed with the cause."""
    kept, removed = [], []
    for candidate in candidates:
        cause = _unfit(candidate, request.constraints, instant, registry)
        is_declared, refusal = (False, "") if cause else _declared(candidate, request, instant)
        if cause or refusal:
            removed.append(Removal(candidate, "constraint" if cause else "capability", cause or refusal))
        else:
            kept.append(replace(candidate, is_declared=is_declared))
    return _prefer_scheme(kept, removed, request.constraints.scheme, registry)


def _unfit(candidate: Candidate, asked: Constraints, instant: datetime, registry: Registry) -> str:
    target = candidate.target
    if asked.protocols and target.protocol not in asked.protocols:
        return f"constraint: protocol {target.protocol} is none of {', '.join(asked.protocols)}"
    if asked.profiles and target.profile not in asked.profiles:
        return f"constraint: profile {target.profile or 'unnamed'} is none of {', '.join(asked.profiles)}"
    scheme = profile_scheme(target.profile, registry)
    if asked.scheme and scheme and scheme != asked.scheme:
        return f"constraint: profile {target.profile} is of scheme {scheme}, not {asked.scheme}"
    if candidate.confidence < asked.min_confidence:
        return f"constraint: confidence {candidate.confidence:g} < {asked.min_confidence:g}"
    if asked.max_stale_s is not None and instant - candidate.freshness > timedelta(seconds=asked.max_stale_s):
        return (
            f"constraint: stale, verified {candidate.freshness.isoformat()}, over {asked.max_stale_s} s ago"
        )
    return ""


def profile_scheme(name: str, registry: Registry) -> str:
    """Return the payment scheme that a profile is made for, or an empty text."""
    return next((profile.scheme for profile in registry.profiles() if profile.name == name), "")


def _prefer_scheme(
    kept: list[Candidate], removed: list[Removal], scheme: str, registry: Registry
) -> tuple[list[Candidate], list[Removal]]:
    """Let the base profile stand in for the scheme's own only where a participant offers no other."""
    if not scheme:
        return kept, removed
    special = {
        (c.participant.ref, c.target.protocol)
        for c in kept
        if c.participant and profile_scheme(c.target.profile, registry) == scheme
    }
    stay = []
    for candidate in kept:
        owner = candidate.participant.ref if candidate.participant else None
        is_base = profile_scheme(candidate.target.profile, registry) != scheme
        if owner and is_base and (owner, candidate.target.protocol) in special:
            cause = f"constraint: the participant has an endpoint of its own for scheme {scheme}"
            removed.append(Removal(candidate, "constraint", cause))
        else:
            stay.append(candidate)
    return stay, removed


def _declared(candidate: Candidate, request: Request, instant: datetime) -> tuple[bool, str]:
    """Return whether a fitting capability is declared, and the cause for removal if only others are."""
    if candidate.participant is None:
        return True, ""  # the route itself was written for this request: there is nobody to declare anything
    declared = [row for row in candidate.participant.capabilities if row.window.holds(instant)]
    if not declared:
        return False, ""
    here = [row for row in declared if row.endpoint_id in (None, candidate.target.endpoint_id)]
    if best_fit(here, request.service, request.constraints) is not None:
        return True, ""
    return False, _why_none(here, request.service, request.constraints)


def best_fit(rows: Iterable[Capability], service: Service, constraints: Constraints) -> Capability | None:
    """Return the capability that matches with the longest literal text, or None."""
    fitting = [row for row in rows if not _misfit(row, service, constraints)]
    return max(fitting, key=lambda row: (_literal_length(row), str(row.id)), default=None)


def _columns(row: Capability, service: Service) -> tuple[tuple[str, str, str], ...]:
    return (
        ("service", row.service, service.service),
        ("action", row.action, service.action),
        ("process", row.process, service.process),
        ("documentType", row.document_type, service.document_type),
    )


def _misfit(row: Capability, service: Service, constraints: Constraints) -> str:
    for name, pattern, asked in _columns(row, service):
        if not fits(pattern, asked):
            return f"{name} {asked}"
    for name, wanted in sorted(row.constraints.items()):
        if not _satisfies(_asked(constraints).get(name), wanted):
            return f"constraint {name}"
    return ""


def fits(pattern: str, asked: str) -> bool:
    """Tell whether a column with its ``*`` suffix covers a value; either of them empty covers anything."""
    if not pattern or not asked:
        return True
    return asked.startswith(pattern[:-1]) if pattern.endswith("*") else asked == pattern


def _satisfies(asked: Any, wanted: Any) -> bool:
    if asked in (None, "", ()):
        return True
    allowed = wanted if isinstance(wanted, list) else [wanted]
    given = asked if isinstance(asked, tuple) else (asked,)
    return any(str(item).lower() == str(option).lower() for item in given for option in allowed)


def _asked(constraints: Constraints) -> Mapping[str, Any]:
    return {
        "protocols": constraints.protocols,
        "profiles": constraints.profiles,
        "scheme": constraints.scheme,
        "brand": constraints.brand,
        "mpc": constraints.mpc,
        "role": constraints.role,
        "ssn": constraints.ssn,
    }


def _literal_length(row: Capability) -> int:
    return sum(
        len(text.removesuffix("*")) for text in (row.service, row.action, row.process, row.document_type)
    )


def _why_none(rows: Sequence[Capability], service: Service, constraints: Constraints) -> str:
    """Name the first thing asked that no capability has, or else that none has all of them together."""
    if not rows:
        return "capability: none declared for this endpoint"
    for name in ("service", "action", "process", "documentType"):
        if not any(
            fits(pattern, asked) for row in rows for n, pattern, asked in _columns(row, service) if n == name
        ):
            asked = next(asked for n, _, asked in _columns(rows[0], service) if n == name)
            return f"capability: {name} {asked} not declared"
    missing = sorted({_misfit(row, service, constraints) for row in rows})
    return f"capability: {missing[0]} not declared together with the rest"
