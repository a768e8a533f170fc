"""The watch over a real database, whose listener is cut, frozen, closed and forked."""

import os
import signal
import time
from functools import partial

import psycopg
import pytest

from config.foundation.watch import LEASE_S, Topic, Watch, Watched

WITHIN_S = 1.0
TOPIC = Topic("things", "SELECT version FROM thing_version")


@pytest.fixture
def server(own_database):
    with psycopg.connect(own_database, autocommit=True) as connection:
        connection.execute("CREATE TABLE public.thing_version (version bigint)")
        connection.execute("INSERT INTO public.thing_version VALUES (1)")
        yield connection


@pytest.fixture
def watch(server, own_database):
    made = Watch()
    made.add(TOPIC)
    made.start(partial(psycopg.connect, own_database, autocommit=True, application_name="the watch"))
    until(lambda: made.version(TOPIC) == "1")
    yield made
    made.stop()


def until(is_so, within=WITHIN_S):
    deadline = time.monotonic() + within
    while not is_so():
        assert time.monotonic() < deadline, f"not within {within} s"
        time.sleep(0.01)


def pids(server):
    found = server.execute("SELECT pid FROM pg_stat_activity WHERE application_name = 'the watch'")
    return [pid for (pid,) in found.fetchall()]


def test_a_raw_change_that_nobody_told_of_is_seen_within_a_second(server, watch):
    server.execute("UPDATE public.thing_version SET version = 2")
    until(lambda: watch.version(TOPIC) == "2")


def test_a_hint_is_followed_before_the_next_heartbeat(server, watch):
    server.execute("UPDATE public.thing_version SET version = 2")
    server.execute("NOTIFY switchboard_changed, 'things'")
    until(lambda: watch.version(TOPIC) == "2", within=0.25)


def test_a_watch_whose_connection_is_cut_proves_nothing_and_comes_back(server, watch):
    [pid] = pids(server)
    server.execute("SELECT pg_terminate_backend(%s)", [pid])
    until(lambda: watch.version(TOPIC) is None)
    server.execute("UPDATE public.thing_version SET version = 2")
    until(lambda: watch.version(TOPIC) == "2", within=3)


def test_a_frozen_server_ends_the_lease_within_a_second_and_is_given_up(server, watch):
    [pid] = pids(server)
    os.kill(pid, signal.SIGSTOP)
    try:
        server.execute("UPDATE public.thing_version SET version = 2")
        until(lambda: watch.version(TOPIC) != "1")
        until(lambda: watch.version(TOPIC) == "2", within=5)
        assert set(pids(server)) - {pid}
    finally:
        os.kill(pid, signal.SIGCONT)


def test_a_version_that_is_read_away_from_the_table_is_no_proof(server, watch):
    server.execute("DROP TABLE public.thing_version")
    until(lambda: watch.version(TOPIC) is None)


def test_nothing_asked_before_a_withdrawal_proves_anything(server, watch):
    for turn in range(2, 30):
        server.execute("UPDATE public.thing_version SET version = %s", [turn])
        watch.withdraw(TOPIC)
        assert watch.version(TOPIC) in {None, str(turn)}
        until(lambda turn=turn: watch.version(TOPIC) == str(turn))


def test_a_stopped_watch_proves_nothing_and_leaves_no_connection(server, watch):
    watch.stop()
    assert watch.version(TOPIC) is None
    until(lambda: pids(server) == [])


def test_a_watch_that_was_never_started_proves_nothing():
    idle = Watch()
    assert Watched(idle.add(TOPIC), lambda: 1, watch=idle).get() is None


def test_a_child_that_was_forked_watches_by_itself_and_leaves_its_parents_connection(server, watch):
    until(lambda: len(pids(server)) == 1, within=3)
    [pid] = pids(server)
    child = os.fork()
    if child == 0:
        deadline = time.monotonic() + 3
        while watch.version(TOPIC) is None and time.monotonic() < deadline:
            time.sleep(0.01)
        os._exit(0 if watch.version(TOPIC) == "1" else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    time.sleep(LEASE_S)
    until(lambda: watch.version(TOPIC) == "1")
    assert pid in pids(server)


def counting(watch):
    """Return a value that counts how often it is read, and the list of its readings."""
    readings: list[int] = []

    def read() -> int:
        readings.append(len(readings) + 1)
        return readings[-1]

    return Watched(TOPIC, read, watch=watch), readings


def test_a_value_is_neither_read_nor_used_within_a_transaction(server, watch, db):
    watched, readings = counting(watch)
    assert watched.get() is None  # the fixture's transaction
    assert readings == []


@pytest.mark.usefixtures("committed")
def test_a_value_is_remembered_until_its_version_moves(server, watch):
    watched, _ = counting(watch)
    assert [watched.get(), watched.get()] == [1, 1]
    server.execute("UPDATE public.thing_version SET version = 2")
    until(lambda: watched.get() == 2)
