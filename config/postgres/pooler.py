"""Whether the database is reached through a pooler that deals out sessions by transaction or by statement.

What we keep on a session (``search_path``, the role, prepared statements) would then be another request's: a tenant's
rows would be answered to another tenant. Such a pooler looks like a server; it is told from one by what it does.
"""

import secrets
from collections.abc import Callable
from contextlib import closing
from typing import Any

import psycopg

from config.postgres.errors import PostgresError

PROBE = "switchboard.session_probe"
# Whoever of the two speaks: in every order, so that neither a last-used nor a round-robin choice keeps them apart.
TURNS = "ABAABBABBAAB"
REFUSAL = (
    "the database is reached through a pooler in transaction or statement mode, which would mix up the sessions of"
    " tenants; set its pool_mode to session, or connect to the server itself"
)

Connect = Callable[[], psycopg.Connection[Any]]


def refuse_shared_sessions(connect: Connect) -> None:
    """Return where each connection has a server session of its own.

    Args:
        connect: opens a connection in autocommit mode.

    Raises:
        PostgresError: a session is shared; the message is one line and says what to do.
        psycopg.Error: the database does not answer, so that nothing is known.
    """
    try:
        with closing(connect()) as first, closing(connect()) as second:
            is_own = _keep_apart(first, second)
    except (psycopg.errors.ProtocolViolation, psycopg.errors.FeatureNotSupported, psycopg.errors.SyntaxError):
        is_own = False  # statement mode refuses a transaction
    if not is_own:
        raise PostgresError(REFUSAL)


def _keep_apart(first: psycopg.Connection[Any], second: psycopg.Connection[Any]) -> bool:
    """Tell whether what one session was told stays there, and only there, whatever the other does."""
    mark = secrets.token_hex(16)
    told = f"SELECT pg_backend_pid() FROM set_config('{PROBE}', '{mark}', false)"  # noqa: S608 -- both are ours
    pid = _ask(first, told)[0]
    expected = {"A": (pid, mark)}
    expected["B"] = _ask(second, _LOOK)
    if expected["B"][0] == pid or expected["B"][1] == mark:
        return False
    sessions = {"A": first, "B": second}
    for turn in TURNS:
        other = "B" if turn == "A" else "A"
        with sessions[
            other
        ].transaction():  # holds a server's session, so that the next is not the same by luck
            seen = _ask(sessions[other], _LOOK), _ask(sessions[turn], _LOOK)
        if seen != (expected[other], expected[turn]):
            return False
    return True


_LOOK = f"SELECT pg_backend_pid(), coalesce(current_setting('{PROBE}', true), '')"


def _ask(connection: psycopg.Connection[Any], statement: str) -> tuple[Any, ...]:
    row = connection.execute(statement.encode(), prepare=False).fetchone()
    return tuple(row) if row else ()
