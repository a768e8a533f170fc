"""Step 7: from candidates to directives, with the security that the profile demands.

A required credential that is missing or expired removes the candidate. The time to live ends with the first
expiry among everything the directive rests on.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from directory.rails.kinds import Profile
from directory.rails.registry import Registry
from directory.resolution.candidates import Candidate, Removal
from directory.resolution.documents import RouteDirective, Security
from directory.resolution.records import Credential, Request, Window

_PURPOSES = ("sign", "encrypt", "tls")


class Assembled(NamedTuple):
    """A candidate and the directive it became."""

    candidate: Candidate
    directive: RouteDirective


def assemble(  # noqa: PLR0913 -- whatever ends a time to live is handed in
    candidates: Sequence[Candidate],
    *,
    request: Request,
    instant: datetime,
    registry: Registry,
    default_ttl_s: int,
    decided_until: datetime | None = None,
) -> tuple[list[Assembled], list[Removal]]:
    """Return the directives of the candidates, in order, and those that lack a required credential.

    ``decided_until`` is when the policies that let them stay may decide otherwise; None never.
    """
    kept, removed = [], []
    for candidate in candidates:
        profile = profile_of(candidate, request, registry)
        usable = _usable(candidate, instant)
        lack = _lack(candidate, profile, usable, instant)
        if lack:
            removed.append(Removal(candidate, "credential", f"credential: {lack}"))
            continue
        windows = (*candidate.windows, *(row.window for row in usable), Window(None, decided_until))
        directive = _directive(candidate, request, profile, usable)
        directive["ttl_seconds"] = time_to_live(windows, instant, default_ttl_s)
        kept.append(Assembled(candidate, directive))
    return kept, removed


def profile_of(candidate: Candidate, request: Request, registry: Registry) -> Profile | None:
    """Return the rules of a candidate's profile: of the scheme asked for, or of the base."""
    target, scheme = candidate.target, request.constraints.scheme
    try:
        profile = registry.profile(target.profile, target.protocol)
        return (
            registry.profile(registry.profile_for_scheme(profile.name, scheme), target.protocol)
            if scheme
            else profile
        )
    except KeyError:
        return None  # a protocol that no rail registers has no rule book


def _applying(candidate: Candidate) -> list[Credential]:
    rows = candidate.participant.credentials if candidate.participant else ()
    return [row for row in rows if row.endpoint_id in (None, candidate.target.endpoint_id)]


def _usable(candidate: Candidate, instant: datetime) -> list[Credential]:
    """Return the credentials that hold now: by purpose, the endpoint's own first, then the newest."""
    rows = [
        row for row in _applying(candidate) if row.window.holds(instant) and row.credential_type in _PURPOSES
    ]
    return sorted(rows, key=_credential_order)


def _credential_order(row: Credential) -> tuple[Any, ...]:
    start = row.window.start.timestamp() if row.window.start else 0.0
    return (_PURPOSES.index(row.credential_type), row.endpoint_id is None, -start, row.vault_ref)


def _lack(
    candidate: Candidate, profile: Profile | None, usable: Iterable[Credential], instant: datetime
) -> str:
    if profile is None or candidate.target.key_refs:
        return ""
    present = {row.credential_type for row in usable}
    for purpose, is_required in (("sign", profile.sign_required), ("encrypt", profile.encrypt_required)):
        if is_required and purpose not in present:
            return _why_missing(
                [row for row in _applying(candidate) if row.credential_type == purpose], purpose, instant
            )
    return ""


def _why_missing(rows: Sequence[Credential], purpose: str, instant: datetime) -> str:
    ended = [row.window.end for row in rows if row.window.end and row.window.end <= instant]
    coming = [row.window.start for row in rows if row.window.start and row.window.start > instant]
    if coming:
        return f"{purpose} not valid before {min(coming):%Y-%m-%d}"
    return f"{purpose} expired {max(ended):%Y-%m-%d}" if ended else f"{purpose} missing"


def _directive(
    candidate: Candidate, request: Request, profile: Profile | None, usable: Iterable[Credential]
) -> RouteDirective:
    target = candidate.target
    directive = RouteDirective(
        target_protocol=target.protocol,
        target_address=target.address,
        security=_security(candidate, profile, usable),
        service_context=_service_context(candidate, request, profile),
        qos={**(profile.qos if profile else {}), **target.qos},
        ttl_seconds=0,
        evidence={
            "source": target.source,
            "lastVerified": rfc3339(candidate.freshness),
            "confidenceScore": candidate.confidence,
        },
    )
    if target.profile:
        directive["transport_profile"] = target.profile
    return directive


def _security(candidate: Candidate, profile: Profile | None, usable: Iterable[Credential]) -> Security:
    refs = (*candidate.target.key_refs, *(row.vault_ref for row in usable if row.vault_ref))
    return Security(
        signRequired=profile.sign_required if profile else False,
        encryptRequired=profile.encrypt_required if profile else False,
        keyRefs=list(dict.fromkeys(refs)),
        algorithms=dict(sorted(profile.algorithms.items())) if profile else {},
    )


def _service_context(candidate: Candidate, request: Request, profile: Profile | None) -> dict[str, Any]:
    service, constraints = request.service, request.constraints
    named = {
        "service": service.service,
        "action": service.action,
        "process": service.process,
        "documentType": service.document_type,
        "serviceIndicator": service.service_indicator or (profile.service_indicator if profile else ""),
        "mpc": constraints.mpc or (profile.mpc if profile else ""),
        "role": constraints.role,
    }
    context: dict[str, Any] = {name: value for name, value in named.items() if value}
    result = candidate.rule.result if candidate.rule else {}
    translation = {name: result[name] for name in sorted(result) if name != "backup"}
    return context | ({"translation": translation} if translation else {})


def time_to_live(windows: Iterable[Window], instant: datetime, default_ttl_s: int) -> int:
    """Return the seconds a directive may be kept: to the first expiry, at most the default."""
    ends = [window.end for window in windows if window.end and window.end > instant]
    left = int((min(ends) - instant).total_seconds()) if ends else default_ttl_s
    return min(default_ttl_s, left)


def rfc3339(moment: datetime) -> str:
    """Return a moment in UTC with ``Z``."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
