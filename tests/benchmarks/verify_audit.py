"""P12: verification of a chain against reading the same records and hashing them."""

import hashlib
from collections.abc import Iterator

import psycopg
from psycopg import sql

from audit.chain import verify
from tests import cast
from tests.benchmarks import world
from tests.benchmarks.harness import Comparison, Report, Sense, Variant, compare

EVENT_COUNT = 200_000
BATCH_SIZE = 5_000
FETCH_SIZE = 2_000
# A participant, then what is written about it: three identifiers, one of them confidential, an endpoint, two changes.
STATEMENTS = (
    """INSERT INTO {schema}.participant (id, kind, name, legal_name, country, data, status)
    SELECT id, 'bank', 'Participant ' || n, 'Participant ' || n || ' plc', 'DE', '{{}}', 'active'
    FROM made""",
)


def measure() -> Report:
    """Fill a chain and compare; the target is 0.5."""
    schema = cast.tenant("acme").schema_name
    with psycopg.connect(world.owner_conninfo(), autocommit=True) as owner:
        count = _fill(owner, schema)
        owner.execute(sql.SQL("VACUUM (ANALYZE) {}").format(sql.Identifier(schema, "audit_event")))

    def read() -> None:
        with psycopg.connect(world.application_conninfo()) as client:
            hashed = sum(1 for _ in _hashes(client, schema))
        _expect(hashed, count)

    comparison = Comparison(
        title=f"verify {count:,} events ÷ read and hash their records",
        subject=Variant("verify_audit", lambda: _expect(verify(schema).verified_count, count), count=count),
        reference=Variant("read and SHA-256", read, count=count),
        sense=Sense.RATE,
        target=0.5,
    )
    return Report("P12", "verify a chain", (compare(comparison),))
