"""Answers of calls, kept for their repetitions, and filters that are saved for lists."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, OperationalError, connection, connections
from psycopg import sql
from psycopg.types.json import Jsonb

from audit.requests.models import LIFETIME, IdempotencyKey, SavedFilter
from config.foundation.actor import Actor, operation
from config.foundation.answers import Answer, Call
from config.foundation.errors import Refused
from config.foundation.keys import blind_index, decrypt, encrypt
from config.foundation.rows import selected_schema
from config.foundation.saved_filters import SavedParameters
from config.foundation.schemas import OWNER_ALIAS

Check = Callable[[Any], None]  # is shown the row under its lock, before anything changes, and may refuse
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


def unchecked(_row: Any) -> None:
    """Let every row pass."""


class KeptFilters:
    """The filters of the selected schema; see ``config.foundation.saved_filters.FilterStore``."""

    def find(self, *, slug: str, resource: str, user_id: UUID) -> SavedParameters | None:
        """Return a person's own filter with this slug, else the shared one, where it is of this list."""
        usable = SavedFilter.objects.usable_by(user_id).filter(slug=slug)
        row = next(iter(sorted(usable.order_by("pk")[:2], key=lambda one: one.owner_id != user_id)), None)
        if row is None or row.resource != resource:
            return None
        return SavedParameters(row.parameters, f"{row.pk}:{row.row_version}")


@operation()
def save_filter(*, actor: Actor, row: SavedFilter, reason: str = "") -> SavedFilter:  # noqa: ARG001 -- read by the decorator
    """Validate a filter and save it, new or changed; a new one is its writer's.

    Raises:
        ValidationError: what the row or its list refuse; a filter has to be a person's.
    """
    if row._state.adding and actor.user_id is not None:
        row.owner_id = actor.user_id
    row.full_clean()
    row.save()
    return row


@operation()
def change_filter(  # noqa: PLR0913 -- which row, how, and for whom
    *,
    actor: Actor,  # noqa: ARG001 -- read by the decorator
    model: type[SavedFilter],
    row_id: UUID,
    changes: Mapping[str, Any],
    check: Check = unchecked,
    reason: str = "",  # noqa: ARG001 -- read by the decorator
) -> SavedFilter:
    """Change some columns of a filter; parameters are replaced as a whole.

    Raises:
        ValidationError: what the row or its list refuse.
        Refused: ``not_found``.
    """
    row = _locked(model, row_id)
    check(row)
    for name, value in changes.items():
        setattr(row, name, value)
    row.full_clean()
    row.save()
    return row


@operation()
def delete_filter(
    *,
    actor: Actor,  # noqa: ARG001 -- read by the decorator
    row: SavedFilter,
    check: Check = unchecked,
    reason: str = "",  # noqa: ARG001 -- read by the decorator
) -> None:
    """Delete a filter.

    Raises:
        Refused: ``not_found``.
    """
    stored = _locked(type(row), row.pk)
    check(stored)
    stored.delete()


def _locked(model: type[SavedFilter], row_id: UUID) -> SavedFilter:
    row: SavedFilter | None = model.objects.select_for_update().filter(pk=row_id).order_by("pk").first()
    if row is None:
        raise Refused("not_found", "There is no such object.")
    return row
