"""The command that brings schemas up to date."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connections

from config.foundation.schemas import OWNER_ALIAS, known_migrations, recorded_migrations
from tests import cast
from tests.inventory import inventory

pytestmark = pytest.mark.usefixtures("committed")


def run(**options):
    out = StringIO()
    try:
        call_command("migrate_schemas", stdout=out, **options)
    except SystemExit as end:
        return end.code, out.getvalue()
    return 0, out.getvalue()


def empty(schema):
    with connections[OWNER_ALIAS].cursor() as cursor:
        cursor.execute(f"DROP SCHEMA {schema} CASCADE; CREATE SCHEMA {schema}")


def test_schemas_at_head_are_left_alone():
    assert run() == (0, "0 schemas changed\n")
    assert run(check=True) == (0, "0 schemas behind\n")


def test_a_schema_that_is_behind_is_named_brought_forward_and_opened():
    acme, globex = (cast.tenant(slug).schema_name for slug in ("acme", "globex"))
    count = len(known_migrations())
    empty(acme)
    assert run(check=True) == (1, f"{acme}: {count} pending\n1 schemas behind\n")
    assert run() == (0, f"{acme}: applying {count} migrations\n1 schemas changed\n")
    assert recorded_migrations(acme) == known_migrations()
    ours, reference = inventory(acme), inventory(globex)
    assert {kind: ours[kind] for kind in ours if kind != "rows"} == {
        kind: reference[kind] for kind in reference if kind != "rows"
    }
