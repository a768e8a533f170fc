"""Whatever the database refuses, a caller is told in words: each constraint, and each error that a trigger raises."""

import re
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection

from config.foundation.constraints import (
    CHECK,
    EXCLUSION,
    FOREIGN_KEY,
    UNIQUE,
    refusal_of,
    trigger_rules,
)
from config.foundation.errors import Refused, error_registry
from tests.roles import as_owner

STATES = {"u": UNIQUE, "p": UNIQUE, "c": CHECK, "f": FOREIGN_KEY, "x": EXCLUSION}
OVERTAKEN = "conflict"  # what is said where nothing is known of a constraint
CONSTRAINTS = """
    SELECT c.relname, k.conname, k.contype, a.attname
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
    LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.conkey[1]
    WHERE c.relnamespace = current_schema()::regnamespace AND k.contype IN ('u', 'p', 'c', 'f', 'x')
"""
UNIQUE_INDEXES = """
    SELECT t.relname, i.relname, 'u', NULL
    FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
    WHERE t.relnamespace = current_schema()::regnamespace AND t.relkind = 'r' AND x.indisunique
    AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.oid)
"""
FUNCTIONS = """
    SELECT DISTINCT p.proname, p.prosrc FROM pg_proc p JOIN pg_trigger t ON t.tgfoid = p.oid
    JOIN pg_class c ON c.oid = t.tgrelid
    WHERE c.relnamespace = current_schema()::regnamespace AND NOT t.tgisinternal
"""
RAISE = re.compile(r"RAISE\s+EXCEPTION\b.*?;", re.DOTALL | re.IGNORECASE)
NAMED = re.compile(r"\bCONSTRAINT\s*=\s*'(\w+)'")
STATE = re.compile(r"\bERRCODE\s*=\s*'(\w+)'")
# What no caller brings about: rights that the application has not, a chain that was tampered with, a key that no
# operation changes. Such a fault is ours, and is logged.
OURS = frozenset({"insufficient_privilege", "data_corrupted", "restrict_violation"})


class Breach(Exception):  # noqa: N818 -- it stands for a driver's error
    """What the driver says of a broken constraint."""

    def __init__(self, table: str, name: str, kind: str, column: str | None) -> None:
        super().__init__(name)
        self.sqlstate = STATES[kind]
        detail = f"Key ({column})=(7) is not present"
        self.diag = SimpleNamespace(
            constraint_name=name, table_name=table, column_name=column, message_detail=detail
        )


def refused(table: str, name: str, kind: str, column: str | None) -> Any:
    error = DatabaseError(name)
    error.__cause__ = Breach(table, name, kind, column)
    return refusal_of(error)


def rows(query: str) -> list[tuple[Any, ...]]:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(query)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def codes(refusal: Any) -> set[str]:
    """Return the codes of a refusal."""
    if isinstance(refusal, Refused):
        return {refusal.code}
    assert isinstance(refusal, ValidationError)
    return {str(one.code) for errors in refusal.error_dict.values() for one in errors}


def unsaid(found: list[tuple[Any, ...]]) -> list[str]:
    """Return each constraint of a model's table of which nothing is known."""
    models = apps.get_models(include_auto_created=True)
    tables = {model._meta.db_table for model in models if model._meta.managed}  # others are a library's own
    return [
        f"{table}.{name}"
        for table, name, kind, column in found
        if table in tables and not _has_words(refused(table, name, kind, column))
    ]


def _has_words(refusal: Any) -> bool:
    if refusal is None or (isinstance(refusal, ValidationError) and not hasattr(refusal, "error_dict")):
        return False
    return OVERTAKEN not in codes(refusal)


@pytest.mark.parametrize("query", [CONSTRAINTS, UNIQUE_INDEXES], ids=["constraints", "unique indexes"])
@pytest.mark.parametrize("schema", ["acme", "public"])
def test_every_constraint_is_told_in_words(schema, query, acme):
    if schema == "public":
        found = rows(query)
    else:
        with acme:
            found = rows(query)
    assert len(found) >= 3
    assert unsaid(found) == []


def test_a_constraint_that_no_model_declares_is_found(acme):
    with acme, as_owner(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE directory_policy ADD CONSTRAINT policy_of_mine CHECK (name <> 'x')")
        cursor.execute("CREATE UNIQUE INDEX policy_once_more ON directory_policy (name, reason)")
    with acme:
        assert unsaid(rows(CONSTRAINTS)) == ["directory_policy.policy_of_mine"]
        assert unsaid(rows(UNIQUE_INDEXES)) == ["directory_policy.policy_once_more"]


def raised() -> list[tuple[str, str, str]]:
    """Return (function, constraint, state) of each error that a trigger of the selected schema raises."""
    return [
        (function, first(NAMED, statement), first(STATE, statement))
        for function, source in rows(FUNCTIONS)
        for statement in RAISE.findall(source)
    ]


def first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found else ""


def wordless(found: list[tuple[str, str, str]]) -> list[str]:
    """Return each trigger's error that nothing is said of, and that is none of our own faults."""
    return [
        f"{function} raises {name or state or 'an error without a code'}"
        for function, name, state in found
        if name not in trigger_rules() and (name or state not in OURS)
    ]


def test_every_error_of_a_trigger_is_told_in_words(acme):
    here = raised()
    with acme:
        here += raised()
    assert wordless(here) == []
    assert {name for _, name, _ in here if name} == set(trigger_rules()), "a rule that no trigger holds"


def test_an_error_of_a_trigger_without_words_is_found(acme):
    source = "RAISE EXCEPTION 'no' USING ERRCODE = 'check_violation', CONSTRAINT = 'rule_of_mine';"
    with acme, as_owner(), connection.cursor() as cursor:
        cursor.execute(f"CREATE FUNCTION mine() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {source} END $$")
        cursor.execute(
            "CREATE FUNCTION bare() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$"
        )
        for name in ("mine", "bare"):
            cursor.execute(
                f"CREATE TRIGGER {name} BEFORE DELETE ON directory_policy FOR EACH ROW EXECUTE FUNCTION {name}()"
            )
    with acme:
        assert sorted(wordless(raised())) == [
            "bare raises an error without a code",
            "mine raises rule_of_mine",
        ]


@pytest.mark.parametrize("name", sorted(trigger_rules()))
def test_the_code_of_a_triggers_rule_is_registered(name):
    code, message = trigger_rules()[name]
    assert error_registry.get(code) is not None
    assert message.endswith(".")
