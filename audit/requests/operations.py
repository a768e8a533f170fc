"""Answers of calls, kept for their repetitions, and the buckets that quotas are leased from."""

import os
import select
from contextlib import suppress
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, OperationalError, connection, connections
from psycopg import sql
from psycopg.types.json import Jsonb

from audit.requests.models import LIFETIME, IdempotencyKey
from config.foundation.answers import Answer, Call
from config.foundation.errors import Refused, first_line
from config.foundation.keys import blind_index, decrypt, encrypt
from config.foundation.limits import KEPT_BACK, BucketsError, Lease, Limit
from config.foundation.rows import PUBLIC_SCHEMA, selected_schema
from config.foundation.schemas import OWNER_ALIAS
from config.foundation.watch import ask, own_connection

WAIT_MS = 1_000  # how long a repetition waits for the first call to end
RETRY_AFTER_S = 1
LOCK_NOT_AVAILABLE = "55P03"

_RESERVE = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
_KEEP = """
    INSERT INTO {0}.idempotency_key AS known
        (principal, method, path, key, fingerprint, status, headers, body, revealed, created_at)
    VALUES (
        %(principal)s, %(method)s, %(path)s, %(key)s, %(fingerprint)s, %(status)s, %(headers)s, %(body)s,
        %(revealed)s, now()
    )
    ON CONFLICT (principal, method, path, key) DO UPDATE SET
        fingerprint = excluded.fingerprint, status = excluded.status, headers = excluded.headers,
        body = excluded.body, revealed = excluded.revealed, created_at = excluded.created_at
    WHERE known.created_at <= now() - %(lifetime)s
"""
_COUNT = "SELECT count(*) FROM {0}.idempotency_key WHERE created_at <= now() - %(lifetime)s"
_PRUNE = """
    WITH gone AS (DELETE FROM {0}.idempotency_key WHERE created_at <= now() - %(lifetime)s RETURNING 1)
    SELECT count(*) FROM gone
"""

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
                SELECT kept.starts_at, kept.ends_at, kept.used WHERE kept.ends_at > now()
                UNION ALL
                SELECT excluded.starts_at, excluded.ends_at, 0 WHERE kept.ends_at <= now()
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


class KeptAnswers:
    """The answers of the selected schema; see ``config.foundation.answers.AnswerStore``."""

    def find(self, call: Call) -> Answer | None:
        """Return the answer that a call was given; None reserves the call for the rest of the transaction.

        A repetition waits a moment for the first call to end.

        Raises:
            Refused: ``idempotency_in_progress``, the first call takes longer; ``idempotency_mismatch``.
        """
        schema = selected_schema(DEFAULT_DB_ALIAS)
        identity = _identity(schema, call)
        _reserve(f"switchboard call {schema} {' '.join(identity.values())}")
        known: IdempotencyKey | None = IdempotencyKey.objects.live().filter(**identity).first()
        if known is None:
            return None
        if known.fingerprint != _fingerprint(schema, call):
            raise Refused(
                "idempotency_mismatch",
                "This Idempotency-Key was sent with another body. Give each call a key of its own.",
            )
        return Answer(known.status, known.headers, decrypt(schema, known.body), tuple(known.revealed))

    def keep(self, call: Call, answer: Answer) -> None:
        """Keep the answer of a call that is reserved, in place of one that has expired.

        Raises:
            Refused: ``idempotency_in_progress``, somebody answered it without reserving it.
        """
        schema = selected_schema(DEFAULT_DB_ALIAS)
        values: dict[str, Any] = {
            **_identity(schema, call),
            "fingerprint": _fingerprint(schema, call),
            "status": answer.status,
            "headers": Jsonb(dict(answer.headers)),
            "body": encrypt(schema, answer.body),
            "revealed": Jsonb(list(answer.revealed)),
            "lifetime": LIFETIME,
        }
        with connection.cursor() as cursor:
            statement = sql.SQL(_KEEP).format(sql.Identifier(schema))
            cursor.execute(statement.as_string(cursor.connection), values)
            if not cursor.rowcount:
                raise _in_progress()


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


def prune_answers(*, schema: str, is_dry_run: bool = False, using: str = OWNER_ALIAS) -> int:
    """Delete the answers of a schema that hold no longer; return how many there were.

    The application has no right to delete them: the owner does it.
    """
    statement = sql.SQL(_COUNT if is_dry_run else _PRUNE).format(sql.Identifier(schema))
    with connections[using].cursor() as cursor:
        values: dict[str, Any] = {"lifetime": LIFETIME}
        cursor.execute(statement.as_string(cursor.connection), values)
        return int(cursor.fetchone()[0])


def _identity(schema: str, call: Call) -> dict[str, str]:
    """Return what tells a call from all others, by column."""
    digest = blind_index(schema, "idempotency key", call.key)
    return {"principal": call.principal, "method": call.method, "path": call.path, "key": digest}


def _reserve(name: str) -> None:
    """Lock a call for the rest of the transaction: of several at once, one has its effect."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{WAIT_MS}ms'")
            cursor.execute(_RESERVE, [name])
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None) != LOCK_NOT_AVAILABLE:
            raise
        raise _in_progress() from None


def _fingerprint(schema: str, call: Call) -> str:
    return blind_index(schema, "idempotency body", call.body)


def _in_progress() -> Refused:
    return Refused(
        "idempotency_in_progress",
        "The first call with this Idempotency-Key has not ended yet. Repeat it in a moment.",
        retry_after=RETRY_AFTER_S,
    )


def _is_alive(session: psycopg.Connection[Any]) -> bool:
    """Tell whether the server has not ended this connection meanwhile: then there is something to read of it."""
    readable, _, _ = select.select([session.pgconn.socket], [], [], 0)
    return not readable
