"""The world that benchmarks run in: a durable cluster of their own, migrated anew, with the cast of the tests."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.conf import settings
from psycopg import sql
from psycopg.conninfo import make_conninfo

from config import postgres
from tests import cast, database

DATABASE = "benchmarks"


@contextmanager
def made() -> Iterator[None]:
    """Start the cluster, make the database anew and point both aliases to it; stop the cluster at the end.

    Raises:
        RuntimeError: ``DATABASE_URL`` is set: benchmarks write far too much into a database that is not theirs.
    """
    if os.environ.get("DATABASE_URL"):
        raise RuntimeError("benchmarks run on a cluster of their own: unset DATABASE_URL")
    with postgres.running(settings.POSTGRES_HOME):
        with psycopg.connect(owner_conninfo("postgres"), autocommit=True) as server:
            name = sql.Identifier(DATABASE)
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
            server.execute(sql.SQL("CREATE DATABASE {}").format(name))
        with database.using(DATABASE):
            cast.fill()
            yield


def owner_conninfo(name: str = DATABASE) -> str:
    """Return how the owner of the schemas reaches a database of the cluster."""
    return _conninfo(settings.DATABASES["owner"], name)


def application_conninfo(name: str = DATABASE) -> str:
    """Return how the application reaches a database of the cluster."""
    return _conninfo(settings.DATABASES["default"], name)


def _conninfo(where: dict[str, Any], name: str) -> str:
    return make_conninfo(host=where["HOST"], port=where["PORT"], user=where["USER"], dbname=name)
