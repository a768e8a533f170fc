"""What a process holds of the buckets: never more than they grant, and asked for seldom."""

import logging
import threading
import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.foundation.limits import (
    KEPT_BACK,
    RETRY_S,
    BucketsError,
    Lease,
    Leases,
    Limit,
    Policy,
)

TOKEN = Limit(Policy("token", quota=500, window_s=60), "token:abcdefghijkl")
CHUNK = 10


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


class Memory:
    """Buckets without a database, by the same rule."""

    def __init__(self, clock):
        self.clock = clock
        self.asked = 0
        self.is_silent = False
        self.buckets = {}

    def lease(self, limit, *, needed, wanted):
        self.asked += 1
        if self.is_silent:
            raise BucketsError("no answer")
        now = self.clock()
        used, ends_at = self.buckets.get(limit, (0, now))
        if now >= ends_at:
            used, ends_at = 0, now + limit.policy.window_s
        left = limit.policy.quota - used
        granted = 0 if left < needed else max(needed, min(wanted, -(-left // KEPT_BACK)))
        self.buckets[limit] = (used + granted, ends_at)
        return Lease(granted, left - granted, str(ends_at), ends_at - now)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def buckets(clock):
    return Memory(clock)


@pytest.fixture
def leases(buckets, clock):
    return Leases(lambda: buckets, clock=clock)


def spend_all(leases, limit=TOKEN):
    """Spend until refused; return how many were allowed."""
    count = 0
    while leases.spend(limit).is_allowed:
        count += 1
    return count


def test_a_chunk_is_spent_without_asking(leases, buckets):
    for _ in range(CHUNK):
        assert leases.spend(TOKEN).is_allowed
    assert buckets.asked == 1
    assert leases.spend(TOKEN).is_allowed
    assert buckets.asked == 2


def test_what_is_left_is_what_bucket_and_lease_hold_and_the_reset_is_told_in_whole_seconds(leases, clock):
    assert (leases.spend(TOKEN).remaining, leases.spend(TOKEN).remaining) == (499, 498)
    clock.now += 41.5
    standing = leases.spend(TOKEN)
    assert (standing.remaining, standing.resets_in_s) == (497, 19)


def test_a_quota_is_granted_to_the_last_and_who_has_used_it_up_is_refused_without_asking(leases, buckets):
    assert spend_all(leases) == TOKEN.policy.quota
    asked = buckets.asked
    standing = leases.spend(TOKEN)
    assert (standing.is_allowed, standing.remaining, buckets.asked) == (False, 0, asked)
    assert asked < TOKEN.policy.quota / 5


def test_in_the_next_window_the_quota_is_whole_and_what_was_unspent_has_lapsed(leases, clock):
    leases.spend(TOKEN)
    clock.now += 59.99
    assert leases.spend(TOKEN).remaining == 498
    clock.now += 0.01
    assert spend_all(leases) == TOKEN.policy.quota
    clock.now += TOKEN.policy.window_s
    assert spend_all(leases) == TOKEN.policy.quota


def test_each_subject_has_a_quota_of_its_own(leases):
    spend_all(leases)
    assert leases.spend(Limit(TOKEN.policy, "token:other")).is_allowed
    assert leases.spend(Limit(Policy("tenant", 500, 60), TOKEN.subject)).is_allowed


def test_what_costs_more_than_is_left_spends_nothing_and_what_costs_less_is_allowed(leases):
    assert leases.spend(TOKEN, cost=450).remaining == 50
    assert (leases.spend(TOKEN, cost=51).is_allowed, leases.spend(TOKEN, cost=51).remaining) == (False, 50)
    assert leases.spend(TOKEN, cost=50).is_allowed


def test_what_costs_more_than_a_quota_takes_a_whole_one(leases):
    assert leases.spend(TOKEN, cost=5000).remaining == 0
    assert not leases.spend(TOKEN).is_allowed


def test_what_is_given_back_may_be_spent_again_in_its_window_alone(leases, clock):
    first = leases.spend(TOKEN)
    leases.give_back(first)
    assert leases.spend(TOKEN).remaining == 499
    clock.now += 60
    assert leases.spend(TOKEN).remaining == 499
    leases.give_back(first)
    assert leases.spend(TOKEN).remaining == 498


@given(
    quota=st.integers(1, 300),
    steps=st.lists(
        st.tuples(st.integers(0, 3), st.integers(1, 20), st.sampled_from([0.0, 0.0, 1.0, 30.0])), max_size=200
    ),
)
def test_however_many_processes_there_are_no_window_grants_more_than_its_quota(quota, steps):
    clock = Clock()
    buckets = Memory(clock)
    processes = [Leases(lambda: buckets, clock=clock) for _ in range(4)]
    limit = Limit(Policy("token", quota, 60), "token:abcdefghijkl")
    granted: Counter[str] = Counter()
    unspent_at_most = 3 * limit.policy.chunk
    for process, cost, passing in steps:
        clock.now += passing
        standing = processes[process].spend(limit, cost)
        if standing.is_allowed:
            granted[standing.window] += min(cost, quota)
            assert granted[standing.window] <= quota
        else:
            # Refused is only what the others' leases, and what is left, do not suffice for.
            assert granted[standing.window] + min(cost, quota) > quota - unspent_at_most


def test_where_the_buckets_do_not_answer_everybody_passes_and_they_are_asked_once_a_second(
    leases, buckets, clock, caplog
):
    buckets.is_silent = True
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            standing = leases.spend(TOKEN)
            assert (standing.is_allowed, standing.remaining, standing.resets_in_s) == (True, None, None)
    assert buckets.asked == 1
    assert [record.getMessage() for record in caplog.records] == [
        "nobody is limited until the rate buckets answer again: no answer"
    ]
    buckets.is_silent = False
    clock.now += RETRY_S
    assert leases.spend(TOKEN).remaining == 499


def test_who_comes_second_to_buckets_that_are_slow_passes_after_a_moment(clock):
    is_asked, may_answer = threading.Event(), threading.Event()

    class Slow(Memory):
        def lease(self, limit, *, needed, wanted):
            is_asked.set()
            may_answer.wait(10)
            return super().lease(limit, needed=needed, wanted=wanted)

    buckets = Slow(clock)
    leases = Leases(lambda: buckets, clock=clock)
    first = threading.Thread(target=leases.spend, args=[TOKEN])
    first.start()
    is_asked.wait(10)
    begun = time.monotonic()
    assert leases.spend(TOKEN).is_allowed
    assert time.monotonic() - begun < 2
    may_answer.set()
    first.join()


def test_threads_spend_no_more_than_is_held(clock):
    buckets = Memory(clock)
    leases = Leases(lambda: buckets, clock=clock)
    counts = []
    threads = [threading.Thread(target=lambda: counts.append(spend_all(leases))) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sum(counts) == TOKEN.policy.quota


def test_of_each_policy_a_bounded_number_is_held_and_addresses_do_not_push_out_tokens(buckets, clock):
    leases = Leases(lambda: buckets, clock=clock, most=3)
    leases.spend(TOKEN)
    policy = Policy("address", 600, 60)
    for number in range(10):
        leases.spend(Limit(policy, f"192.0.2.{number}"))
    asked = buckets.asked
    leases.spend(TOKEN)
    leases.spend(Limit(policy, "192.0.2.9"))
    assert buckets.asked == asked
    leases.spend(Limit(policy, "192.0.2.0"))
    assert buckets.asked == asked + 1
