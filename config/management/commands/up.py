"""`manage.py up`: the database, its migrations, the demo on request, server and worker, until told to stop."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections
from django.db.migrations.exceptions import InconsistentMigrationHistory

from config import postgres
from config.foundation.errors import first_line
from config.foundation.schemas import OWNER_ALIAS
from config.schemas import is_made_by_others, migrate_schemas, remember_maker
from config.sessions import refuse_pooler

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
CONNECTIONS = (
    512  # of each worker, idle ones as well: a browser keeps six; one more waits until another closes
)
IDLE_MS = 10_000  # until a connection is closed that sends no request, or not all of its headers
READY_PATIENCE_S = 60.0
STOP_PATIENCE_S = 10.0
WORKER_STOP_PATIENCE_S = (
    5.0  # its job has 3 to reach the next step; what is killed is done again after the next start
)
RESTART_AFTER_S = 1.0  # a worker that ended by itself
WILDCARDS = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 -- compared with, not bound
REMAKE = (
    "the database was made by other initial migrations: `make reset` removes it, the next start remakes it"
)


class Command(BaseCommand):
    """Serve Switchboard in the foreground. Exit code 0 when told to stop, 1 when something is in the way."""

    help = "Start the database, apply migrations and serve, until Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments; the port is read by hand, so that a bad one is told in one line."""
        parser.add_argument(
            "--demo", action="store_true", help="load the demo: public data, two tenants, log-ins"
        )
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
        parser.add_argument("--port", help="port to listen on (the variable PORT, or 8000)")
        parser.add_argument("--workers", default="2", help="processes that answer requests (2)")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 -- Django's signature
        """Start one thing after another; leaving, in whatever way, stops them in the opposite order."""
        host = options["host"]
        port = _number(options["port"] or os.environ.get("PORT") or "8000", "port", most=65_535)
        workers = _number(options["workers"], "number of workers", most=64)
        _refuse_taken_port(host, port)
        with _stopped_by_signals(), _database():
            _refuse_pooler(OWNER_ALIAS)
            self._migrate()
            _refuse_pooler(DEFAULT_DB_ALIAS)
            if options["demo"]:
                call_command("demo", url=_url(host, port), stdout=self.stdout, stderr=self.stderr)
            connections.close_all()
            self._serve(host, port, workers)

    def _migrate(self) -> None:
        home = _embedded_home()
        try:
            changed = migrate_schemas(tell=self.stdout.write)
        except InconsistentMigrationHistory as error:
            raise CommandError(REMAKE if home else str(error)) from error
        except OperationalError as error:
            raise CommandError(f"no answer from the database: {first_line(error)}") from error
        if home and changed:
            remember_maker(home, settings.BASE_DIR)

    def _serve(self, host: str, port: int, workers: int) -> None:
        with serving(host, port, workers) as server, working():
            wait_until_ready(server, _url(host, port) + "/healthz")
            self.stdout.write(f"Switchboard is ready: {_url(host, port)}/  (Ctrl-C stops it)")
            self.stdout.flush()
            code = server.wait()
            raise CommandError(f"the server ended by itself, with exit code {code}")


def _number(text: str, what: str, *, most: int) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
        raise CommandError(f"the {what} must be a number from 1 to {most}, not {text!r}")
    return int(text)


def _refuse_taken_port(host: str, port: int) -> None:
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        reason = error.strerror or str(error)
        raise CommandError(
            f"cannot listen on {host}:{port}: {reason}; choose another with PORT=8001"
        ) from error


def _refuse_pooler(using: str) -> None:
    try:
        refuse_pooler(using)
    except postgres.PostgresError as error:
        raise CommandError(str(error)) from error
    except psycopg.Error as error:
        raise CommandError(f"no answer from the database: {first_line(error)}") from error


def _url(host: str, port: int) -> str:
    """Return where a browser on this machine finds the server."""
    reached = "localhost" if host in {"127.0.0.1", "0.0.0.0"} else WILDCARDS.get(host, host)  # noqa: S104
    return f"http://[{reached}]:{port}" if ":" in reached else f"http://{reached}:{port}"


def _embedded_home() -> Path | None:
    return None if os.environ.get("DATABASE_URL") else settings.POSTGRES_HOME


@contextlib.contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """Turn a signal to stop into an orderly way out, with exit code 0, that no further signal disturbs."""

    def leave(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 -- the signature of a handler
        for each in STOP_SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise SystemExit(0)

    before = {each: signal.signal(each, leave) for each in STOP_SIGNALS}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@contextlib.contextmanager
def _database() -> Iterator[None]:
    home = _embedded_home()
    if home is None:
        yield
        return
    if is_made_by_others(home, settings.BASE_DIR):
        raise CommandError(REMAKE)
    try:
        with postgres.running(home):
            try:
                yield
            finally:
                connections.close_all()
    except postgres.PostgresError as error:
        raise CommandError(str(error)) from error


@contextlib.contextmanager
def serving(host: str, port: int, workers: int) -> Iterator[subprocess.Popen[bytes]]:
    """Have the server run within the block; leaving ends it and every worker of it."""
    arguments = {
        "--interface": "wsgi",
        "--host": host or "0.0.0.0",  # noqa: S104 -- only when asked for
        "--port": str(port),
        "--workers": str(workers),
        "--blocking-threads": str(CONNECTIONS),
        "--backpressure": str(CONNECTIONS),
        "--http": "1",  # HTTP/2 would let one connection ask for as much as two hundred
        "--http1-header-read-timeout": str(IDLE_MS),
        "--workers-kill-timeout": "3",  # seconds
        "--log-level": "error",
    }
    argv = [sys.executable, "-m", "granian", "--no-ws"]
    argv += [part for argument in arguments.items() for part in argument]
    # A session of its own: the terminal's Ctrl-C reaches this process alone, which stops all in order.
    server = subprocess.Popen(
        [*argv, "config.wsgi:application"], cwd=settings.BASE_DIR, start_new_session=True
    )
    try:
        yield server
    finally:
        _stop(server)
        # Its workers are in its group, and outlive it where it was killed: they would keep the port.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)


@contextlib.contextmanager
def working() -> Iterator[Callable[[], int]]:
    """Have a worker do jobs within the block, another one in place of each that ends; yield what tells its process id.

    It is stopped with the block, and stops by itself where this process is killed: the pipe between them is closed.
    """
    is_over = threading.Event()
    workers = [_worker()]

    def supervise() -> None:
        while not is_over.is_set():
            workers[0].wait()
            _close(workers[0])
            if not is_over.wait(RESTART_AFTER_S):
                workers[0] = _worker()

    supervisor = threading.Thread(target=supervise, name="worker", daemon=True)
    supervisor.start()
    try:
        yield lambda: workers[0].pid
    finally:
        is_over.set()
        _stop(workers[0], WORKER_STOP_PATIENCE_S)
        supervisor.join(STOP_PATIENCE_S)
        _stop(workers[0], WORKER_STOP_PATIENCE_S)  # the one that was just being started


def _worker() -> subprocess.Popen[bytes]:
    argv = [sys.executable, "manage.py", "work", "--until-eof"]
    return subprocess.Popen(argv, cwd=settings.BASE_DIR, stdin=subprocess.PIPE, start_new_session=True)


def _stop(process: subprocess.Popen[bytes], patience_s: float = STOP_PATIENCE_S) -> None:
    process.terminate()
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    _close(process)


def _close(process: subprocess.Popen[bytes]) -> None:
    if process.stdin:
        process.stdin.close()


def wait_until_ready(server: subprocess.Popen[bytes], url: str) -> None:
    """Return once the server answers.

    Raises:
        CommandError: it ended, or does not answer in time.
    """
    deadline = time.monotonic() + READY_PATIENCE_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise CommandError(
                f"the server did not start (exit code {server.returncode}); the lines above say why"
            )
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 -- our own address
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise CommandError(f"the server does not answer {url}; the lines above say why")
