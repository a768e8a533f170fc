"""Several processes and one bucket: together they grant the quota, and no more; nobody waits for a row that is held."""

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from django.conf import settings
from django.db import connections

from audit.requests.models import RateBucket
from audit.requests.operations import SharedBuckets
from config.foundation.limits import BucketsError, Leases, Limit, Policy
from config.foundation.rows import PUBLIC_SCHEMA, public_schema
from config.management.commands.up import serving, wait_until_ready
from tests import cast
from tests.structured_fields import read_list
from tests.together import count_deadlocks, run_together

PROCESS_COUNT = 4
QUOTA = 4000
SPEND = """
import sys, time, django
django.setup()
from config.foundation.limits import Limit, Policy, process_leases
limits = [Limit(Policy(name, int(sys.argv[1]), 60), "anybody") for name in ("token", "tenant")]
print("ready", flush=True)
sys.stdin.readline()
counts = [0, 0]
for place in (0, 1) if int(sys.argv[2]) % 2 else (1, 0):  # crosswise
    while process_leases.spend(limits[place]).is_allowed:
        counts[place] += 1
print(*counts, flush=True)
"""

pytestmark = [pytest.mark.race, pytest.mark.enable_socket, pytest.mark.usefixtures("committed")]


@pytest.fixture(autouse=True)
def close_connections(committed):
    yield
    connections.close_all()


@pytest.fixture
def database_url(monkeypatch):
    where = settings.DATABASES["default"]
    url = f"postgres://{where['USER']}@{quote(where['HOST'], safe='')}:{where['PORT']}/{where['NAME']}"
    monkeypatch.setenv("DATABASE_URL", url)
    return url


@pytest.fixture
def buckets():
    shared = SharedBuckets()
    yield shared
    shared.close()


def limit(quota=100, window_s=60, subject="token:abcdefghijkl"):
    return Limit(Policy("token", quota, window_s), subject)


def bucket():
    with public_schema():
        return RateBucket.objects.get()


def test_processes_that_spend_at_the_same_time_are_granted_the_quota_together_and_no_more(database_url):
    arguments = [sys.executable, "-c", SPEND, str(QUOTA)]
    pipes: dict[str, Any] = {
        "stdin": subprocess.PIPE,
        "stdout": subprocess.PIPE,
        "text": True,
        "cwd": settings.BASE_DIR,
    }
    processes: list[Any] = [
        subprocess.Popen([*arguments, str(number)], **pipes) for number in range(PROCESS_COUNT)
    ]
    try:
        assert all(process.stdout.readline() == "ready\n" for process in processes)
        for process in processes:
            process.stdin.write("go\n")
            process.stdin.flush()
        counts = [[int(count) for count in process.stdout.readline().split()] for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    assert [sum(column) for column in zip(*counts, strict=True)] == [QUOTA, QUOTA]
    assert sum(any(row) for row in counts) > 1, "one process had it all: nothing was shared"
    assert count_deadlocks() == 0


def test_a_server_of_several_processes_answers_as_many_requests_as_the_quota_grants(
    database_url, monkeypatch
):
    quota, lost = 60, 2  # of a chunk, that one process may hold when the other refuses
    monkeypatch.setenv("SWITCHBOARD_RATE_LIMIT_TOKEN", f"{quota}/60")
    token = cast.make_token("acme", "directory.read")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"

    def ask(_number):
        headers = {"Authorization": f"Bearer {token}", "Host": "localhost"}
        request = urllib.request.Request(f"{url}/t/acme/api/v1/limits", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, error.read()

    with serving("127.0.0.1", port, 2) as server:
        wait_until_ready(server, f"{url}/healthz")
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(ask, range(quota + 40)))
    statuses = Counter(status for status, _headers, _body in answers)
    assert set(statuses) == {200, 429}
    assert quota - lost <= statuses[200] <= quota
    for status, headers, body in answers:
        remaining = read_list(headers["RateLimit"])["token"]["r"]
        assert 0 <= remaining < quota
        if status == 429:
            assert json.loads(body)["policy"] == "token"
            assert 1 <= int(headers["Retry-After"]) <= 60


def test_what_an_idle_process_holds_lapses_with_the_window(buckets):
    idle, busy = (Leases(lambda: buckets) for _ in range(2))
    one = limit(quota=100, window_s=1)
    assert idle.spend(one).is_allowed
    count = 0
    while busy.spend(one).is_allowed:
        count += 1
    assert 100 - one.policy.chunk <= count < 100
    time.sleep(1.05)
    assert busy.spend(one).remaining == 99
    assert not bucket().used > one.policy.chunk


@pytest.mark.parametrize(
    ("used", "needed", "wanted", "granted"),
    [
        (0, 1, 2, 2),
        (0, 1, 50, 13),
        (84, 1, 50, 2),
        (98, 1, 50, 1),
        (99, 2, 50, 0),
        (100, 1, 2, 0),
        (50, 50, 2, 50),
    ],
)
def test_a_lease_takes_a_chunk_or_less_of_what_is_left_but_what_is_needed(
    buckets, used, needed, wanted, granted
):
    one = limit()
    if used:
        buckets.lease(one, needed=used, wanted=1)
    lease = buckets.lease(one, needed=needed, wanted=wanted)
    assert (lease.granted, lease.left) == (granted, 100 - used - granted)
    assert 59 < lease.ends_in_s <= 60
    assert (bucket().used, bucket().granted, bucket().quota) == (used + granted, granted, 100)


def test_a_quota_that_was_made_smaller_or_larger_counts_at_once(buckets):
    buckets.lease(limit(100), needed=60, wanted=1)
    smaller = buckets.lease(limit(50), needed=1, wanted=1)
    assert (smaller.granted, smaller.left) == (0, 0)
    assert buckets.lease(limit(200), needed=1, wanted=1).left == 139


def test_a_window_begins_anew_with_the_first_lease_after_its_end(buckets):
    first = buckets.lease(limit(window_s=1), needed=100, wanted=1)
    assert buckets.lease(limit(window_s=1), needed=1, wanted=1).granted == 0
    time.sleep(1.05)
    second = buckets.lease(limit(window_s=1), needed=100, wanted=1)
    assert (second.granted, second.window != first.window) == (100, True)


@pytest.mark.parametrize("window_s", [60, 3600])
def test_a_clock_that_was_set_back_and_a_window_made_shorter_lock_nobody_out(buckets, window_s):
    buckets.lease(limit(window_s=window_s), needed=100, wanted=1)
    assert buckets.lease(limit(window_s=window_s), needed=1, wanted=1).granted == 0
    with (
        _client() as client
    ):  # what a clock that goes back by ten minutes leaves, and a window that had them more
        later = "starts_at = starts_at + interval '10 minutes', ends_at = ends_at + interval '10 minutes'"
        client.execute(f"UPDATE {PUBLIC_SCHEMA.schema_name}.rate_bucket SET {later}")
    lease = buckets.lease(limit(window_s=60), needed=100, wanted=1)
    assert (lease.granted, 59 < lease.ends_in_s <= 60) == (100, True)


def test_a_window_that_begins_a_moment_later_here_is_the_same_one(buckets):
    first = buckets.lease(limit(), needed=100, wanted=1)
    with _client() as client:  # who waited for the row began before it was written
        later = "starts_at = starts_at + interval '0.5 s', ends_at = ends_at + interval '0.5 s'"
        client.execute(f"UPDATE {PUBLIC_SCHEMA.schema_name}.rate_bucket SET {later}")
    second = buckets.lease(limit(), needed=1, wanted=1)
    assert (first.granted, second.granted) == (100, 0)


def test_nobody_waits_for_a_bucket_that_somebody_holds_and_the_log_tells(buckets, caplog):
    one = limit()
    buckets.lease(one, needed=1, wanted=1)
    leases = Leases(lambda: buckets)
    with _client() as holder, caplog.at_level(logging.WARNING):
        holder.execute("BEGIN")
        holder.execute(f"SELECT FROM {PUBLIC_SCHEMA.schema_name}.rate_bucket FOR UPDATE")
        begun = time.monotonic()
        assert leases.spend(one).is_allowed
        assert leases.spend(one).is_allowed
        assert time.monotonic() - begun < 1
        assert leases.spend(limit(subject="token:other")).remaining is None  # asked again after a second
        holder.execute("ROLLBACK")
    assert caplog.text.count("nobody is limited until the rate buckets answer again") == 1
    time.sleep(1.05)
    assert leases.spend(one).remaining == 98


def test_a_connection_that_the_server_ended_is_opened_again_without_a_request_noticing(buckets):
    buckets.lease(limit(), needed=1, wanted=1)
    with _client() as client:
        query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'switchboard limits'"
        assert client.execute(f"{query} AND datname = current_database()").fetchall() == [(True,)]
    time.sleep(0.1)
    assert buckets.lease(limit(), needed=1, wanted=1).left == 98


def test_a_server_that_is_frozen_is_given_up(buckets):
    buckets.lease(limit(), needed=1, wanted=1)
    with _client() as client:
        query = "SELECT pid FROM pg_stat_activity WHERE application_name = 'switchboard limits'"
        ((pid,),) = client.execute(f"{query} AND datname = current_database()").fetchall()
    os.kill(pid, signal.SIGSTOP)
    try:
        begun = time.monotonic()
        with pytest.raises(BucketsError, match="no answer within"):
            buckets.lease(limit(), needed=1, wanted=1)
        assert time.monotonic() - begun < 2
        assert buckets.lease(limit(subject="token:other"), needed=1, wanted=1).granted == 1
    finally:
        os.kill(pid, signal.SIGCONT)


def test_threads_that_lease_at_the_same_time_are_granted_the_quota_together():
    shared = [SharedBuckets() for _ in range(4)]
    one = limit(quota=300)

    def spend(buckets):
        leases, count = Leases(lambda: buckets), 0
        while leases.spend(one).is_allowed:
            count += 1
        return count

    try:
        assert sum(run_together(*(lambda each=each: spend(each) for each in shared))) == 300
    finally:
        for each in shared:
            each.close()


def _client():
    where = settings.DATABASES["default"]
    return psycopg.connect(
        host=where["HOST"], port=where["PORT"], user=where["USER"], dbname=where["NAME"], autocommit=True
    )
