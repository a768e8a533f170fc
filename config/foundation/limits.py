"""How often who may ask: quotas of a window of time, leased in chunks by each process from buckets that all share.

A bucket belongs to a policy and a subject, and holds the policy's quota for one window, which begins with its first
use. A process takes a part of it, its lease, and spends that without asking anybody; what it has not spent lapses with
the window. No more is ever leased than the quota, so no more is spent, however many processes there are; what one of
them holds unspent, others may miss. See ``docs/adr/0030``.
"""

from __future__ import annotations

import logging
import math
import os
import threading
import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from config.foundation.errors import first_line

CHUNKS = 50  # into which a quota is divided: a lease takes one of them at most, unless a request costs more
KEPT_BACK = (
    8  # a lease takes no more than this part of what is left, so that the last of it is handed out singly
)
MOST_LEASES = 20_000  # of a policy, held by a process; some 400 bytes each
PATIENCE_S = 0.25  # of a request, for another that is at the buckets before it
RETRY_S = 1.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Policy:
    """That nobody may spend more than ``quota`` in a window of ``window_s`` seconds."""

    name: str
    quota: int
    window_s: int

    @property
    def chunk(self) -> int:
        """Return how much a lease takes where enough is left."""
        return math.ceil(self.quota / CHUNKS)


@dataclass(frozen=True, slots=True)
class Limit:
    """A policy as it applies to a subject, such as ``token:<key id>``: each has a bucket of its own."""

    policy: Policy
    subject: str


@dataclass(frozen=True, slots=True)
class Lease:
    """What a process was granted, and what the bucket has left of the window that ``window`` names."""

    granted: int
    left: int
    window: str
    ends_in_s: float


@dataclass(frozen=True, slots=True)
class Standing:
    """How a subject stands with a limit, as far as this process knows: None where nobody could be asked."""

    limit: Limit
    is_allowed: bool
    remaining: int | None = None
    resets_in_s: int | None = None
    window: str = ""


class BucketsError(Exception):
    """The buckets do not answer."""


class Buckets(Protocol):
    """What the processes of an installation share."""

    def lease(self, limit: Limit, *, needed: int, wanted: int) -> Lease:
        """Take ``wanted`` out of a bucket or less, but ``needed`` at least, or else nothing.

        Raises:
            BucketsError: no answer, within a bounded time.
        """


@dataclass(slots=True)
class _Held:
    unspent: int
    left: int
    window: str
    ends_at: float


class Leases:
    """What one process holds of the buckets, shared by its threads. Where the buckets do not answer, all may pass."""

    def __init__(
        self,
        buckets: Callable[[], Buckets],
        *,
        clock: Callable[[], float] = time.monotonic,
        most: int = MOST_LEASES,
    ) -> None:
        self._buckets, self._clock, self._most = buckets, clock, most
        # By policy: those of one, such as addresses that anybody may have many of, must not push out those of another.
        self._held: defaultdict[str, OrderedDict[Limit, _Held]] = defaultdict(OrderedDict)
        self._lock = threading.Lock()
        self._leasing = threading.Lock()
        self._silent_until = -math.inf

    def spend(self, limit: Limit, cost: int = 1) -> Standing:
        """Spend ``cost``, or nothing where that is more than is left; what costs more than a quota costs the quota."""
        cost = min(cost, limit.policy.quota)
        standing = self._spend_held(limit, cost)
        if standing is not None:
            return standing
        if self._clock() < self._silent_until or not self._leasing.acquire(timeout=PATIENCE_S):
            return Standing(limit, is_allowed=True)
        try:
            return self._spend_leased(limit, cost)
        finally:
            self._leasing.release()

    def give_back(self, spent: Standing, cost: int = 1) -> None:
        """Take back what was spent a moment ago; with its window it has lapsed."""
        with self._lock:
            held = self._live(spent.limit)
            if held is not None and held.window == spent.window:
                held.unspent += cost

    def standing(self, limit: Limit) -> Standing:
        """Tell how a subject stands, without spending and without asking."""
        with self._lock:
            held = self._live(limit)
            if held is None:
                return Standing(limit, is_allowed=True)
            return self._seen(limit, held, is_allowed=held.unspent + held.left > 0)

    def forget(self) -> None:
        """Hold nothing: after a fork, what was held is the parent's."""
        self._lock, self._leasing = threading.Lock(), threading.Lock()
        self._held = defaultdict(OrderedDict)
        self._silent_until = -math.inf

    def _spend_held(self, limit: Limit, cost: int) -> Standing | None:
        """Return the standing after spending what is held; None where the bucket has to be asked."""
        with self._lock:
            held = self._live(limit)
            return None if held is None else self._spend_from(held, limit, cost)

    def _spend_from(self, held: _Held, limit: Limit, cost: int) -> Standing | None:
        if held.unspent >= cost:
            held.unspent -= cost
            return self._seen(limit, held, is_allowed=True)
        if held.unspent + held.left < cost:  # within a window what is left in a bucket only falls
            return self._seen(limit, held, is_allowed=False)
        return None

    def _spend_leased(self, limit: Limit, cost: int) -> Standing:
        standing = self._spend_held(limit, cost)
        while (
            standing is None
        ):  # others may spend of a lease before it is enough; the bucket is empty some time
            asked_at = self._clock()
            needed, wanted = self._missing(limit, cost), limit.policy.chunk
            try:
                lease = self._buckets().lease(limit, needed=needed, wanted=wanted)
            except BucketsError as error:
                self._silent_until = self._clock() + RETRY_S
                logger.warning("nobody is limited until the rate buckets answer again: %s", first_line(error))
                return Standing(limit, is_allowed=True)
            with self._lock:
                held = self._hold(limit, lease, ends_at=asked_at + lease.ends_in_s)
                standing = self._spend_from(held, limit, cost)
        return standing

    def _live(self, limit: Limit) -> _Held | None:
        held = self._held[limit.policy.name].get(limit)
        return held if held is not None and self._clock() < held.ends_at else None

    def _missing(self, limit: Limit, cost: int) -> int:
        with self._lock:
            held = self._live(limit)
            return cost if held is None else max(cost - held.unspent, 1)

    def _hold(self, limit: Limit, lease: Lease, *, ends_at: float) -> _Held:
        """Add a lease to what is held of its window; what is held of an earlier one lapses."""
        leases = self._held[limit.policy.name]
        held = leases.get(limit)
        kept = held.unspent if held is not None and held.window == lease.window else 0
        leases[limit] = _Held(kept + lease.granted, lease.left, lease.window, ends_at)
        leases.move_to_end(limit)
        while len(leases) > self._most:
            leases.popitem(last=False)
        return leases[limit]

    def _seen(self, limit: Limit, held: _Held, *, is_allowed: bool) -> Standing:
        resets_in_s = math.ceil(max(held.ends_at - self._clock(), 0))
        return Standing(limit, is_allowed, held.unspent + held.left, resets_in_s, held.window)


_buckets: list[Buckets] = []


def share_buckets(buckets: Buckets) -> None:
    """Enter the buckets that the processes share, in place of earlier ones."""
    _buckets[:] = [buckets]


def shared_buckets() -> Buckets:
    """Return the buckets that the processes share.

    Raises:
        LookupError: none were entered.
    """
    if not _buckets:
        raise LookupError("no buckets were entered")
    return _buckets[0]


process_leases = Leases(shared_buckets)
os.register_at_fork(after_in_child=process_leases.forget)
