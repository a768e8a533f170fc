"""P12: verification of a chain against reading the same records, in order, and hashing each."""

import hashlib
from uuid import uuid4

import psycopg
from django.db import connections, models
from psycopg import sql

from audit.chain import verify
from audit.models import AuditEvent
from config.foundation.actor import acting
from config.foundation.schemas import OWNER_ALIAS
from customers.tenants.models import Tenant
from directory.enums import SensitivityTier
from directory.models import Endpoint, Identifier, Participant
from tests import cast
from tests.benchmarks import world
from tests.benchmarks.harness import Comparison, Report, Sense, Variant, compare

EVENT_COUNT = 200_000
BATCH_SIZE = 500  # participants a transaction
FETCH_SIZE = 2_000


def measure() -> Report:
    """Fill a chain and compare; the target is 0.5."""
    tenant = cast.tenant("acme")
    schema = tenant.schema_name
    with connections[OWNER_ALIAS].cursor() as cursor:
        while (count := _last_id(tenant)) < EVENT_COUNT:
            _add_events(tenant, count)
        cursor.execute(f"VACUUM (ANALYZE) {schema}.audit_event")
    comparison = Comparison(
        title=f"verify {count:,} events ÷ read and hash their records",
        subject=Variant("verify_audit", lambda: _expect(_verified(schema), count), count=count),
        reference=Variant("read and SHA-256", lambda: _expect(_hashed(schema), count), count=count),
        sense=Sense.RATE,
        target=0.5,
        rounds=5,
    )
    return Report("P12", "verify a chain", (compare(comparison),))


def _last_id(tenant: Tenant) -> int:
    with tenant:
        newest = AuditEvent.objects.order_by("-pk").first()
    return newest.pk if newest else 0


def _add_events(tenant: Tenant, start: int) -> None:
    """Write batches of what a directory sees: creations, one in eight of them confidential, and changes."""
    for batch in range(10):
        with tenant, acting(cast.ACTOR, reason="benchmark" if batch % 2 else ""):
            numbers = range(start + batch * BATCH_SIZE, start + (batch + 1) * BATCH_SIZE)
            participants = [Participant(name=f"Participant {number}", country="SE") for number in numbers]
            Participant.objects.bulk_create(participants)
            Identifier.objects.bulk_create(
                _identifier(participant, is_confidential=turn == 0)
                for participant in participants
                for turn in range(3)
            )
            endpoints = Endpoint.objects.bulk_create(
                Endpoint(
                    participant=participant, protocol="as4", address=f"https://{participant.pk}.example/as4"
                )
                for participant in participants
            )
            Endpoint.objects.filter(pk__in=[row.pk for row in endpoints]).update(
                priority=models.F("priority") + 1, qos={"timeout_ms": 500}
            )
            Participant.objects.filter(pk__in=[row.pk for row in participants[::2]]).update(tags=["bank"])
            Endpoint.objects.filter(pk__in=[row.pk for row in endpoints[::5]]).delete()


def _identifier(participant: Participant, *, is_confidential: bool) -> Identifier:
    value = str(uuid4())
    return Identifier(
        participant=participant,
        identifier_type="custom",
        value=value,
        normalized=value,
        tier=SensitivityTier.CONFIDENTIAL if is_confidential else SensitivityTier.INTERNAL,
    )


def _verified(schema: str) -> int:
    result = verify(schema)
    return result.verified_count if result.is_valid else -1


def _hashed(schema: str) -> int:
    query = sql.SQL("SELECT record FROM {} ORDER BY id").format(sql.Identifier(schema, "audit_event"))
    count = 0
    with (
        psycopg.connect(world.application_conninfo()) as client,
        client.cursor(name="plain_read", binary=True) as cursor,
    ):
        cursor.itersize = FETCH_SIZE
        for (record,) in cursor.execute(query):
            hashlib.sha256(record.encode()).digest()
            count += 1
    return count


def _expect(found: int, expected: int) -> None:
    if found != expected:
        raise RuntimeError(f"{found} good events instead of {expected}: the comparison says nothing")
