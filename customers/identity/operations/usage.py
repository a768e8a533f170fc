"""What is known of how a token is used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from customers.identity.models import ApiToken, ApiTokenTally, ApiTokenUse

USAGE_DAYS = 30


@dataclass(slots=True)
class DayOfUse:
    """The calls of one day (UTC): those that were answered, and those refused by code."""

    day: date
    answered: int = 0
    refused: dict[str, int] = field(default_factory=dict)

    @property
    def refused_count(self) -> int:
        """Return how many were refused."""
        return sum(self.refused.values())

    @property
    def count(self) -> int:
        """Return how many there were."""
        return self.answered + self.refused_count


@dataclass(frozen=True, slots=True)
class Usage:
    """The last use of a token, if there was one, and each of the last days, the newest last."""

    last: ApiTokenUse | None
    days: list[DayOfUse]

    @property
    def codes(self) -> dict[str, int]:
        """Return how many calls were refused, by code, the most first."""
        found: dict[str, int] = {}
        for one in self.days:
            for code, count in one.refused.items():
                found[code] = found.get(code, 0) + count
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def usage_of_token(token: ApiToken, *, now: datetime) -> Usage:
    """Return how a token was used on each of the last thirty days, also those on which it was not."""
    first = now.date() - timedelta(days=USAGE_DAYS - 1)
    days = {
        first + timedelta(days=number): DayOfUse(first + timedelta(days=number))
        for number in range(USAGE_DAYS)
    }
    tallies: Iterable[ApiTokenTally] = ApiTokenTally.objects.filter(
        token=token, day__gte=first, day__lte=now.date()
    ).order_by("day", "code", "pk")
    for tally in tallies:
        of_day = days[tally.day]
        if tally.code:
            of_day.refused[tally.code] = tally.count
        else:
            of_day.answered = tally.count
    return Usage(ApiTokenUse.objects.filter(token=token).first(), list(days.values()))
