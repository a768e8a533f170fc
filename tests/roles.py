"""Who a test is to the database: it works with the application's rights, and as the owner where it says so."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.db import DatabaseError, connections

from config.foundation.schemas import OWNER_ALIAS
from config.postgres import APPLICATION_ROLE


@contextmanager
def as_owner(using: str = "default") -> Iterator[None]:
    """Work with the rights of the schemas' owner (a superuser here) for the block: for DDL, and for tampering."""
    connection = connections[using]
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE")
    try:
        yield
    finally:
        with (
            suppress(DatabaseError),
            connection.cursor() as cursor,
        ):  # a broken transaction takes the role back itself
            cursor.execute(f"SET ROLE {APPLICATION_ROLE}")


@contextmanager
def without_triggers(using: str = "default") -> Iterator[None]:
    """Work as the owner with every trigger switched off: for what nobody could do by the product."""
    with as_owner(using), connections[using].cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield
        cursor.execute("SET LOCAL session_replication_role = origin")


def as_database_owner(statement: str) -> None:
    """Run one statement on the owner's own connection, committed at once: for tests with a database of their own."""
    with connections[OWNER_ALIAS].cursor() as cursor:
        cursor.execute(statement)
