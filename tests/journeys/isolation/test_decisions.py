"""The tables of decisions against documents and sites: neither may have what the other has not."""

import copy

from django.http import HttpResponse
from django.urls import path

from tests.journeys.isolation.decisions import DECISIONS, gaps
from tests.journeys.isolation.documents import documents, operations, operations_of
from tests.journeys.isolation.page_decisions import PAGE_DECISIONS
from tests.journeys.isolation.pages import pages, pages_of


def test_every_operation_has_a_decision_and_every_decision_an_operation() -> None:
    assert gaps(operations(), DECISIONS) == []


def test_an_operation_that_is_added_without_a_decision_is_named() -> None:
    document = copy.deepcopy(documents()["tenant"])
    document["paths"]["/api/v1/secrets"] = {"get": {"operationId": "secrets_list", "responses": {}}}
    found = [one.key for one in operations_of("tenant", document)]
    decided = [key for key in DECISIONS if key.startswith("tenant:")]
    assert gaps(found, decided) == ["tenant:secrets_list is without a decision"]


def test_a_method_that_is_added_to_a_path_is_an_operation_of_its_own() -> None:
    document = copy.deepcopy(documents()["tenant"])
    document["paths"]["/api/v1/resolve"]["put"] = {"operationId": "resolve_put", "responses": {}}
    found = [one.key for one in operations_of("tenant", document)]
    assert "tenant:resolve_put is without a decision" in gaps(found, DECISIONS)


def test_a_decision_about_what_is_no_operation_any_more_is_named() -> None:
    assert gaps(operations(), [*DECISIONS, "tenant:gone"]) == ["tenant:gone is decided and no operation"]


def test_every_page_of_both_sites_has_a_decision_and_every_decision_a_page() -> None:
    assert gaps(pages(), PAGE_DECISIONS, "page") == []


def test_a_page_that_is_added_without_a_decision_is_named() -> None:
    added = [path("directory/source/<path:object_id>/copy/", HttpResponse, name="directory_source_copy")]
    found = [*pages(), *(page.key for page in pages_of("tenant", added))]
    assert gaps(found, PAGE_DECISIONS, "page") == ["tenant:directory_source_copy is without a decision"]
