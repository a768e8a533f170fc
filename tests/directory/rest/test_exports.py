"""Lists as files: every row of the filter, safe to open, audited, and of one schema to the last page."""

import csv
import io
import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from config.foundation.rest import exports
from config.foundation.rest.views import exporting
from config.foundation.rows import public_schema, schema_selected, selected_schema
from directory.models import Participant
from directory.rest.resources import RESOURCES
from tests.directory.rest.calling import places, problem_of
from tests.sealing import seal

TABLES = [one.plural.replace(" ", "-") for one in RESOURCES]
CSV, LINES = "text/csv", "application/x-ndjson"


def exported(api, path, media_type, query=None):
    response = api.get(path, query, Accept=media_type)
    assert response.status_code == 200
    assert response.streaming
    assert response["Content-Type"] == f"{media_type}; charset=utf-8"
    return response.getvalue().decode()


def table_of(text):
    return list(csv.reader(io.StringIO(text, newline="")))


def events_of(tenant, action):
    with tenant:
        seal()
        return list(AuditEvent.objects.filter(action=action).order_by("pk"))


@pytest.fixture
def short_pages(monkeypatch):
    monkeypatch.setattr(exporting, "PAGE_SIZE", 2)


@pytest.mark.parametrize("table", TABLES)
def test_a_file_has_the_rows_and_columns_of_the_list(acme_api, full_directory, short_pages, table):
    rows = acme_api.list(table)
    lines = exported(acme_api, f"directory/{table}", LINES).splitlines()
    assert [json.loads(line) for line in lines] == rows
    names, *cells = table_of(exported(acme_api, f"directory/{table}", CSV))
    assert names == list(rows[0])
    assert [one[names.index("id")] for one in cells] == [row["id"] for row in rows]


def test_a_file_obeys_filter_ordering_and_chosen_fields(acme_api, three_participants, short_pages):
    query = {"name__n": "Beta Node", "ordering": "-name", "fields": "kind,name,tags,confidence"}
    names, *rows = table_of(exported(acme_api, "directory/participants", CSV, query))
    assert names == ["name", "kind", "tags", "confidence"]
    assert rows == [
        ["Gamma Range", "range", "[]", "0.25"],
        ["Alpha Bank", "organization", '["a","b"]', "1.0"],
    ]


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_no_cell_is_a_formula(acme_api, acme, start):
    name = f"{start}1+1"
    with acme:
        Participant.objects.create(name=name)
    _names, row = table_of(exported(acme_api, "directory/participants", CSV, {"fields": "name"}))
    assert row == [f"'{name}"]
    assert json.loads(exported(acme_api, "directory/participants", LINES, {"fields": "name"}))["name"] == name


@pytest.mark.parametrize("media_type", [CSV, LINES])
def test_an_export_is_written_to_the_chain_before_a_row_leaves(acme_api, acme, full_directory, media_type):
    response = acme_api.get("directory/participants", {"name__isw": "Bank"}, Accept=media_type)
    (event,) = events_of(acme, "export")
    assert (event.resource, event.actor.split(":")[0]) == ("directory.participant", "token")
    kind = {CSV: "csv", LINES: "ndjson"}[media_type]
    assert event.payload == {"format": kind, "filters": ["name__isw"], "rows": 3}
    assert response.getvalue().count(b"Bank") == 3


def test_what_is_sent_after_the_request_is_of_its_own_schema(
    acme_api, acme, globex, full_directory, short_pages
):
    with globex:
        Participant.objects.create(name="Globex's own")
    with public_schema():
        Participant.objects.create(name="Everybody's")
    for selected in (globex, None):
        response = acme_api.get("directory/participants", {"fields": "name"}, Accept=LINES)
        with schema_selected(selected) if selected else public_schema():
            sent = [json.loads(line)["name"] for line in b"".join(response).decode().splitlines()]
            assert selected_schema("default") == (selected.schema_name if selected else "public")
        assert sent == ["Bank 0", "Bank 1", "Bank 2"]
    shared = exported(acme_api, "directory/participants", LINES, {"directory": "global", "fields": "name"})
    assert "Everybody's" in shared
    assert "Bank 0" not in shared


def test_a_confidential_value_is_sent_as_its_caller_sees_it_and_the_reading_is_audited(
    acme_api, make_api, acme, confidential_identifier
):
    assert "MERCHANT" not in exported(acme_api, "directory/identifiers", CSV)
    assert events_of(acme, "read") == []
    clear = make_api("acme", "directory.read", "view_confidential")
    response = clear.get("directory/identifiers", Accept=LINES)
    assert "MERCHANT0000001" in response.getvalue().decode()
    (event,) = events_of(acme, "read")
    assert event.resource_id == str(confidential_identifier.pk)
    assert event.request_id == response["X-Request-ID"]


def test_a_file_is_read_a_page_at_a_time(acme_api, acme, monkeypatch):
    monkeypatch.setattr(exporting, "PAGE_SIZE", 3)
    with acme:
        for number in range(10):
            Participant.objects.create(name=f"P{number}")
    response = acme_api.get("directory/participants", Accept=LINES)
    parts = iter(response)
    with CaptureQueriesContext(connection) as captured:
        assert len(next(parts).splitlines()) == 3
    assert len([one for one in captured if 'FROM "directory_participant"' in one["sql"]]) == 1
    assert sum(len(part.splitlines()) for part in parts) == 7


@pytest.mark.parametrize("name", exporting.PAGE_PARAMETERS)
def test_a_file_takes_no_parameter_of_a_page(acme_api, acme, name):
    value = {"count": "estimate", "cursor": "x"}.get(name, "1")
    response = acme_api.get("directory/participants", {name: value}, Accept=CSV)
    assert (name, "exclusive") in places(response)


def test_a_refusal_is_a_problem_whatever_was_asked_for(acme_api, acme):
    assert places(acme_api.get("directory/participants", {"nmae": "x"}, Accept=CSV)) == [
        ("nmae", "unknown_parameter")
    ]


def test_a_file_is_offered_of_lists_alone_and_to_who_prefers_it(acme_api, acme):
    with acme:
        row = Participant.objects.create(name="Here")
    detail = acme_api.get(f"directory/participants/{row.display_id}", Accept=CSV)
    assert problem_of(detail)["code"] == "not_acceptable"
    assert acme_api.get("directory/participants", Accept="*/*")["Content-Type"] == "application/json"


def test_the_head_of_a_file_is_no_export(acme_api, acme, full_directory):
    response = acme_api.request("HEAD", "directory/participants", Accept=CSV)
    assert response.status_code == 200
    assert response["Content-Disposition"] == 'attachment; filename="participants.csv"'
    assert events_of(acme, "export") == []


def test_both_kinds_of_files_are_offered():
    assert exports.EXPORTED_TYPES == (CSV, LINES)
