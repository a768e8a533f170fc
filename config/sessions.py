"""What the program asks of its connections to the database before it serves."""

from functools import partial
from typing import Any

import psycopg
from django.core.checks import Error, register
from django.core.checks.messages import CheckMessage

from config.foundation.watch import own_connection
from config.postgres import PostgresError
from config.postgres.pooler import refuse_shared_sessions


def refuse_pooler(using: str = "default") -> None:
    """Return where the database gives each connection a session of its own.

    Raises:
        PostgresError: a pooler in transaction or statement mode is in between.
        psycopg.Error: the database does not answer.
    """
    refuse_shared_sessions(partial(own_connection, "switchboard probe", using=using))


@register("database")
def check_sessions(*, databases: Any = None, **_: Any) -> list[CheckMessage]:
    """Find a pooler that shares sessions, with ``manage.py check --database default``."""
    for using in databases or ():
        try:
            refuse_pooler(using)
        except PostgresError as error:
            return [Error(str(error), id="switchboard.E001")]
        except psycopg.Error:
            continue  # no answer: the command itself tells
    return []
