"""Schemas as the database's owner makes, migrates and opens them; the application itself changes no schema.

Two aliases lead into one database: ``default`` with the rights of the application, and ``owner`` with those of the
schemas' owner, which provisioning and migrations alone use.
"""

from functools import lru_cache
from typing import Any

from django.apps import apps
from django.core.management import call_command
from django.core.management.commands.migrate import Command as MigrateCommand
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from psycopg import sql

OWNER_ALIAS = "owner"
TEMPLATE_SCHEMA = "switchboard_template"  # a tenant's schema without a tenant, kept current to be copied from
READ = ("SELECT",)
READ_AND_WRITE = ("SELECT", "INSERT", "UPDATE", "DELETE")
NOTHING = ()  # with the tables of a library's own, which no model of ours manages
CALLED_FUNCTIONS = ("job_enqueue",)  # what the application calls with more rights than its own

Migrations = frozenset[tuple[str, str]]


def application_role() -> str:
    """Return the role that the application works as; "" where it works as the owner itself."""
    settings, owner = (connections[alias].settings_dict for alias in (DEFAULT_DB_ALIAS, OWNER_ALIAS))
    role = settings["OPTIONS"].get("assume_role") or settings["USER"]
    return "" if role == owner["USER"] else str(role)


def schema_exists(name: str, *, using: str = DEFAULT_DB_ALIAS) -> bool:
    """Tell whether the database has this schema."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT FROM pg_catalog.pg_namespace WHERE nspname = %s", [name])
        return cursor.fetchone() is not None


def create_schema(name: str) -> None:
    """Make an empty schema, unless it is there."""
    _execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(name)))


def migrate_schema(name: str) -> None:
    """Apply all pending migrations to a schema, and open its tables to the application.

    In a transaction of the owner's, where there is one: the command of django-tenants would close the connection.
    """
    owner: Any = connections[
        OWNER_ALIAS
    ]  # the backend of django-tenants has methods that Django's types do not know
    # Without public on the path first: its record of migrations would be taken for the schema's own.
    owner.set_schema(name, include_public=False)
    try:
        MigrationRecorder(owner).ensure_schema()
        owner.set_schema(name)
        call_command(MigrateCommand(), database=OWNER_ALIAS, interactive=False, verbosity=0)
    finally:
        owner.set_schema_to_public()
    open_schema(name)


def pending_migrations(name: str) -> int:
    """Count the migrations on disk that a schema has not seen.

    Raises:
        InconsistentMigrationHistory: the schema was made by a history of migrations that is not this one.
    """
    owner: Any = connections[
        OWNER_ALIAS
    ]  # the backend of django-tenants has methods that Django's types do not know
    # Without public on the path: a schema that has no record of its own would be taken for the public one.
    owner.set_schema(name, include_public=False)
    try:
        executor = MigrationExecutor(owner)
        executor.loader.check_consistent_history(owner)
        return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    finally:
        owner.set_schema_to_public()


def recorded_migrations(name: str, *, using: str = DEFAULT_DB_ALIAS) -> Migrations:
    """Return the migrations that a schema says it has seen, as (app, name); none where there is no record."""
    with connections[using].cursor() as cursor:
        cursor.execute(
            "SELECT to_regclass(%s) IS NOT NULL", [f"{name}.{MigrationRecorder.Migration._meta.db_table}"]
        )
        if not cursor.fetchone()[0]:
            return frozenset()
        statement = sql.SQL("SELECT app, name FROM {}").format(
            _table(name, MigrationRecorder.Migration._meta.db_table)
        )
        cursor.execute(statement.as_string(cursor.connection))
        return frozenset(cursor.fetchall())


@lru_cache
def known_migrations() -> Migrations:
    """Return the migrations on disk, as (app, name); they do not change while the program runs."""
    return frozenset(MigrationLoader(None).graph.nodes)


def ensure_template() -> Migrations:
    """Bring the template schema up to date where it is not, and return the migrations that it has seen.

    It may be ahead of this program while a newer one is being rolled out: what is made from it is ahead as well.
    """
    recorded = recorded_migrations(TEMPLATE_SCHEMA, using=OWNER_ALIAS)
    if recorded >= known_migrations():
        return recorded
    with transaction.atomic(using=OWNER_ALIAS):
        with connections[OWNER_ALIAS].cursor() as cursor:  # of several that come together, one makes it
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"schema {TEMPLATE_SCHEMA}"]
            )
        if not recorded_migrations(TEMPLATE_SCHEMA, using=OWNER_ALIAS) >= known_migrations():
            create_schema(TEMPLATE_SCHEMA)
            migrate_schema(TEMPLATE_SCHEMA)
    return recorded_migrations(TEMPLATE_SCHEMA, using=OWNER_ALIAS)


def ensure_application_role() -> bool:
    """Make the role that the application works as, and tell whether it was missing; its password is its host's affair.

    Raises:
        ProgrammingError: the owner may not make roles.
    """
    role = application_role()
    if not role:
        return False
    with connections[OWNER_ALIAS].cursor() as cursor:
        cursor.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        cursor.execute("SELECT FROM pg_catalog.pg_roles WHERE rolname = %s", [role])
        is_missing = cursor.fetchone() is None
        if is_missing:
            cursor.execute(
                sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)).as_string(cursor.connection)
            )
    return is_missing


def open_schema(name: str) -> None:
    """Let the application use a schema: each table as its model declares in ``application_may``, and nothing else."""
    for statement in opening_statements(name):
        _execute(statement)


def opening_statements(name: str) -> list[sql.Composed]:
    """Return what opens a schema to the application: nothing where it works as the owner."""
    role = application_role()
    if not role:
        return []
    schema, grantee = sql.Identifier(name), sql.Identifier(role)
    statements = [
        sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(schema, grantee),
        sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA {} FROM {}").format(schema, grantee),
    ]
    statements += [
        sql.SQL("GRANT EXECUTE ON FUNCTION {} TO {}").format(_table(name, function), grantee)
        for function in _called_functions(name)
    ]
    return statements + [
        sql.SQL("GRANT {} ON {} TO {}").format(
            sql.SQL(", ").join(map(sql.SQL, rights)),
            sql.SQL(", ").join(_table(name, table) for table in tables),
            grantee,
        )
        for rights, tables in _tables_by_rights(name).items()
        if rights
    ]


def _tables_by_rights(name: str) -> dict[tuple[str, ...], list[str]]:
    """Return the tables of a schema, by what the application may do with them; a table of no model is only read."""
    declared = {
        model._meta.db_table: getattr(
            model, "application_may", READ_AND_WRITE if model._meta.managed else NOTHING
        )
        for model in apps.get_models(include_auto_created=True)
    }
    with connections[OWNER_ALIAS].cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_catalog.pg_class c WHERE c.relnamespace = to_regnamespace(%s)"
            " AND c.relkind IN ('r', 'p', 'v', 'm') ORDER BY c.relname",
            [name],
        )
        found: dict[tuple[str, ...], list[str]] = {}
        for (table,) in cursor.fetchall():
            found.setdefault(tuple(declared.get(table, READ)), []).append(table)
    return found


def _called_functions(name: str) -> list[str]:
    with connections[OWNER_ALIAS].cursor() as cursor:
        cursor.execute(
            "SELECT proname FROM pg_catalog.pg_proc WHERE pronamespace = to_regnamespace(%s)"
            " AND proname = ANY(%s) ORDER BY 1",
            [name, list(CALLED_FUNCTIONS)],
        )
        return [function for (function,) in cursor.fetchall()]


def _table(schema: str, table: str) -> sql.Identifier:
    return sql.Identifier(schema, table)


def _execute(statement: sql.Composed) -> None:
    with connections[OWNER_ALIAS].cursor() as cursor:
        cursor.execute(statement.as_string(cursor.connection))
