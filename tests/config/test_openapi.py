import json
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from openapi_spec_validator import validate

from config.foundation.errors import error_registry
from config.openapi import document_bytes, serve_document, show_page
from tests.openapi import checker, resolved

URLCONFS = {"platform": settings.ROOT_URLCONF, "tenant": settings.TENANT_URLCONF}
DOCUMENTS = {name: json.loads(document_bytes(urlconf, "json")) for name, urlconf in URLCONFS.items()}
OPERATIONS = [
    pytest.param(document, method, path, operation, id=f"{name} {method} {path}")
    for name, document in DOCUMENTS.items()
    for path, methods in document["paths"].items()
    for method, operation in methods.items()
]


API_OPERATIONS = [one for one in OPERATIONS if str(one.values[2]).startswith("/api/")]


@pytest.mark.parametrize("name", URLCONFS)
def test_the_committed_document_is_what_the_code_says(name):
    committed = Path(settings.BASE_DIR, "docs/openapi", f"{name}.yaml").read_bytes()
    assert committed == document_bytes(URLCONFS[name], "yaml"), "run `make schema` and look at the change"


@pytest.mark.parametrize("name", URLCONFS)
def test_a_document_is_openapi_3_1_and_valid(name):
    assert DOCUMENTS[name]["openapi"] == "3.1.0"
    validate(DOCUMENTS[name])


@pytest.mark.parametrize("name", URLCONFS)
def test_a_document_begins_with_how_one_calls(name):
    said = DOCUMENTS[name]["info"]["description"]
    assert "# The first token" in said
    assert "RateLimit" in said
    assert all(tag["description"].endswith(".") for tag in DOCUMENTS[name]["tags"])


@pytest.mark.parametrize(("document", "method", "path", "operation"), OPERATIONS)
def test_a_rehearsed_change_is_shown_as_a_change(document, method, path, operation):
    if method != "patch" or "200" not in operation["responses"]:
        return
    shown = operation["responses"]["200"]["content"]["application/json"]["examples"].get("dry_run")
    for item in shown["value"]["items"] if shown else ():
        assert all(one == {} or one["before"] != one["after"] for one in item["changes"].values())


@pytest.mark.parametrize("name", URLCONFS)
def test_both_formats_say_the_same(name):
    assert yaml.safe_load(document_bytes(URLCONFS[name], "yaml")) == DOCUMENTS[name]


@pytest.mark.parametrize("name", URLCONFS)
def test_operation_ids_are_unique_and_read_resource_verb(name):
    ids = [one["operationId"] for methods in DOCUMENTS[name]["paths"].values() for one in methods.values()]
    assert len(ids) == len(set(ids))
    assert all("_" in one and one.islower() for one in ids)


@pytest.mark.parametrize(("document", "method", "path", "operation"), OPERATIONS)
def test_an_operation_says_what_it_does_and_shows_it(document, method, path, operation):
    assert operation["summary"]
    assert operation["description"].endswith(".")
    assert len(operation["tags"]) == 1
    successes = [one for status, one in operation["responses"].items() if status.startswith("2")]
    assert successes
    for body in (operation.get("requestBody"), *successes):
        for content in (body or {}).get("content", {}).values():
            assert content["examples"]
            for example in content["examples"].values():
                checker(document, content["schema"]).validate(example["value"])


def has_dry_run(operation):
    return any(one.get("name") == "dry_run" for one in operation.get("parameters", []))


def tables_that_are_written():
    """Return the operations of each address of the directory that creates rows and can rehearse it."""
    return {
        path: methods
        for path, methods in DOCUMENTS["tenant"]["paths"].items()
        if path.startswith("/api/v1/directory/")
        and "201" in methods.get("post", {}).get("responses", {})
        and has_dry_run(methods["post"])
    }


def test_each_write_of_a_table_offers_a_rehearsal_and_shows_its_answer():
    paths = DOCUMENTS["tenant"]["paths"]
    for table in tables_that_are_written():
        addresses = (table, f"{table}/{{id}}", f"{table}/bulk-delete")
        writes = [one for path in addresses for method, one in paths[path].items() if method != "get"]
        assert len(writes) == 5
        for operation in writes:
            assert has_dry_run(operation)
            success = operation["responses"]["201" if "201" in operation["responses"] else "200"]
            examples = success["content"]["application/json"]["examples"]
            assert examples["dry_run"]["value"]["dry_run"] is True


def test_each_table_that_is_written_takes_one_row_or_many_and_shows_both():
    assert len(tables_that_are_written()) == 11
    for table, methods in tables_that_are_written().items():
        content = methods["post"]["requestBody"]["content"]["application/json"]
        one, many = (resolved(DOCUMENTS["tenant"], schema) for schema in content["schema"]["oneOf"])
        assert (one["type"], many["type"], many["maxItems"]) == ("object", "array", 1000), table
        assert list(content["examples"]) == ["example", "many"]
        body = methods["patch"]["requestBody"]["content"]["application/json"]
        assert resolved(DOCUMENTS["tenant"], body["schema"])["type"] == "array"


@pytest.mark.parametrize(("document", "method", "path", "operation"), API_OPERATIONS)
def test_an_operation_names_each_of_its_errors_as_a_problem(document, method, path, operation):
    statuses = {int(status) for status in operation["responses"] if int(status) >= 400}
    assert statuses >= ({400, 401, 403, 404, 406, 421, 429, 500, 503} if operation["security"] else {400})
    for status in statuses:
        content = operation["responses"][str(status)]["content"]["application/problem+json"]
        problem = checker(document, content["schema"])
        for code, reference in content["examples"].items():
            value = resolved(document, reference)["value"]
            problem.validate(value)
            assert (value["code"], value["status"]) == (code, status)
            assert error_registry.get(code) is not None


@pytest.mark.parametrize(("document", "method", "path", "operation"), OPERATIONS)
def test_every_answer_of_a_limited_operation_tells_of_its_limits_and_no_other_does(
    document, method, path, operation
):
    expected = {"RateLimit", "RateLimit-Policy"} if path.startswith("/api/v1/") else set()
    for status, response in operation["responses"].items():
        named = {name for name in response.get("headers", {}) if name.startswith("RateLimit")}
        assert named == expected, status
        assert ("Retry-After" in response.get("headers", {})) >= (status == "429")
    assert ("429" in operation["responses"]) == bool(expected)


@pytest.mark.parametrize(("document", "method", "path", "operation"), OPERATIONS)
def test_an_id_in_an_address_carries_its_pattern(document, method, path, operation):
    for one in operation.get("parameters", []):
        parameter = resolved(document, one)
        if parameter["in"] == "path":
            schema = parameter["schema"]
            assert schema.get("type") == "integer" or schema["pattern"].startswith("^")


def test_the_tenant_document_is_served_below_a_slug():
    (server,) = DOCUMENTS["tenant"]["servers"]
    assert server["url"] == "/t/{slug}"
    assert "slug" in server["variables"]


def test_every_table_of_the_directory_can_be_listed_and_read():
    tables = [
        "participants", "identifiers", "endpoints", "capabilities", "credentials", "policies", "edges",
        "routing-artifacts", "prefix-rules", "sources", "source-runs", "probes",
    ]  # fmt: skip
    paths = DOCUMENTS["tenant"]["paths"]
    assert {f"/api/v1/directory/{table}{end}" for table in tables for end in ("", "/{id}")} <= paths.keys()


@pytest.mark.parametrize(
    ("query", "accept", "media_type"),
    [
        ("", "*/*", "application/json"),
        ("", "application/yaml", "application/yaml"),
        ("?format=yaml", "*/*", "application/yaml"),
        ("?format=json", "application/yaml", "application/json"),
    ],
)
def test_the_document_is_served_in_either_format(rf, query, accept, media_type):
    response = serve_document(rf.get(f"/api/schema/{query}", headers={"Accept": accept}), URLCONFS["tenant"])
    assert (response.status_code, response["Content-Type"]) == (200, media_type)


def test_the_document_is_held_by_its_tag(rf):
    tag = serve_document(rf.get("/api/schema/"), URLCONFS["tenant"])["ETag"]
    again = serve_document(rf.get("/api/schema/", headers={"If-None-Match": tag}), URLCONFS["tenant"])
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)


@pytest.mark.parametrize(
    ("name", "query", "disposition"),
    [
        ("tenant", "", 'inline; filename="switchboard-tenant.json"'),
        ("tenant", "?format=yaml&download=false", 'inline; filename="switchboard-tenant.yaml"'),
        ("platform", "?download=true", 'attachment; filename="switchboard-platform.json"'),
    ],
)
def test_the_document_is_saved_as_a_file_on_demand(rf, name, query, disposition):
    response = serve_document(rf.get(f"/api/schema/{query}"), URLCONFS[name])
    assert (response.status_code, response["Content-Disposition"]) == (200, disposition)


@pytest.mark.parametrize("query", ["?format=xml", "?download=yes", "?formt=json", "?format=json&format=json"])
def test_a_bad_question_for_the_document_is_a_problem(rf, query):
    response = serve_document(rf.get(f"/api/schema/{query}"), URLCONFS["tenant"])
    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")


@pytest.mark.parametrize("template", ["openapi/swagger.html", "openapi/redoc.html"])
def test_a_page_of_the_document_asks_no_other_host_and_runs_no_script_of_its_own(rf, template):
    request = rf.get("/api/docs/", SCRIPT_NAME="/t/acme")
    response = show_page(request, template)
    page = response.content.decode()
    assert "://" not in page
    assert "<script>" not in page
    assert "/t/acme/api/schema/" in page
    assert "default-src 'self'" in response["Content-Security-Policy"]
