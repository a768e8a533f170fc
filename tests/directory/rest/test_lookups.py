"""The suffixes of filters, and patterns that are no patterns or never end."""

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from config.foundation.rest.lookups import TEXT
from directory import filters
from directory.models import Participant
from tests.directory.rest.calling import places, problem_of

ALPHA, BETA, GAMMA = "Alpha Bank", "Beta Node", "Gamma Range"
FOREVER = r"^(a*)(a*)(a*)(a*)(a*)\1\2\3\4\5$"  # of an odd number of letters it tries every way in vain


def names_of(api, query):
    return {row["name"] for row in api.list("participants", dict(QueryDict(query).lists()))}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("name__n=Alpha Bank", {BETA, GAMMA}),
        ("name__n=Alpha Bank&name__n=Beta Node", {GAMMA}),
        ("name__nic=NODE", {ALPHA, GAMMA}),
        ("name__nisw=alpha", {BETA, GAMMA}),
        ("name__iew=NK", {ALPHA}),
        ("name__niew=nk", {BETA, GAMMA}),
        ("name__ie=ALPHA bank", {ALPHA}),
        ("name__nie=ALPHA bank", {BETA, GAMMA}),
        ("name__ie=ALPHA ban", set()),
        ("name__regex=^(Alpha|Gamma) ", {ALPHA, GAMMA}),
        ("name__regex=^alpha", set()),
        ("name__iregex=^alpha", {ALPHA}),
        ("kind__n=node", {ALPHA, GAMMA}),
        ("kind__n=node&kind__n=range", {ALPHA}),
        ("confidence__n=0.25", {ALPHA, BETA}),
        ("confidence__lt=0.25", set()),
        ("confidence__lte=0.25", {GAMMA}),
        ("confidence__gt=0.25", {ALPHA, BETA}),
        ("confidence__gte=0.25", {ALPHA, BETA, GAMMA}),
        ("country__empty=true", {BETA, GAMMA}),
        ("country__empty=false", {ALPHA}),
        ("country__n=SE", {BETA, GAMMA}),
        ("tags__any=b&tags__any=x", {ALPHA}),
        ("tags__any=a", {ALPHA, BETA}),
        ("tags__n=b", {BETA, GAMMA}),
        ("tags__n=b&tags__n=a", {GAMMA}),
        ("tags__empty=true", {GAMMA}),
        ("tags__empty=false", {ALPHA, BETA}),
    ],
)
def test_a_suffix_says_how_a_value_is_compared(acme_api, three_participants, query, names):
    assert names_of(acme_api, query) == names


def test_rows_without_a_relation_are_found_and_are_not_its_participants(acme_api, acme, full_directory):
    (first, *_others) = acme_api.list("capabilities")
    assert acme_api.ids("capabilities", {"endpoint_id__empty": "true"}) == set()
    assert first["id"] not in acme_api.ids("capabilities", {"endpoint_id__n": first["endpoint_id"]})
    assert len(acme_api.ids("capabilities", {"participant__n": first["participant"]["name"]})) == 2


def test_every_comparison_of_texts_is_declared_of_names():
    declared = {
        one.lookup_expr
        for one in filters.ParticipantFilters.base_filters.values()
        if one.field_name == "name"
    }
    assert declared == set(TEXT)


def test_a_negated_value_finds_no_confidential_row_either(acme_api, confidential_identifier):
    for query in (
        {"value__n": "x"},
        {"value__nic": "x"},
        {"normalized__regex": "."},
        {"value__iregex": "^e"},
    ):
        assert confidential_identifier.display_id not in acme_api.ids("identifiers", query)
    assert confidential_identifier.display_id in acme_api.ids("identifiers", {"scope__n": "x"})


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("name__regex=(", [("name__regex", "invalid_regex")]),
        ("name__regex=[&name__iregex=*a&limit=0", None),
        ("name__regex=" + "a" * 201, [("name__regex", "max_length")]),
        ("name__regex=", [("name__regex", "required")]),
        ("q=", [("q", "required")]),
        ("q=%20%C2%A0", [("q", "required")]),
        ("name__regex=a&name__regex=b", [("name__regex", "repeated")]),
        ("name__regex=%01", [("name__regex", "invalid_text")]),
        ("kind__regex=a", [("kind__regex", "unknown_parameter")]),
        ("kind__n=bank", [("kind__n", "invalid_choice")]),
        ("tags__empty=yes", [("tags__empty", "invalid_choice")]),
        ("name__lt=a", [("name__lt", "unknown_parameter")]),
        ("created_at__n=2026-01-01T00:00:00Z", [("created_at__n", "unknown_parameter")]),
    ],
)
def test_a_value_that_cannot_be_compared_is_named(acme_api, acme, query, expected):
    response = acme_api.get(f"directory/participants?{query}")
    problem_of(response)
    assert sorted(places(response)) == (
        expected
        or [
            ("limit", "limit_out_of_range"),
            ("name__iregex", "invalid_regex"),
            ("name__regex", "invalid_regex"),
        ]
    )


def test_a_pattern_that_would_run_for_minutes_is_stopped_and_named(acme_api, acme):
    with acme:
        Participant.objects.create(name="a" * 199)
    with CaptureQueriesContext(connection) as asked:
        response = acme_api.get("directory/participants", {"name__regex": FOREVER})
    assert problem_of(response)["status"] == 400
    assert any("set_config('statement_timeout', '1000', true)" in query["sql"] for query in asked)
    assert places(response) == [("name__regex", "regex_too_slow")]


def test_the_limit_of_a_pattern_holds_for_it_alone(acme_api, acme):
    def limit():
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('statement_timeout')")
            return cursor.fetchone()[0]

    earlier = limit()
    for pattern in ("a", "("):
        acme_api.get("directory/participants", {"name__regex": pattern})
        assert limit() == earlier
