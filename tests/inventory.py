"""Everything that a schema is made of, as the catalog says it: to tell whether two schemas are made alike."""

from typing import Any

from django.db import connections

from config.foundation.schemas import OWNER_ALIAS

_OF_SCHEMA = "c.relnamespace = to_regnamespace(%(schema)s)"
QUERIES = {
    "relations": f"""
        SELECT c.relname, c.relkind, c.relpersistence, c.relowner::regrole, c.relreplident, c.relrowsecurity,
            c.relforcerowsecurity, c.relhassubclass, c.reloptions, a.amname, c.reltoastrelid <> 0,
            (SELECT array_agg(acl::text ORDER BY acl::text) FROM unnest(c.relacl) acl)
        FROM pg_class c LEFT JOIN pg_am a ON a.oid = c.relam WHERE {_OF_SCHEMA}""",
    "columns": f"""
        SELECT c.relname, row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum), a.attname,
            format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid), a.attidentity,
            a.attgenerated, a.attcollation::regcollation, a.attstorage, a.attcompression, a.attstattarget,
            a.attoptions, a.attacl
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE {_OF_SCHEMA} AND a.attnum > 0 AND NOT a.attisdropped""",
    "constraints": f"""
        SELECT c.relname, o.conname, o.contype, pg_get_constraintdef(o.oid), o.condeferrable, o.condeferred,
            o.convalidated, o.conislocal, o.connoinherit, o.conindid::regclass, o.confupdtype, o.confdeltype
        FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid WHERE {_OF_SCHEMA}""",
    "indexes": f"""
        SELECT c.relname, i.indexrelid::regclass, pg_get_indexdef(i.indexrelid), i.indisunique, i.indisprimary,
            i.indisvalid, i.indisready, i.indisclustered, i.indisreplident, i.indnullsnotdistinct
        FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE {_OF_SCHEMA}""",
    "triggers": f"""
        SELECT c.relname, t.tgname, pg_get_triggerdef(t.oid), t.tgenabled, t.tgargs, t.tgfoid::regproc
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE {_OF_SCHEMA} AND NOT t.tgisinternal""",
    "sequences": """
        SELECT s.sequencename, s.sequenceowner, s.data_type, s.start_value, s.min_value, s.max_value, s.increment_by,
            s.cycle, s.cache_size, s.last_value
        FROM pg_sequences s WHERE s.schemaname = %(schema)s""",
    "routines": """
        SELECT p.oid::regprocedure, p.prokind, p.proowner::regrole, p.prosecdef, p.provolatile, p.proparallel,
            p.proconfig, p.prosrc, p.proacl, pg_get_function_result(p.oid), p.prolang,
            a.aggtransfn::regproc, a.aggtranstype::regtype, a.agginitval
        FROM pg_proc p LEFT JOIN pg_aggregate a ON a.aggfnoid = p.oid
        WHERE p.pronamespace = to_regnamespace(%(schema)s)""",
    "types": """
        SELECT t.typname, t.typtype, t.typowner::regrole, t.typcategory FROM pg_type t
        WHERE t.typnamespace = to_regnamespace(%(schema)s)""",
    "rules": f"""
        SELECT c.relname, r.rulename, pg_get_ruledef(r.oid) FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
        WHERE {_OF_SCHEMA}""",
    "policies": "SELECT * FROM pg_policies WHERE schemaname = %(schema)s",
    "statistics": """
        SELECT s.stxname, pg_get_statisticsobjdef(s.oid) FROM pg_statistic_ext s
        WHERE s.stxnamespace = to_regnamespace(%(schema)s)""",
    "comments": f"""
        SELECT c.relname, d.objsubid, d.description FROM pg_description d JOIN pg_class c ON c.oid = d.objoid
        WHERE {_OF_SCHEMA}""",
    "schema": "SELECT nspowner::regrole, nspacl FROM pg_namespace WHERE nspname = %(schema)s",
}


def inventory(schema: str) -> dict[str, list[Any]]:
    """Return the objects of a schema by their kind, with its name replaced, and what its record of migrations says."""
    found: dict[str, list[Any]] = {}
    with connections[OWNER_ALIAS].cursor() as cursor:
        for kind, query in QUERIES.items():
            cursor.execute(query, {"schema": schema})
            found[kind] = sorted(_anonymous(row, schema) for row in cursor.fetchall())
        cursor.execute(f'SELECT app, name FROM "{schema}".django_migrations ORDER BY id')
        found["migrations"] = cursor.fetchall()
        tables = [name for name, kind, *_ in found["relations"] if kind == "'r'"]
        for table in tables:
            cursor.execute(f'SELECT count(*) FROM "{schema}".{table.strip(chr(39))}')
            found.setdefault("rows", []).append((table, cursor.fetchone()))
    return found


def _anonymous(row: tuple[Any, ...], schema: str) -> tuple[str, ...]:
    return tuple(repr(value).replace(schema, "SCHEMA") for value in row)
