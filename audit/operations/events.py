"""Events that change no row, and the order of sealing several chains."""

import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from psycopg import sql

from audit.models import ChainHead
from config.foundation.actor import Actor, acting
from config.foundation.rows import selected_schema


def record(  # noqa: PLR0913 -- the columns of an event
    *,
    actor: Actor,
    action: str,
    resource: str,
    resource_id: str,
    payload: dict[str, Any] | None = None,
    tenant_id: UUID | None = None,
    reason: str = "",
    schema: str = "",
    using: str = DEFAULT_DB_ALIAS,
) -> None:
    """Write one event that no changed row writes: a read of confidential data, a login, a refusal, an export.

    It is sealed with the transaction that it is written in. ``schema`` defaults to the one selected;
    ``tenant_id`` is for the platform's chain. The payload stands in the chain in clear and for ever: no
    personal value, no secret.
    """
    target = sql.Identifier(schema or selected_schema(using))
    statement = sql.SQL(
        "INSERT INTO {}.audit_pending (action, resource, resource_id, tenant_id, payload)"
        " VALUES (%s, %s, %s, %s, %s::jsonb)"
    ).format(target)
    with acting(actor, reason=reason, using=using), connections[using].cursor() as cursor:
        cursor.execute(
            statement.as_string(cursor.connection),
            [action, resource, resource_id, tenant_id, json.dumps(payload or {})],
        )


def lock_chains(schemas: Iterable[str], *, using: str = DEFAULT_DB_ALIAS) -> None:
    """Make this transaction the only one of several chains that will seal any of these schemas.

    An operation that writes in more than one schema calls this first. The locks are taken in the order of the
    names and last to the end of the transaction, so two such operations wait for each other instead of
    deadlocking, whatever order they write in. They are advisory: the rows of the heads are locked by the seal
    alone, when all other locks are held already. Were they locked here, an operation would hold a head while
    it waits for a row, whose holder waits for that head.

    Raises:
        TransactionManagementError: outside a transaction, where the locks would be gone at once.
    """
    connection = connections[using]
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("lock_chains() is called in a transaction")
    with connection.cursor() as cursor:
        for schema in sorted(set(schemas)):
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"switchboard audit chain {schema}"]
            )


def newest_event() -> str:
    """Return a name of the newest event of the selected chain: it moves with every audited change and reading."""
    return f"chain:{ChainHead.objects.values_list('last_id', flat=True).order_by('pk').first()}"
