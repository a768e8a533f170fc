"""Start, reuse and stop the server of a home."""

import contextlib
import enum
import fcntl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from config.postgres.addresses import is_running
from config.postgres.cluster import data_dir, prepare, told
from config.postgres.errors import PostgresError
from config.postgres.servant import Servant, find_servant

START_PATIENCE_S = 15.0  # a killed postmaster keeps its pid, and its last children their memory, for a moment
LOG_LIMIT_BYTES = 10 * 1024 * 1024
ALREADY_SERVED = ("postmaster.pid", "shared memory block")  # words of the log while a predecessor still dies

_starters: dict[Path, IO[str]] = {}  # home whose server we have to stop -> its ``starter`` file, held


class StartedBy(enum.Enum):
    """Tell who has to stop the server."""

    US = "us"  # this call started it, or took it over from a process that died before it could stop it
    OTHERS = "others"  # another process, or an earlier call of this one


def ensure(home: Path, *, fast: bool = False) -> StartedBy:
    """Start the server of ``home``, or find it running, and tell whether the caller has to stop it.

    ``fast`` gives up durability and is for tests; a server found running stays as it was started.

    Raises:
        PostgresError: There are no programs to run, the files belong to others, or the server does not start.
    """
    home = home.resolve()
    with _locked(home):
        if not is_running(home):
            servant = find_servant(home)
            try:
                prepare(servant, home, fast=fast)
                _start(servant, home)
            except OSError as error:
                raise PostgresError(f"cannot lay out {home}: {error.strerror}: {error.filename}") from error
            except (KeyboardInterrupt, SystemExit):
                _halt(servant, home)
                raise
        return StartedBy.US if _become_starter(home) else StartedBy.OTHERS


def stop(home: Path) -> None:
    """Stop the server of ``home`` and end its connections; do nothing where none runs.

    Raises:
        PostgresError: It still runs after a minute.
    """
    home = home.resolve()
    if not home.exists():
        return
    with _locked(home):
        if is_running(home):
            _halt(find_servant(home), home)
        if held := _starters.pop(home, None):
            held.close()


@contextlib.contextmanager
def running(home: Path, *, fast: bool = False) -> Iterator[StartedBy]:
    """Have the server of ``home`` run within the block; who started it stops it."""
    started_by = ensure(home, fast=fast)
    try:
        yield started_by
    finally:
        if started_by is StartedBy.US:
            stop(home)


@contextlib.contextmanager
def _locked(home: Path) -> Iterator[None]:
    """Let one process at a time start or stop: the second of two starters finds the server running."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock = (home / "lock").open("a")
    except OSError as error:
        raise PostgresError(
            f"cannot write to {home}: {error.strerror}; was it made by another user?"
        ) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _become_starter(home: Path) -> bool:
    """Take on the duty to stop the server; the kernel frees it when its holder ends, however it ends."""
    if home in _starters:
        return False
    held = (home / "starter").open("a")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        held.close()
        return False
    _starters[home] = held
    return True


def _start(servant: Servant, home: Path) -> None:
    data = data_dir(servant, home)
    log = data / "server.log"
    if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
        log.replace(log.with_suffix(".log.1"))
    deadline = time.monotonic() + START_PATIENCE_S
    while True:
        mark = log.stat().st_size if log.exists() else 0
        started = servant.run("pg_ctl", "-D", data, "-l", log, "-w", "-t", "60", "-s", "start")
        if started.returncode == 0:
            return
        said = log.read_bytes()[mark:].decode(errors="replace") if log.exists() else started.stdout
        if time.monotonic() > deadline or not any(words in said for words in ALREADY_SERVED):
            raise PostgresError(f"PostgreSQL does not start: {told(said)}")
        time.sleep(0.2)


def _halt(servant: Servant, home: Path) -> None:
    data = data_dir(servant, home)
    if (data / "postmaster.pid").exists():
        halted = servant.run("pg_ctl", "-D", data, "-m", "fast", "-w", "-t", "60", "-s", "stop")
        if halted.returncode != 0 and is_running(home):
            raise PostgresError(f"PostgreSQL does not stop: {told(halted.stdout)}")
