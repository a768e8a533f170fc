"""The last verification of each chain, kept for whoever looks at the chain."""

from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import sql

from audit.chain import VerificationResult

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
