"""Which limits a request falls under, what it costs, and what its answer says of them.

Source: draft-ietf-httpapi-ratelimit-headers-10. See ``docs/adr/0030``.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import lru_cache
from http import HTTPStatus
from ipaddress import IPv6Network
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest

from config.foundation.actor import Actor
from config.foundation.addresses import client_address, parse_address
from config.foundation.errors import Refused
from config.foundation.limits import Leases, Limit, Policy, Standing, process_leases

POLICY_HEADER = "RateLimit-Policy"
STATE_HEADER = "RateLimit"
IPV6_PREFIX_LENGTH = 64  # what one subscriber is given, at least
UNKNOWN_ADDRESS = "unknown"
BULK_ITEMS_PER_COST = 10
ACCEPTED_FOR_S = 300.0
MOST_ACCEPTED = 20_000  # some 400 bytes each
MOST_ACCEPTED_OF_PERSON = 64
MEANINGS = {
    "address": "Requests of one address (of IPv6, one /64 network) that nobody is known by: without a credential, or "
    "with one that is not accepted.",
    "tenant": "Requests of all who are let into one tenant.",
    "token": "Requests with one API token.",
    "user": "Requests of one person by browser sessions.",
}


def limits_of(
    *, address: str = "", principal: Actor | None = None, tenant_id: UUID | None = None
) -> tuple[Limit, ...]:
    """Return the limits that a request falls under; what tenants or tokens may have of their own belongs here.

    ``principal`` is who was authenticated, ``tenant_id`` the tenant that they were let into; an address counts while
    nobody is known. ``settings.RATE_LIMITS`` is ``{policy: (quota, seconds)}``; a policy that it leaves out is off.
    """
    if principal is None:
        subjects = {"address": _network_of(address)}
    else:
        subjects = {principal.kind: str(principal)}
        if tenant_id is not None:
            subjects["tenant"] = str(tenant_id)
    found = (
        (_policy(name, *settings.RATE_LIMITS.get(name, (0, 0))), subject)
        for name, subject in subjects.items()
    )
    return tuple(Limit(policy, subject) for policy, subject in found if policy.quota)


def cost_of_items(count: int) -> int:
    """Return what a request with so many items costs: one for each ten, begun or whole."""
    return max(-(-count // BULK_ITEMS_PER_COST), 1)


class AcceptedCredentials:
    """The credentials that this process has accepted lately: a request that sends one of them guesses none.

    Kept are digests under a key of the process's own, of each person a few: nobody pushes out those of others by
    making many tokens, or by writing one in many ways.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        most: int = MOST_ACCEPTED,
        most_of_person: int = MOST_ACCEPTED_OF_PERSON,
    ) -> None:
        self._clock, self._most, self._most_of_person = clock, most, most_of_person
        self._key = secrets.token_bytes(32)
        self._until: OrderedDict[bytes, tuple[float, Any]] = OrderedDict()  # and whose it is
        self._of_person: dict[Any, OrderedDict[bytes, None]] = {}
        self._lock = threading.Lock()

    def __contains__(self, credential: str) -> bool:
        """Tell whether the credential was accepted lately; it may be void by now."""
        until, _person = self._until.get(self._digest(credential), (0.0, None))
        return bool(credential) and until > self._clock()

    def add(self, credential: str, person: Any) -> None:
        """Remember a credential of a person that was accepted."""
        digest, until = self._digest(credential), self._clock() + ACCEPTED_FOR_S
        with self._lock:
            self._drop(digest)
            self._until[digest] = until, person
            own = self._of_person.setdefault(person, OrderedDict())
            own[digest] = None
            if len(own) > self._most_of_person:
                self._drop(next(iter(own)))
            if len(self._until) > self._most:
                self._drop(next(iter(self._until)))

    def discard(self, credential: str) -> None:
        """Forget a credential that is accepted no more."""
        with self._lock:
            self._drop(self._digest(credential))

    def _drop(self, digest: bytes) -> None:
        if digest not in self._until:
            return
        _until, person = self._until.pop(digest)
        own = self._of_person[person]
        del own[digest]
        if not own:
            del self._of_person[person]

    def _digest(self, credential: str) -> bytes:
        return hashlib.blake2b(credential.encode(errors="replace"), key=self._key, digest_size=16).digest()


process_accepted = AcceptedCredentials()


class Meter:
    """Counts one request; lies on it as ``request.meter``.

    Before anybody is known the request is its address's: it costs one there, so that guessing is limited, and is
    refused where the address has used its quota up. Who is then authenticated is charged instead, and the address is
    given its one back. A credential that was accepted lately is no guess, and is looked at whatever its address did:
    those who share an address cannot lock each other out.
    """

    def __init__(
        self,
        request: HttpRequest,
        *,
        leases: Leases = process_leases,
        accepted: AcceptedCredentials = process_accepted,
    ) -> None:
        self._leases, self._accepted = leases, accepted
        self._credential = _credential_of(request)
        self._is_trusted = self._credential in accepted
        address = client_address(request.META, settings.TRUSTED_PROXIES)
        self._of_address = limits_of(address=str(address or UNKNOWN_ADDRESS))
        self._principal: Actor | None = None
        self._standings: dict[Limit, Standing] = {}

    def enter(self) -> None:
        """Charge the address, unless the credential was accepted lately.

        Raises:
            Refused: ``throttled``.
        """
        if not self._is_trusted:
            self._spend(self._of_address)

    def authenticate(self, principal: Actor) -> None:
        """Charge who was authenticated, in place of the address.

        Raises:
            Refused: ``throttled``.
        """
        if not self._is_trusted:
            for spent in self._standings.values():
                self._leases.give_back(spent)
        self._accepted.add(self._credential, principal.user_id)
        self._principal = principal
        self._standings = {}
        self._spend(limits_of(principal=principal))

    def admit(self, tenant_id: UUID | None) -> None:
        """Charge the tenant that the caller was let into: only then is a request the tenant's.

        Raises:
            Refused: ``throttled``.
        """
        limits = limits_of(principal=self._principal, tenant_id=tenant_id)
        self._spend(limit for limit in limits if limit not in self._standings)

    def charge(self, extra: int) -> None:
        """Charge what a request costs beyond one, before its work is done.

        Raises:
            Refused: ``throttled``.
        """
        if extra > 0:
            self._spend(list(self._standings), cost=extra)

    def leave(self, status: int) -> None:
        """Charge the address after all where nobody was authenticated, such as for a path that there is not.

        Raises:
            Refused: ``throttled``, in place of the answer.
        """
        if self._principal is None and self._is_trusted:
            if status == HTTPStatus.UNAUTHORIZED:
                self._accepted.discard(self._credential)
            self._spend(self._of_address)

    def standings(self) -> list[Standing]:
        """Return how the caller stands with each limit of this request."""
        return list(self._standings.values())

    def headers(self) -> dict[str, str]:
        """Return what the answer says: the policies, and the state of those that are known."""
        standings = self.standings()
        policies = ", ".join(_shown_policy(one.limit.policy) for one in standings)
        states = ", ".join(_shown_state(one) for one in standings if one.remaining is not None)
        return {name: text for name, text in ((POLICY_HEADER, policies), (STATE_HEADER, states)) if text}

    def _spend(self, limits: Iterable[Limit], cost: int = 1) -> None:
        for limit in limits:
            standing = self._standings[limit] = self._leases.spend(limit, cost)
            if not standing.is_allowed:
                raise _throttled(standing)


class NoMeter(Meter):
    """Counts nothing: of a request that no middleware has seen."""

    def __init__(self) -> None:
        self._standings = {}

    def authenticate(self, principal: Actor) -> None:
        """Charge nobody."""

    def admit(self, tenant_id: UUID | None) -> None:
        """Charge nobody."""


def meter_of(request: Any) -> Meter:
    """Return the meter of a request of Django's."""
    meter: Meter = getattr(request, "meter", None) or NoMeter()
    return meter


def _throttled(standing: Standing) -> Refused:
    policy, wait_s = standing.limit.policy, max(standing.resets_in_s or 1, 1)
    return Refused(
        "throttled",
        f"The quota of {policy.quota:,} in {policy.window_s:,} s (policy {policy.name}) does not last for this. "
        f"Wait {wait_s:,} s.",
        policy=policy.name,
        retry_after=wait_s,
    )


def _credential_of(request: HttpRequest) -> str:
    """Return what a caller may be known by: the header, or else the session's cookie; "" without either."""
    header: str = request.META.get("HTTP_AUTHORIZATION", "")
    return header or request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")


def _network_of(address: str) -> str:
    """Return whose requests an address's count as: of IPv6 its network, since a subscriber has many addresses."""
    parsed = parse_address(address)
    if parsed is None:
        return UNKNOWN_ADDRESS
    if parsed.version == 4:
        return str(parsed)
    return str(IPv6Network((int(parsed), IPV6_PREFIX_LENGTH), strict=False))


@lru_cache(maxsize=64)
def _policy(name: str, quota: int, window_s: int) -> Policy:
    return Policy(name, quota, window_s)


def _shown_policy(policy: Policy) -> str:
    return f'"{policy.name}";q={policy.quota};w={policy.window_s}'


def _shown_state(standing: Standing) -> str:
    return f'"{standing.limit.policy.name}";r={standing.remaining};t={standing.resets_in_s}'
