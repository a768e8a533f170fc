"""Answers of calls, kept for their repetitions."""

from typing import Any

from django.db import DEFAULT_DB_ALIAS, OperationalError, connection, connections
from psycopg import sql
from psycopg.types.json import Jsonb

from audit.requests.models import LIFETIME, IdempotencyKey
from config.foundation.answers import Answer, Call
from config.foundation.errors import Refused
from config.foundation.keys import blind_index, decrypt, encrypt
from config.foundation.rows import selected_schema
from config.foundation.schemas import OWNER_ALIAS

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
