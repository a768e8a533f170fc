"""What a process may remember of the database, and for how long.

The truth is a row of the database, a *version*, that moves in the transaction of every change. One thread of a process
reads the versions all ``HEARTBEAT_S``, and at once when a NOTIFY hints at a change; each reading proves what is
remembered for ``LEASE_S`` from the moment it was **sent**. Without a proof nothing remembered is used: a cut
connection, a frozen server and a stopped thread need not be noticed, they merely fail to prove. Without ``start()``
everything works, and nothing is remembered.
"""

import logging
import os
import selectors
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from psycopg import pq

from config.foundation.errors import first_line

CHANNEL = "switchboard_changed"
HEARTBEAT_S = 0.3
LEASE_S = 0.9
PATIENCE_S = 0.5  # for one reading; a server that takes longer is given up, and a new connection made
RETRY_S = 0.2
CONNECT_PATIENCE_S = 2  # the least that libpq knows
STOP_PATIENCE_S = 5.0

T = TypeVar("T")
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Topic:
    """One thing that changes: its name, and the expression that reads its version (a constant, never input)."""

    name: str
    version_sql: str


@dataclass(frozen=True, slots=True)
class Proof:
    """The version of a topic, and when (monotonic, seconds) the question was sent."""

    version: str
    asked_at: float


class Watch:
    """The versions of all topics, kept proved by one thread of this process."""

    def __init__(self) -> None:
        self._topics: dict[str, Topic] = {}
        self._proofs: dict[str, Proof] = {}
        self._withdrawn_at: dict[str, float] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._connect: Callable[[], psycopg.Connection[Any]] | None = None
        self._is_stopping = threading.Event()
        self._bell: tuple[socket.socket, socket.socket] | None = None
        self._handles_forks = False

    def add(self, topic: Topic) -> Topic:
        """Watch this topic from now on."""
        with self._lock:
            self._topics[topic.name] = topic
        return topic

    def start(self, connect: Callable[[], psycopg.Connection[Any]]) -> None:
        """Begin to watch, in this process and in those that are forked from it; a second call changes nothing.

        Args:
            connect: opens the thread's own connection, in autocommit mode.
        """
        if self._thread is not None:
            return
        self._connect = connect
        self._is_stopping = threading.Event()
        self._bell = socket.socketpair()
        for end in self._bell:
            end.settimeout(0)
        if not self._handles_forks:
            os.register_at_fork(after_in_child=self._start_again)
            self._handles_forks = True
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread and its connection; what was remembered is used no more."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._is_stopping.set()
        self._ring()
        thread.join(STOP_PATIENCE_S)
        self._end_leases()
        bell, self._bell = self._bell, None
        for end in bell or ():
            end.close()

    def version(self, topic: Topic) -> str | None:
        """Return the proved version of a topic; None while there is no proof, when nothing remembered may be used."""
        proof = self._proofs.get(topic.name)
        return proof.version if proof and time.monotonic() < proof.asked_at + LEASE_S else None

    def withdraw(self, topic: Topic) -> None:
        """Accept no version that was asked for before now: this process has just committed a change."""
        with self._lock:
            self._withdrawn_at[topic.name] = time.monotonic()
            self._proofs.pop(topic.name, None)
        self._ring()

    def _start_again(self) -> None:
        """Watch in a forked child: threads are not forked, and its parent's connection is not the child's."""
        connect, was_started = self._connect, self._thread is not None
        self._lock = threading.Lock()
        self._thread, self._bell, self._proofs = None, None, {}
        if was_started and connect is not None:
            self.start(connect)

    def _ring(self) -> None:
        with suppress(OSError, TypeError):  # full is as good as rung; gone with the thread
            self._bell[1].send(b"!")  # type: ignore[index] # None is suppressed

    def _end_leases(self) -> None:
        with self._lock:
            self._proofs.clear()

    def _run(self) -> None:
        is_told = False
        while not self._is_stopping.is_set():
            try:
                self._watch()
            except (psycopg.Error, OSError) as error:
                self._end_leases()
                if not is_told:
                    logger.warning(
                        "nothing is remembered until the database answers the watch again: %s",
                        first_line(error),
                    )
                is_told = True
                self._is_stopping.wait(RETRY_S)
            else:
                is_told = False

    def _watch(self) -> None:
        """Prove all topics for as long as the connection lasts."""
        if self._connect is None or self._bell is None:
            return
        with self._connect() as connection, selectors.DefaultSelector() as selector:
            server, bell = connection.pgconn, self._bell[0]
            selector.register(server.socket, selectors.EVENT_READ)
            ask(server, f"LISTEN {CHANNEL}")
            try:
                selector.register(bell, selectors.EVENT_READ)
                while not self._is_stopping.is_set():
                    self._prove(server)
                    selector.select(HEARTBEAT_S)
                    with suppress(BlockingIOError):
                        bell.recv(4096)
                    server.consume_input()
                    while server.notifies():
                        pass  # a hint says that something changed; what did is read
            finally:
                with suppress(psycopg.Error):
                    server.finish()  # at once: a frozen server answers no farewell

    def _prove(self, server: pq.abc.PGconn) -> None:
        with self._lock:
            topics = list(self._topics.values())
        if not topics:
            return
        asked_at = time.monotonic()
        found = ask(server, "SELECT " + ", ".join(f"({topic.version_sql})::text" for topic in topics))
        with self._lock:
            for place, topic in enumerate(topics):
                version = found.get_value(0, place)
                if version is not None and asked_at >= self._withdrawn_at.get(topic.name, 0.0):
                    self._proofs[topic.name] = Proof(version.decode(), asked_at)
                else:
                    self._proofs.pop(topic.name, None)


class Watched(Generic[T]):
    """One value that is read as a whole, remembered while its topic's version stands, and shared by all threads.

    The value must be immutable. What is read after its version was proved is remembered under that version: a change
    in between moves the version, and the value is read again.
    """

    def __init__(self, topic: Topic, read: Callable[[], T], *, watch: "Watch | None" = None) -> None:
        self._topic = topic
        self._read = read
        self._watch = watch or process_watch
        self._held: tuple[str, T] | None = None
        self._reading = threading.Lock()

    def get(self) -> T | None:
        """Return the value; None where the caller has to ask the database itself."""
        version = self._watch.version(self._topic)
        # A transaction sees what it changed itself, which may never be committed, and perhaps only what was before it.
        if version is None or connections[DEFAULT_DB_ALIAS].in_atomic_block:
            return None
        held = self._held
        if held is not None and held[0] == version:
            return held[1]
        if not self._reading.acquire(blocking=False):  # who comes second does not wait for the first
            return None
        try:
            value = self._read()
            self._held = (version, value)
        finally:
            self._reading.release()
        return value if self._watch.version(self._topic) == version else None


@dataclass(frozen=True, slots=True)
class _Withdrawal:
    """Withdraws when called; two of the same are equal, so that a transaction need not hold two."""

    watch: Watch
    topic: Topic

    def __call__(self) -> None:
        self.watch.withdraw(self.topic)


def notify_changed(topic: Topic, *, using: str = DEFAULT_DB_ALIAS, watch: Watch | None = None) -> None:
    """Say that this transaction changes a topic: this process forgets at its commit, the others are given a hint.

    One hint a transaction, however often it is called; a statement of the application, never of a trigger.
    """
    withdrawal = _Withdrawal(watch or process_watch, topic)
    if any(hook[1] == withdrawal for hook in connections[using].run_on_commit):
        return
    with connections[using].cursor() as cursor:
        cursor.execute(f"NOTIFY {CHANNEL}, '{topic.name}'")
    transaction.on_commit(withdrawal, using=using)


def own_connection(
    name: str = "switchboard watch", *, using: str = DEFAULT_DB_ALIAS
) -> psycopg.Connection[Any]:
    """Open a connection apart from Django's, in autocommit mode, that gives up soon where nobody answers."""
    parameters = connections[using].get_connection_params()
    for ours in ("cursor_factory", "context", "prepare_threshold"):
        parameters.pop(ours, None)
    bounds = {
        "connect_timeout": CONNECT_PATIENCE_S,
        "keepalives_idle": 1,
        "keepalives_interval": 1,
        "keepalives_count": 2,
        "tcp_user_timeout": int(LEASE_S * 1000),  # milliseconds
        "application_name": name,
    }
    return psycopg.connect(**{**parameters, **bounds}, autocommit=True)


def ask(server: pq.abc.PGconn, statement: str, parameters: Sequence[str] = ()) -> pq.abc.PGresult:
    """Run one statement, with texts for ``$1``, ``$2`` and so on where it has any, and return its result.

    Raises:
        psycopg.Error: it failed, or took longer than ``PATIENCE_S``.
    """
    deadline = time.monotonic() + PATIENCE_S
    if parameters:
        server.send_query_params(statement.encode(), [text.encode() for text in parameters])
    else:
        server.send_query(statement.encode())
    result = None
    with selectors.DefaultSelector() as selector:
        selector.register(server.socket, selectors.EVENT_READ)
        while True:
            while server.is_busy():
                if not selector.select(max(deadline - time.monotonic(), 0)):
                    raise psycopg.OperationalError(f"no answer within {PATIENCE_S} s")
                server.consume_input()
            following = server.get_result()
            if following is None:
                break
            result = following
    if result is None or result.status not in {pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK}:
        raise psycopg.OperationalError(
            result.error_message.decode(errors="replace") if result else "no answer"
        )
    return result


process_watch = Watch()
