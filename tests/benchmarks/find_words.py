"""P15: words found by the indexes of trigrams against the same statements without them, and what they cost a writer.

Two tenants of the same making hold the same rows; in one of them the indexes of words are dropped. The statements are
those of the API's lists, to the first page.
"""

from collections.abc import Callable
from typing import Any

import psycopg
from django.db import connections
from django.db.models import Model
from django.http import QueryDict
from psycopg import sql

from config.foundation.schemas import OWNER_ALIAS
from customers.tenants.models import Tenant
from directory import filters
from directory.models import Identifier, Participant
from tests import cast
from tests.benchmarks import world
from tests.benchmarks.harness import Comparison, Outcome, Report, Variant, compare

INDEXED, PLAIN = "acme", "globex"
ROW_COUNT = 100_000
INSERT_COUNT = 5_000
PAGE = 51
ROUNDS = 7
TARGET = 0.25

PARTICIPANTS = """
    INSERT INTO {schema}.directory_participant (id, name, kind, country, tags, notes, source, external_id, confidence)
    SELECT md5('p' || n)::uuid, 'Participant ' || md5('name' || n), 'organization', 'SE', '{{}}',
        CASE WHEN n %% 10 = 0 THEN 'Notes of ' || md5('notes' || n) ELSE '' END, 'internal', '', 1
    FROM generate_series(%s + 1, %s) AS n
"""
IDENTIFIERS = """
    INSERT INTO {schema}.directory_identifier (participant_id, identifier_type, value, normalized, scope, tier,
        priority, source, external_id, confidence)
    SELECT md5('p' || n)::uuid, 'custom', 'value-' || md5('value' || n), 'value-' || md5('value' || n), '', 1, 0,
        'internal', '', 1
    FROM generate_series(%s + 1, %s) AS n
"""
WORDS = """
    SELECT format('DROP INDEX %%I.%%I', schemaname, indexname) FROM pg_indexes
    WHERE schemaname = %s AND indexname LIKE '%%\\_words'
"""
LISTS: tuple[tuple[str, type[Model], type[filters.AuditedFilters], str], ...] = (
    ("participants, q, one found", Participant, filters.ParticipantFilters, "q=a87ff679"),
    ("participants, q, none found", Participant, filters.ParticipantFilters, "q=nowhere at all"),
    ("participants, q, all found", Participant, filters.ParticipantFilters, "q=participant"),
    ("participants, name__ic, none found", Participant, filters.ParticipantFilters, "name__ic=nowhere"),
    ("identifiers, q over their participants too", Identifier, filters.IdentifierFilters, "q=nowhere"),
    ("identifiers, value__isw, none found", Identifier, filters.IdentifierFilters, "value__isw=nowhere"),
)


def measure() -> Report:
    """Compare reading (the target is 0.25, but where all rows are found) and writing, which has none."""
    tenants = {slug: cast.tenant(slug) for slug in (INDEXED, PLAIN)}
    for tenant in tenants.values():
        _fill(tenant.schema_name)
    _drop_words(tenants[PLAIN].schema_name)
    outcomes = [_reading(title, tenants, model, kind, query) for title, model, kind, query in LISTS]
    outcomes.append(_writing(tenants))
    return Report("P15", "words found by index", tuple(outcomes), tuple(map(_times, outcomes)))


def _reading(
    title: str, tenants: dict[str, Tenant], model: type[Model], kind: type[filters.AuditedFilters], query: str
) -> Outcome:
    def page_of(tenant: Tenant) -> Callable[[], None]:
        def read() -> None:
            with tenant:
                rows: Any = model._default_manager.order_by("pk")
                list(kind(QueryDict(query), queryset=rows).qs[:PAGE])

        return read

    comparison = Comparison(
        title=f"{title}: {ROW_COUNT:,} rows",
        subject=Variant("by index", page_of(tenants[INDEXED])),
        reference=Variant("without", page_of(tenants[PLAIN])),
        target=None if "all found" in title else TARGET,
        rounds=ROUNDS,
    )
    return compare(comparison)


def _writing(tenants: dict[str, Tenant]) -> Outcome:
    written = dict.fromkeys(tenants, ROW_COUNT)
    client = psycopg.connect(world.owner_conninfo(), autocommit=True)

    def insert(slug: str) -> Callable[[], None]:
        def run() -> None:
            first = written[slug]
            written[slug] += INSERT_COUNT
            statement = sql.SQL(PARTICIPANTS).format(schema=sql.Identifier(tenants[slug].schema_name))
            client.execute(statement, [first, written[slug]])

        return run

    comparison = Comparison(
        title=f"INSERT of {INSERT_COUNT:,} audited participants",
        subject=Variant("with the index", insert(INDEXED), count=INSERT_COUNT),
        reference=Variant("without", insert(PLAIN), count=INSERT_COUNT),
        rounds=ROUNDS,
    )
    try:
        return compare(comparison)
    finally:
        client.close()


def _times(outcome: Outcome) -> str:
    subject_ms, reference_ms = (side.median * 1_000 for side in (outcome.subject_s, outcome.reference_s))
    return f"{outcome.title}: {subject_ms:,.2f} ms with, {reference_ms:,.2f} ms without"


def _fill(schema: str) -> None:
    """Write the rows past the triggers, which are not what is measured."""
    with psycopg.connect(world.owner_conninfo(), autocommit=True) as owner:
        owner.execute("SET session_replication_role = replica")
        for text in (PARTICIPANTS, IDENTIFIERS):
            owner.execute(sql.SQL(text).format(schema=sql.Identifier(schema)), [0, ROW_COUNT])
        for table in ("directory_participant", "directory_identifier"):
            owner.execute(sql.SQL("VACUUM (ANALYZE) {}").format(sql.Identifier(schema, table)))


def _drop_words(schema: str) -> None:
    with connections[OWNER_ALIAS].cursor() as cursor:
        cursor.execute(WORDS, [schema])
        for (statement,) in cursor.fetchall():
            cursor.execute(statement)
