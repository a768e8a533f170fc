"""The last verification of each chain, kept for whoever looks at the chain."""

from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import sql

from audit.chain import VerificationResult, verify
from audit.models import ChainHead
from config.foundation.jobs import JobKind, Running

PROGRESS_EVERY_EVENTS = 20_000

_UPSERT = """
    INSERT INTO {}.audit_verification (id, through_id, at, flaw) VALUES (1, %s, now(), %s)
    ON CONFLICT (id) DO UPDATE SET through_id = excluded.through_id, at = excluded.at, flaw = excluded.flaw
"""


def note_verification(result: VerificationResult, *, using: str = DEFAULT_DB_ALIAS) -> None:
    """Keep the outcome of a verification beside the chain that was verified."""
    statement = sql.SQL(_UPSERT).format(sql.Identifier(result.schema))
    with connections[using].cursor() as cursor:
        cursor.execute(
            statement.as_string(cursor.connection),
            [result.last_id, result.flaw.message if result.flaw else ""],
        )


def verify_as_job(running: Running) -> dict[str, Any]:
    """Verify the whole chain of the job's schema; a chain that is not as it was written is a result, too.

    Shape: ``{"verified_count": int, "last_id": int, "is_valid": bool, "flaw": …}``, the flaw null or
    ``{"event_id": int, "kind": str, "message": str}``.
    """
    total = ChainHead.objects.values_list("last_id", flat=True).order_by("pk").first() or 0

    def tell(count: int) -> None:
        running.tick(count, total, "verifying events")

    tell(0)
    result = verify(running.schema, batch_size=PROGRESS_EVERY_EVENTS, on_progress=tell)
    tell(result.verified_count)
    note_verification(result)
    flaw = result.flaw
    return {
        "verified_count": result.verified_count,
        "last_id": result.last_id,
        "is_valid": result.is_valid,
        "flaw": flaw and {"event_id": flaw.event_id, "kind": flaw.kind.value, "message": flaw.message},
    }


VERIFICATION = JobKind(
    "audit_verification", "Verify the audit chain", "view_audit", verify_as_job, "audit.view_auditevent"
)
