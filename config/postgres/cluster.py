"""The files of a home: the cluster, the socket's directory and the server's settings."""

import os
import shutil
from pathlib import Path

from config.postgres.addresses import PORT, SUPERUSER, socket_dir
from config.postgres.errors import PostgresError
from config.postgres.servant import Servant

SETTINGS_FILE = "switchboard.conf"
SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_locks_per_transaction": "512",  # a schema a tenant: one DROP SCHEMA locks many relations
    "jit": "off",  # costs more than it wins on short statements over many small tables
    "timezone": "UTC",
    "log_timezone": "UTC",
    "idle_in_transaction_session_timeout": "5min",
    # Errors belong to the program that made them. Here their text would keep values (card numbers, names) for
    # good: in the message, in DETAIL ("Key (number)=(4111...) already exists"), or in the statement.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_statement": "none",
    "log_min_duration_statement": "-1",  # the driver writes values into the text of a statement
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}
# For tests only: a crash loses the last commits, a power cut may lose the cluster.
FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "1h",
}


def data_dir(servant: Servant, home: Path) -> Path:
    """Return the directory of the cluster that these programs can run."""
    return home / f"data-{servant.major}"


def prepare(servant: Servant, home: Path, *, fast: bool) -> None:
    """Make what the server needs in ``home`` and is not there yet, and write the settings of this version.

    Raises:
        PostgresError: The cluster there is of another major version, or one cannot be made.
    """
    data = data_dir(servant, home)
    _refuse_other_version(servant, home, data)
    home.chmod(0o755)  # the account passes through; what is confidential below is 0700
    _make_socket_dir(servant, socket_dir(home))
    directory = f'"{socket_dir(home)}"'  # a list of names in double quotes
    values = {**SETTINGS, **(FAST if fast else {}), "unix_socket_directories": directory}
    settings = home / SETTINGS_FILE
    settings.write_text("".join(f"{name} = '{value}'\n" for name, value in values.items()))
    settings.chmod(0o644)
    if not data.exists():
        _make_cluster(servant, home, data, fast=fast)


def _refuse_other_version(servant: Servant, home: Path, data: Path) -> None:
    others = [path for path in home.glob("data-*") if path != data]
    if others and not data.exists():
        raise PostgresError(
            f"{others[0]} was made by another PostgreSQL than the installed {servant.major}: "
            f"move it over with both versions' pg_dump and psql, or remove {home}"
        )


def _make_socket_dir(servant: Servant, directory: Path) -> None:
    directory.mkdir(mode=0o700, exist_ok=True)
    found = directory.lstat()  # it may lie where others can write: no link is followed
    if directory.is_symlink() or found.st_uid not in {os.geteuid(), servant.uid} or found.st_mode & 0o077:
        raise PostgresError(f"{directory} is not ours alone: remove it")
    if found.st_uid != servant.uid:
        servant.own(directory)


def _make_cluster(servant: Servant, home: Path, data: Path, *, fast: bool) -> None:
    """Make a cluster and give it its name only when whole."""
    unfinished = home / "unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    servant.own(unfinished)
    collation = ["--locale-provider=builtin"] if servant.major >= 17 else []  # sorts alike on every machine
    made = servant.run(
        "initdb",
        f"--pgdata={unfinished}",
        f"--username={SUPERUSER}",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        *collation,
        "--auth-local=trust",  # the directory of the socket, open to its owner alone, is the lock on the door
        "--auth-host=scram-sha-256",
        "--no-sync" if fast else "--data-checksums",
    )
    if made.returncode != 0:
        raise PostgresError(f"no cluster could be made in {home}: {told(made.stdout)}")
    flags = os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW  # the directory is the account's by now
    with os.fdopen(os.open(unfinished / "postgresql.conf", flags), "a") as settings:
        settings.write(f"\ninclude '../{SETTINGS_FILE}'\n")
    unfinished.rename(data)


def told(output: str) -> str:
    """Return the line of a program's output that says what went wrong."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    wrong = [line for line in lines if "FATAL" in line or "error:" in line]
    return (wrong or lines or ["it said nothing"])[-1]
