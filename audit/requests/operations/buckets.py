"""The buckets that quotas are leased from."""

import os
import select
from contextlib import suppress
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import sql

from config.foundation.errors import first_line
from config.foundation.limits import KEPT_BACK, BucketsError, Lease, Limit
from config.foundation.rows import PUBLIC_SCHEMA
from config.foundation.schemas import OWNER_ALIAS
from config.foundation.watch import ask, own_connection

# One that ends later than a window that begins now is left from a clock that went back, or a longer policy: it would
# lock its subject out. The second is for who began before the row was written that they waited for.
_RUNS = "kept.ends_at > now() AND kept.ends_at <= now() + ($4::int + 1) * interval '1 second'"
# One statement, one row, its own transaction: it cannot meet another in a deadlock, and waits for no more than one.
LEASE = f"""
    INSERT INTO {PUBLIC_SCHEMA.schema_name}.rate_bucket AS kept
        (policy, subject, quota, starts_at, ends_at, used, granted)
    SELECT $1, $2, quota, now(), now() + $4::int * interval '1 second', granted, granted
    FROM (
        SELECT $3::int AS quota, greatest($5::int, least($6::int, ceil($3::int / {KEPT_BACK}.0)::int)) AS granted
    ) AS fresh
    ON CONFLICT (policy, subject) DO UPDATE SET (quota, starts_at, ends_at, used, granted) = (
        SELECT excluded.quota, starts_at, ends_at, used + granted, granted
        FROM (
            SELECT starts_at, ends_at, used, CASE
                WHEN excluded.quota - used < $5::int THEN 0
                ELSE greatest($5::int, least($6::int, ceil((excluded.quota - used) / {KEPT_BACK}.0)::int))
            END AS granted
            FROM (
                SELECT kept.starts_at, kept.ends_at, kept.used WHERE {_RUNS}
                UNION ALL
                SELECT excluded.starts_at, excluded.ends_at, 0 WHERE NOT ({_RUNS})
            ) AS present
        ) AS leased
    )
    RETURNING granted, greatest(quota - used, 0), starts_at, extract(epoch FROM ends_at - now())
"""  # noqa: S608 -- constants
_COUNT_BUCKETS = "SELECT count(*) FROM {0}.rate_bucket WHERE ends_at <= now()"
_PRUNE_BUCKETS = """
    WITH gone AS (DELETE FROM {0}.rate_bucket WHERE ends_at <= now() RETURNING 1) SELECT count(*) FROM gone
"""
# A lease that a crash forgets is one lease too many; that no request waits for the disk is worth it.
_SESSION = "SET synchronous_commit = off; SET lock_timeout = '100ms'; SET statement_timeout = '250ms'"


class SharedBuckets:
    """The buckets of the installation, asked over one connection of the process; see ``config.foundation.limits``.

    The connection is the buckets' own, in autocommit mode: what was leased is leased, whatever becomes of the request.
    One thread asks at a time.
    """

    def __init__(self) -> None:
        self._session: psycopg.Connection[Any] | None = None
        os.register_at_fork(after_in_child=self._leave)

    def lease(self, limit: Limit, *, needed: int, wanted: int) -> Lease:
        """Take ``wanted`` out of a bucket or less, but ``needed`` at least, or else nothing.

        Raises:
            BucketsError: no answer.
        """
        policy = limit.policy
        numbers = (policy.quota, policy.window_s, needed, wanted)
        try:
            server = self._connected().pgconn
            found = ask(server, LEASE, (policy.name, limit.subject, *map(str, numbers)))
        except (psycopg.Error, OSError) as error:
            self.close()
            raise BucketsError(first_line(error)) from error
        granted, left, window, ends_in_s = ((found.get_value(0, place) or b"").decode() for place in range(4))
        return Lease(int(granted), int(left), window, float(ends_in_s))

    def close(self) -> None:
        """End the connection; the next lease opens another."""
        session, self._session = self._session, None
        if session is not None:
            with suppress(psycopg.Error):
                session.pgconn.finish()  # at once: a frozen server answers no farewell

    def _connected(self) -> psycopg.Connection[Any]:
        wanted = connections[DEFAULT_DB_ALIAS].settings_dict["NAME"]
        session = self._session
        if (
            session is not None
            and not session.closed
            and session.info.dbname == wanted
            and _is_alive(session)
        ):
            return session
        self.close()
        session = self._session = own_connection("switchboard limits")
        ask(session.pgconn, _SESSION)
        return session

    def _leave(self) -> None:
        """Leave the connection to the parent, of which this process is a fork."""
        self._session = None


def prune_buckets(*, schema: str, is_dry_run: bool = False, using: str = OWNER_ALIAS) -> int:
    """Delete the buckets whose window has ended; return how many there were. The owner does it, as of answers."""
    statement = sql.SQL(_COUNT_BUCKETS if is_dry_run else _PRUNE_BUCKETS).format(sql.Identifier(schema))
    with connections[using].cursor() as cursor:
        cursor.execute(statement.as_string(cursor.connection))
        return int(cursor.fetchone()[0])


def _is_alive(session: psycopg.Connection[Any]) -> bool:
    """Tell whether the server has not ended this connection meanwhile: then there is something to read of it."""
    readable, _, _ = select.select([session.pgconn.socket], [], [], 0)
    return not readable
