"""Databases for tests: migrated once into a template, then copied as files for each worker and each race."""

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import connections
from psycopg import sql
from psycopg.conninfo import make_conninfo

from config.foundation.schemas import OWNER_ALIAS

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = "switchboard_template"
MADE_FROM = (
    "*/migrations/**/*.py",
    "*/migrations/**/*.sql",
    "customers/*/operations/**/*.py",
    "customers/*/operations.py",
    "config/foundation/*.py",
    "*/models/*.py",
    "*/models.py",
    "audit/*/migrations/**/*.py",
    "audit/*/migrations/**/*.sql",
    "audit/*/models.py",
    "tests/cast.py",
)


def conninfo(name: str) -> str:
    """Return how to reach a database of the test cluster."""
    where = settings.DATABASES["default"]
    parts = {
        "host": where["HOST"],
        "port": where["PORT"],
        "user": where["USER"],
        "password": where.get("PASSWORD"),
    }
    return make_conninfo(dbname=name, **{key: value for key, value in parts.items() if value})


def template(fill: Callable[[], None]) -> str:
    """Return the name of the database that holds the schema and the cast; ``fill`` makes it where it is missing."""
    name = f"{TEMPLATE}_{_digest()}"
    with (settings.DATA_DIR / "test-template.lock").open("a") as lock, _maintenance() as server:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _exists(server, name):
            _drop_stale(server, TEMPLATE)
            building = f"{name}_building"
            _drop(server, building)
            _run(server, "CREATE DATABASE {}", building)
            with using(building):
                fill()
            _run(server, "ALTER DATABASE {} RENAME TO {}", building, name)
    return name


@contextmanager
def copied(source: str, name: str) -> Iterator[str]:
    """Copy a database for the block."""
    with _maintenance() as server:
        _drop(server, name)
        _run(server, "CREATE DATABASE {} TEMPLATE {} STRATEGY = FILE_COPY", name, source)
    try:
        yield name
    finally:
        with _maintenance() as server:
            _drop(server, name)


@contextmanager
def using(name: str) -> Iterator[None]:
    """Point both aliases, in every thread, to this database for the block."""
    before = connections["default"].settings_dict["NAME"]
    _point_to(name)
    try:
        yield
    finally:
        _point_to(before)


def own_name(purpose: str) -> str:
    """Return a name no other test process uses."""
    return f"test_{purpose}_{os.getpid()}"


def drop_leftovers() -> None:
    """Drop databases whose test process was killed."""
    with _maintenance() as server:
        for (name,) in server.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE 'test\\_%'"
        ).fetchall():
            pid = name.rpartition("_")[2]
            if pid.isdigit() and not Path(f"/proc/{pid}").exists():
                _drop(server, name)


def _point_to(name: str) -> None:
    for alias in ("default", OWNER_ALIAS):
        connection: Any = connections[alias]
        connection.close()
        settings.DATABASES[alias]["NAME"] = name
        connections.settings[alias]["NAME"] = name
        connection.settings_dict["NAME"] = name


def _maintenance() -> Any:
    return psycopg.connect(conninfo("postgres"), autocommit=True)


def _exists(server: Any, name: str) -> bool:
    return server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def _drop(server: Any, name: str) -> None:
    _run(server, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


def _drop_stale(server: Any, prefix: str) -> None:
    for (name,) in server.execute(
        "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [prefix]
    ).fetchall():
        _drop(server, name)


def _run(server: Any, statement: str, *names: str) -> None:
    server.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def _digest() -> str:
    digest = hashlib.sha256()
    files = {path for pattern in MADE_FROM for path in ROOT.glob(pattern)} | set(
        ROOT.glob("customers/*/migrations/*.py")
    )
    for path in sorted(files):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]
