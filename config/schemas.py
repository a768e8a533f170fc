"""Bring the schemas of the database up to date, and recognise a database made by other initial migrations."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from django.apps import apps
from django_tenants.utils import get_public_schema_name, get_tenant_model

from config.foundation.schemas import (
    OWNER_ALIAS,
    TEMPLATE_SCHEMA,
    ensure_application_role,
    ensure_template,
    migrate_schema,
    open_schema,
    pending_migrations,
    schema_exists,
)

MADE_BY_FILE = "initial-migrations.sha256"


def initial_migrations(base_dir: Path) -> dict[str, str]:
    """Return a digest of the first migration of each app below ``base_dir``, its SQL files included, by label."""
    digests = {}
    for app in apps.get_app_configs():
        migrations = Path(app.path) / "migrations"
        if base_dir in migrations.parents and ".venv" not in migrations.parts:
            digest = hashlib.sha256()
            for path in sorted([*migrations.glob("0001_*.py"), *migrations.glob("sql/0001/**/*.sql")]):
                digest.update(str(path.relative_to(base_dir)).encode() + b"\0" + path.read_bytes() + b"\0")
            digests[app.label] = digest.hexdigest()
    return digests


def is_made_by_others(home: Path, base_dir: Path) -> bool:
    """Tell whether the embedded database in ``home`` was made by other initial migrations than today's.

    An app that came later is no other: its migrations are simply pending.
    """
    made_by = home / MADE_BY_FILE
    if not made_by.exists():
        return False
    today = initial_migrations(base_dir)
    recorded = (line.partition(" ") for line in made_by.read_text().splitlines())
    return any(today.get(label) != digest for digest, _, label in recorded)


def remember_maker(home: Path, base_dir: Path) -> None:
    """Note which initial migrations made the embedded database in ``home``: a digest and a label in each line."""
    lines = [f"{digest} {label}\n" for label, digest in sorted(initial_migrations(base_dir).items())]
    (home / MADE_BY_FILE).write_text("".join(lines))


def migrate_schemas(*, tell: Callable[[str], None]) -> int:
    """Apply what is pending, in the public schema and then in each tenant's; return how many schemas changed.

    The application's role is made where it is missing, and each schema that changed is opened to it.

    Args:
        tell: Is given one line for each schema that is behind; nothing for the others.

    Raises:
        InconsistentMigrationHistory: The database was made by a history of migrations that is not this one.
    """
    is_new_role = ensure_application_role()
    public = get_public_schema_name()
    changed = _migrate(public, tell=tell)
    ensure_template()
    existing = list(filter(_exists, _tenant_schemas()))  # one that is missing is made current
    for schema_name in existing:
        changed += _migrate(schema_name, tell=tell)
    if is_new_role:  # of a database that is older than the role: what did not change is opened as well
        for schema_name in (public, TEMPLATE_SCHEMA, *existing):
            open_schema(schema_name)
    return changed


def pending_schemas() -> dict[str, int]:
    """Return the schemas that are behind, and by how many migrations; public alone while it is: it lists the others."""
    public = get_public_schema_name()
    if behind := pending_migrations(public):
        return {public: behind}
    schemas = filter(_exists, [TEMPLATE_SCHEMA, *_tenant_schemas()])
    counted = {name: pending_migrations(name) for name in schemas}
    return {name: count for name, count in counted.items() if count}


def _tenant_schemas() -> list[str]:
    tenants = get_tenant_model().objects.using(OWNER_ALIAS).exclude(schema_name=get_public_schema_name())
    return list(tenants.order_by("schema_name", "pk").values_list("schema_name", flat=True))


def _exists(schema_name: str) -> bool:
    return schema_exists(schema_name, using=OWNER_ALIAS)


def _migrate(schema_name: str, *, tell: Callable[[str], None]) -> int:
    pending = pending_migrations(schema_name)
    if not pending:
        return 0
    tell(f"{schema_name}: applying {pending} migration{'s' if pending > 1 else ''}")
    migrate_schema(schema_name)
    return 1
