"""Refusals, counted: a flood of them leaves one event a minute, and none is lost from the count."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import sql

from audit.enums import Verb
from audit.operations.events import record
from config.foundation.actor import Actor, acting
from config.foundation.rows import selected_schema
from config.foundation.schemas import OWNER_ALIAS

RESOURCE = "audit.refusaltally"

# The row of the tally is locked by the upsert, so of refusals at one moment exactly one finds the minute new. One that
# waited and carries an earlier minute is counted into the later.
_TALLY = """
    WITH tally AS (
        INSERT INTO {0}.audit_refusal AS known
            (actor, action, code, resource_id, minute, left_out, earlier)
        VALUES (
            %(actor)s, %(action)s, %(code)s, %(counted_id)s, date_trunc('minute', now(), 'UTC'), 0, 0
        )
        ON CONFLICT (actor, action, code, resource_id) DO UPDATE SET
            minute = greatest(known.minute, excluded.minute),
            left_out = CASE WHEN known.minute < excluded.minute THEN 0 ELSE known.left_out + 1 END,
            earlier = CASE WHEN known.minute < excluded.minute THEN known.left_out ELSE known.earlier END
        RETURNING left_out, earlier
    )
    INSERT INTO {0}.audit_pending (action, resource, resource_id, tenant_id, payload)
    SELECT %(action)s, %(resource)s, %(resource_id)s, %(tenant_id)s,
        jsonb_build_object('code', %(code)s::text, 'earlier', earlier)
    FROM tally WHERE left_out = 0
"""

_COUNT = "SELECT count(*), coalesce(sum(left_out), 0) FROM {0}.audit_refusal WHERE minute < %(before)s"
_PRUNE = """
    WITH gone AS (DELETE FROM {0}.audit_refusal WHERE minute < %(before)s RETURNING left_out)
    SELECT count(*), coalesce(sum(left_out), 0) FROM gone
"""


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many counters were deleted, and how many refusals they had counted since the last event of each."""

    counter_count: int
    untold_count: int


def record_refusal(  # noqa: PLR0913 -- the columns of an event
    *,
    actor: Actor,
    code: str,
    resource: str,
    resource_id: str = "",
    action: str = Verb.REFUSED.value,
    tenant_id: UUID | None = None,
    schema: str = "",
    using: str = DEFAULT_DB_ALIAS,
) -> bool:
    """Write that something was refused; tell whether it left an event or was counted into the minute's.

    One event for each actor, action, code and minute (and, of failed logins, ``resource_id``), with the
    payload ``{"code": str, "earlier": int}``: how many were left out since the event before. A flood cannot
    drown the chain. ``action`` is ``refused`` or ``login_failed``; ``code`` is that of the error. Call it
    after the refused write has been rolled back.
    """
    target = sql.Identifier(schema or selected_schema(using))
    values = {
        "actor": str(actor),
        "action": action,
        "code": code,
        "resource": resource,
        "resource_id": resource_id,
        "counted_id": resource_id if action == Verb.LOGIN_FAILED else "",
        "tenant_id": tenant_id,
    }
    with acting(actor, using=using), connections[using].cursor() as cursor:
        cursor.execute(sql.SQL(_TALLY).format(target).as_string(cursor.connection), values)
        return bool(cursor.rowcount)


def prune_refusals(
    *,
    actor: Actor,
    before: datetime,
    schema: str,
    is_dry_run: bool = False,
    using: str = OWNER_ALIAS,
) -> Pruned:
    """Delete the counters of a schema that counted nothing since ``before``; one event tells how many.

    The chain keeps its events of those refusals. The application has no right to delete counters: the owner does it.
    Nothing is written where there is nothing to delete, or ``is_dry_run``.
    """
    statement = sql.SQL(_COUNT if is_dry_run else _PRUNE).format(sql.Identifier(schema))
    with acting(actor, using=using):
        with connections[using].cursor() as cursor:
            cursor.execute(statement.as_string(cursor.connection), {"before": before})
            pruned = Pruned(*map(int, cursor.fetchone()))
        if pruned.counter_count and not is_dry_run:
            record(
                actor=actor,
                action=Verb.PRUNE.value,
                resource=RESOURCE,
                resource_id="",
                payload={
                    "unused_since": before.astimezone(UTC).isoformat(),
                    "counters": pruned.counter_count,
                    "untold": pruned.untold_count,
                },
                schema=schema,
                using=using,
            )
    return pruned
