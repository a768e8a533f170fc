"""The programs that call the demonstration's API: their tokens, and how these were used for some weeks."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction

from config.foundation.actor import Actor
from customers.identity.models import ApiToken, User
from customers.identity.operations import create_token, revoke_token
from customers.identity.operations.token_use import Gathered, write_token_uses
from customers.identity.tokens import find_token
from customers.tenants.models import Tenant

FRIDAY = 4
WEEKEND_SHARE = 0.2  # of the calls of a working day


@dataclass(frozen=True, slots=True)
class Program:
    """A program with a token, and its calls.

    ``calls`` are those of a working day; ``refused`` has for some days ago what was refused, by code. A program that
    ``ended_days_ago`` calls no more since, and its token is revoked.
    """

    name: str
    privileges: tuple[str, ...]
    lifetime_days: int
    calls: int
    address: str
    agent: str
    may_write: bool = False
    networks: tuple[str, ...] = ()
    refused: tuple[tuple[int, str, int], ...] = ()
    ended_days_ago: int | None = None

    def counts(self, today: date) -> Counter[tuple[date, str]]:
        """Return the calls of the last weeks, by day and code of refusal ("": answered)."""
        counts = Counter({(day, ""): calls for day, calls in self._answered(today)})
        counts.update({(today - timedelta(days=days), code): count for days, code, count in self.refused})
        return counts

    def _answered(self, today: date) -> Iterator[tuple[date, int]]:
        for days in range(self.ended_days_ago or 0, 30):
            day = today - timedelta(days=days)
            share = 1.0 if day.weekday() <= FRIDAY else WEEKEND_SHARE
            yield day, int(self.calls * share * (0.8 + 0.1 * (day.toordinal() % 5)))


_SYNC = ("directory.manage", "directory.read")

PROGRAMS: dict[str, tuple[Program, ...]] = {
    "acme": (
        Program(
            name="payments hub",
            privileges=("directory.resolve",),
            networks=("10.20.0.0/16",),
            lifetime_days=300,
            calls=5400,
            address="10.20.4.17",
            agent="payments-hub/4.2",
            refused=((6, "ip_not_allowed", 210), (6, "throttled", 480)),
        ),
        Program(
            name="core banking sync",
            privileges=_SYNC,
            may_write=True,
            lifetime_days=120,
            calls=310,
            address="10.20.9.3",
            agent="core-sync/1.8",
            refused=((2, "precondition_failed", 14), (3, "validation_failed", 41), (11, "duplicate", 9)),
        ),
        Program(
            name="branch migration",
            privileges=_SYNC,
            may_write=True,
            networks=("192.0.2.0/24",),
            lifetime_days=60,
            calls=900,
            address="192.0.2.44",
            agent="python-httpx/0.27",
            refused=((17, "validation_failed", 130),),
            ended_days_ago=16,
        ),
    ),
    "globex": (
        Program(
            name="signalling router",
            privileges=("directory.resolve",),
            networks=("198.51.100.0/24",),
            lifetime_days=300,
            calls=9800,
            address="198.51.100.20",
            agent="stp-router/7.1",
            refused=((1, "throttled", 1200), (8, "throttled", 700)),
        ),
        Program(
            name="number portability feed",
            privileges=_SYNC,
            may_write=True,
            lifetime_days=180,
            calls=240,
            address="198.51.100.61",
            agent="np-feed/2.0",
            refused=((4, "validation_failed", 12),),
        ),
    ),
}


def ensure_programs(*, actor: Actor, user: User, tenant: Tenant, now: datetime) -> None:
    """Make the tokens of the tenant's programs that it never had, with their use; nobody has their secrets."""
    for program in PROGRAMS[tenant.slug]:
        if not ApiToken.objects.filter(user=user, tenant=tenant, name=program.name).exists():
            with transaction.atomic():
                _make(program, actor=actor, user=user, tenant=tenant, now=now)


def _make(program: Program, *, actor: Actor, user: User, tenant: Tenant, now: datetime) -> None:
    text = create_token(
        actor=actor,
        user=user,
        tenant=tenant,
        name=program.name,
        privileges=program.privileges,
        expires_at=now + timedelta(days=program.lifetime_days),
        may_write=program.may_write,
        allowed_networks=program.networks,
    )
    token = find_token(text, now)
    if token is None:
        raise RuntimeError(f"the token of {program.name} was made and is not found")
    last = now - timedelta(days=program.ended_days_ago or 0)
    used = Gathered(program.counts(now.date()), last, program.address, program.agent)
    write_token_uses({token.pk: used})
    if program.ended_days_ago is not None:
        revoke_token(actor=actor, token=token, now=last)
