from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection

from audit.models import AuditEvent
from config.foundation.triggers import DomainTriggers
from config.postgres import APPLICATION_ROLE
from tests.roles import as_owner
from tests.sealing import seal

THING = """CREATE TABLE thing (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), created_at timestamptz NOT NULL, created_by uuid,
    updated_at timestamptz NOT NULL, updated_by uuid, row_version bigint NOT NULL,
    name text NOT NULL, data jsonb, tier int NOT NULL DEFAULT 0, value text, person text, iban text,
    key bytea, tenant_id uuid, seen_at timestamptz
)"""
OPEN = f"GRANT SELECT, INSERT, UPDATE, DELETE ON thing TO {APPLICATION_ROLE}"
TRIGGERS = DomainTriggers(
    "thing", resource="tests.thing", personal=["person"], confidential=["iban"], secret=["key"],
    by_row=["value"], tenant="tenant_id",
).triggers  # fmt: skip


@dataclass
class Things:
    """A domain table with a column of every tier, in whichever schema is selected."""

    def execute(self, statement: str, *parameters: Any) -> int:
        with connection.cursor() as cursor:
            cursor.execute(statement, list(parameters))
            return int(cursor.rowcount)

    def fetch(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(statement, list(parameters))
            return list(cursor.fetchall())

    def create(self, name: str = "x", **columns: Any) -> Any:
        columns = {"name": name, **columns}
        names, marks = ", ".join(columns), ", ".join(["%s"] * len(columns))
        return self.fetch(f"INSERT INTO thing ({names}) VALUES ({marks}) RETURNING id", *columns.values())[0][
            0
        ]

    def events(self) -> list[AuditEvent]:
        """Seal, and return the events that this table left in the schema selected, in order."""
        seal()
        return list(AuditEvent.objects.filter(resource="tests.thing").order_by("pk"))


def make_table() -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(THING)
        cursor.execute(OPEN)
        for trigger in TRIGGERS:
            cursor.execute(trigger.create("thing"))


@pytest.fixture
def things(acme: Any) -> Iterator[Things]:
    """Select acme, whose schema has a table ``thing`` until the test is over."""
    with acme:
        make_table()
        yield Things()


@pytest.fixture
def tamper(things: Things) -> Callable[..., int]:
    """Run a statement as a superuser who has switched the triggers off."""

    def run(statement: str, *parameters: Any) -> int:
        with as_owner():
            things.execute("SET LOCAL session_replication_role = replica")
            try:
                return things.execute(statement, *parameters)
            finally:
                things.execute("SET LOCAL session_replication_role = origin")

    seal()
    return run
