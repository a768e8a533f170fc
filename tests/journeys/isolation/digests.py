"""What the database holds of a tenant, as digests: equal before and after means that nothing changed."""

from typing import Any
from uuid import UUID

from django.db import connection
from psycopg import sql

from tests.roles import as_owner

# Bookkeeping that a refused call may leave: sessions, the use of a token, its quota, refusals in the platform's chain.
KEPT_ASIDE = frozenset(
    {
        "django_session",
        "identity_apitoken",  # everybody's own; those of the tenant, and of none, are asked for below
        "identity_apitokenuse",
        "identity_apitokentally",
        "rate_bucket",
        "audit_event",
        "audit_head",
        "audit_pending",
        "audit_marker",
        "audit_private",
        "audit_refusal",
        "procrastinate_jobs",  # everybody's queue; what is in it of the tenant is asked for below
        "procrastinate_events",
    }
)
TOKENS = """
    SELECT t::text FROM public.identity_apitoken AS t
    WHERE coalesce(tenant_id, %(tenant)s) = %(tenant)s ORDER BY id
"""
QUEUED = (
    "SELECT id, status, args FROM public.procrastinate_jobs WHERE args ->> 'schema_name' = %s ORDER BY id"
)
REFUSALS = ("refused", "login_failed")


def digest_of(schema: str, tenant_id: UUID) -> dict[str, Any]:
    """Return a digest of each table of a tenant's schema, of each public one, and of the chain's events about it."""
    with as_owner():
        return _digest_of(schema, tenant_id)


def _digest_of(schema: str, tenant_id: UUID) -> dict[str, Any]:
    digests = {f"{schema}.{table}": _digest(schema, table) for table in _tables(schema)}
    digests |= {
        f"public.{table}": _digest("public", table) for table in _tables("public") if table not in KEPT_ASIDE
    }
    digests["public.procrastinate_jobs"] = _rows(sql.SQL(QUEUED), [schema])
    digests["public.identity_apitoken"] = _rows(sql.SQL(TOKENS), {"tenant": tenant_id})
    query = "SELECT id, action FROM public.audit_event WHERE tenant_id = %s AND action <> ALL(%s) ORDER BY id"
    return digests | {"public.audit_event": _rows(sql.SQL(query), [tenant_id, list(REFUSALS)])}


def _tables(schema: str) -> list[str]:
    query = "SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = %s ORDER BY tablename"
    return [name for (name,) in _rows(sql.SQL(query), [schema])]


def _digest(schema: str, table: str) -> Any:
    query = sql.SQL(
        "SELECT count(*), md5(coalesce(string_agg(t::text, ',' ORDER BY t::text), '')) FROM {} AS t"
    )
    return _rows(query.format(sql.Identifier(schema, table)), [])[0]


def _rows(query: sql.Composable, parameters: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query.as_string(cursor.connection), parameters or None)
        return list(cursor.fetchall())
