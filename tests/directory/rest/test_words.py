"""Free text is found by indexes, in every list that offers it, and in the schema of each tenant."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.foundation.rows import public_schema
from config.foundation.schemas import TEMPLATE_SCHEMA
from directory.enums import SensitivityTier
from directory.models import Identifier, Participant
from directory.rest.resources import RESOURCES
from tests.directory.rest.conftest import saved
from tests.roles import as_owner

SEARCHED = [one for one in RESOURCES if one.filterset_class.searched]
ASKED = [
    (one, parameter)
    for one in SEARCHED
    for parameter in (
        "q",
        *(name for name in one.filterset_class.base_filters if name.endswith(("__ic", "__isw"))),
    )
    if parameter == "q"
    or one.filterset_class.base_filters[parameter].field_name in one.filterset_class.searched
]


def plan_of(api, resource, query):
    """Return the plan of the statement that reads the page, were the tables too long to be read through."""
    table = resource.plural.replace(" ", "-")
    with CaptureQueriesContext(connection) as asked:
        assert api.get(f"directory/{table}", query).status_code == 200
    (statement,) = [one["sql"] for one in asked if f'FROM "{resource.model._meta.db_table}"' in one["sql"]]
    with connection.cursor() as cursor:
        for kind in ("seqscan", "indexscan", "indexonlyscan"):
            cursor.execute(f"SET LOCAL enable_{kind} = off")
        cursor.execute(f"EXPLAIN {statement}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
        for kind in ("seqscan", "indexscan", "indexonlyscan"):
            cursor.execute(f"SET LOCAL enable_{kind} = on")
    return plan


def columns_by_index(plan):
    """Return the columns whose upper-case text an index is asked for."""
    return set(re.findall(r"Index Cond: \(upper\(\(?(\w+)\)?(?:::text)?\) ~~", plan))


@pytest.mark.parametrize(
    ("resource", "parameter"), ASKED, ids=[f"{one.plural} by {parameter}" for one, parameter in ASKED]
)
def test_an_index_finds_the_words_of_a_list(acme_api, full_directory, resource, parameter):
    filters = resource.filterset_class
    with full_directory.tenant:
        plan = plan_of(acme_api, resource, {parameter: "bank"})
    names = filters.searched if parameter == "q" else (filters.base_filters[parameter].field_name,)
    assert {name.rpartition("__")[2] for name in names} <= columns_by_index(plan), plan
    assert "Seq Scan" not in plan


def test_each_schema_has_the_same_indexes_of_words(acme, globex):
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT schemaname, replace(indexdef, schemaname || '.', '') FROM pg_indexes WHERE indexname LIKE %s",
            [r"%\_words"],
        )
        found = cursor.fetchall()
    schemas = ("public", acme.schema_name, globex.schema_name, TEMPLATE_SCHEMA)
    by_schema = {schema: {text for of, text in found if of == schema} for schema in schemas}
    assert len(by_schema["public"]) == len(SEARCHED)
    expected = {text.replace("public.gin_trgm_ops", "gin_trgm_ops") for text in by_schema["public"]}
    for schema in schemas:
        assert {text.replace("public.gin_trgm_ops", "gin_trgm_ops") for text in by_schema[schema]} == expected


def test_words_are_found_in_own_and_related_columns(acme_api, acme):
    with acme:
        alpha, beta = (saved(Participant(name=name)) for name in ("Alpha Bank", "Beta Node"))
        by_value = saved(Identifier(participant=beta, identifier_type="bic", value="ALPHUS33"))
        by_name = saved(Identifier(participant=alpha, identifier_type="bic", value="BANKUS33"))
    assert acme_api.ids("identifiers", {"q": "alph"}) == {by_value.display_id, by_name.display_id}
    assert acme_api.ids("identifiers", {"q": "alph node"}) == {by_value.display_id}
    assert acme_api.ids("identifiers", {"q": "alph US33 bank"}) == {by_name.display_id}


@pytest.mark.parametrize("word", ["%", "_", "100%", "a_b", "\\"])
def test_a_word_is_no_pattern(acme_api, acme, word):
    with acme:
        saved(Participant(name="Alpha Bank"))
        found = saved(Participant(name=f"x{word}y"))
    assert acme_api.ids("participants", {"q": word}) == {found.display_id}


def test_a_word_finds_no_row_of_another_directory(acme_api, globex_api, globex):
    with globex:
        participant = saved(Participant(name="Globex Bank"))
        row = saved(Identifier(participant=participant, identifier_type="bic", value="BANKUS33"))
    with public_schema():
        shared = saved(Participant(name="Globex Shared"))
        common = saved(Identifier(participant=shared, identifier_type="bic", value="SHARUS33"))
    assert globex_api.ids("identifiers", {"q": "globex"}) == {row.display_id}
    assert acme_api.ids("identifiers", {"q": "globex"}) == set()
    assert acme_api.ids("identifiers", {"q": "globex", "directory": "global"}) == {common.display_id}


def test_ciphertext_is_in_no_index_of_words(acme, confidential_identifier):
    assert confidential_identifier.tier >= SensitivityTier.CONFIDENTIAL
    with acme, as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_expr(indpred, indrelid) FROM pg_index WHERE indexrelid = 'identifier_words'::regclass"
        )
        assert cursor.fetchall() == [(f"(tier < {SensitivityTier.CONFIDENTIAL.value})",)]
