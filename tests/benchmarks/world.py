"""The world that benchmarks run in: a durable cluster of their own, migrated anew, with the cast of the tests."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import psycopg
from django.conf import settings
from psycopg import sql
from psycopg.conninfo import make_conninfo

from config import postgres
from tests import cast, database

_names = count(1)
_made: list[str] = []


@contextmanager
def made() -> Iterator[None]:
    """Make a database on the running cluster and point both aliases to it."""
    name = f"benchmarks_{os.getpid()}_{next(_names)}"
    with _server() as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    _made.append(name)
    with database.using(name):
        cast.fill()
        yield


@contextmanager
def cluster() -> Iterator[None]:
    """Run the cluster for the block, and drop all its databases after it.

    Not before: for minutes after many files were deleted, ext4 takes twice as long to make new ones, as it steps over
    each inode that was deleted recently; that would be measured as the cost of a tenant.

    Raises:
        RuntimeError: ``DATABASE_URL`` is set: benchmarks write far too much into a database that is not theirs.
    """
    if os.environ.get("DATABASE_URL"):
        raise RuntimeError("benchmarks run on a cluster of their own: unset DATABASE_URL")
    with postgres.running(settings.POSTGRES_HOME):
        yield
        with _server() as server:
            left = server.execute(
                "SELECT datname FROM pg_database WHERE datname LIKE 'benchmarks%'"
            ).fetchall()
            for (name,) in left:
                server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _server() -> psycopg.Connection[Any]:
    return psycopg.connect(owner_conninfo("postgres"), autocommit=True)


def owner_conninfo(name: str = "") -> str:
    """Return how the owner of the schemas reaches a database of the cluster, the one in use where none is named."""
    return _conninfo(settings.DATABASES["owner"], name or _made[-1])


def application_conninfo(name: str = "") -> str:
    """Return how the application reaches a database of the cluster, the one in use where none is named."""
    return _conninfo(settings.DATABASES["default"], name or _made[-1])


def _conninfo(where: dict[str, Any], name: str) -> str:
    return make_conninfo(host=where["HOST"], port=where["PORT"], user=where["USER"], dbname=name)
