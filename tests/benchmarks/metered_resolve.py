"""P16: what counting a request costs: a resolution through all of the application, with and without limits and tallies.

The request is one with a token for a routing number that nobody has, in this process: no server and no network adds to
either side. What is not counted is done by an application without the middleware that counts it. The times are of this
process's processor: what counting adds is done there, and is less than what other programs do to a wall clock.
"""

import json
import time
from collections.abc import Callable

from django.conf import settings
from django.test import Client
from django.test.utils import override_settings

from config.foundation.limits import process_leases
from tests import cast
from tests.benchmarks.harness import Comparison, Outcome, Report, Variant, compare

REQUEST_COUNT = 50
ROUNDS = 11
TARGET = 1.1
BODY = json.dumps({"identifiers": [{"type": "bic", "value": "NOBKDEFF"}]})
PATH = "/t/acme/api/v1/resolve"
LIMITS = "config.rest.RateLimitMiddleware"
TALLIES = "customers.identity.rest.middleware.TokenMiddleware"


def measure() -> Report:
    """Compare requests that are counted in both ways, in one, and in none."""
    credential = f"Bearer {cast.make_token('acme', 'directory.read', 'directory.resolve')}"
    bare = _resolving(credential, without=(LIMITS, TALLIES))
    outcomes = (
        _compared("limits and tallies", _resolving(credential), bare, target=TARGET),
        _compared("limits alone", _resolving(credential, without=(TALLIES,)), bare),
        _compared("tallies alone", _resolving(credential, without=(LIMITS,)), bare),
    )
    return Report("P16", "requests counted", outcomes, tuple(map(_added, outcomes)))


def _resolving(credential: str, without: tuple[str, ...] = ()) -> Callable[[], None]:
    """Return what asks an application that has not this middleware."""
    client = Client(HTTP_HOST="localhost", headers={"Authorization": credential})
    with override_settings(MIDDLEWARE=[name for name in settings.MIDDLEWARE if name not in without]):
        client.handler.load_middleware()

    def run() -> None:
        for _ in range(REQUEST_COUNT):
            answer = client.post(PATH, BODY, content_type="application/json")
            if answer.status_code != 200 or ("RateLimit" in answer) == (LIMITS in without):
                raise RuntimeError(answer.content)

    return run


def _compared(
    title: str, subject: Callable[[], None], reference: Callable[[], None], target: float | None = None
) -> Outcome:
    comparison = Comparison(
        title=f"resolve, {title} ÷ neither",
        subject=Variant(title, subject, count=REQUEST_COUNT, before=process_leases.forget),
        reference=Variant("neither", reference, count=REQUEST_COUNT),
        target=target,
        rounds=ROUNDS,
    )
    return compare(comparison, clock=time.process_time)


def _added(outcome: Outcome) -> str:
    added_us = (outcome.subject_s.median - outcome.reference_s.median) * 1_000_000
    return f"{outcome.title}: {added_us:,.0f} µs a request added to {outcome.reference_s.median * 1_000_000:,.0f}"
