"""The table of decisions against the documents: neither may have what the other has not."""

import copy

from tests.journeys.isolation.decisions import DECISIONS, gaps
from tests.journeys.isolation.documents import documents, operations, operations_of


def test_every_operation_has_a_decision_and_every_decision_an_operation() -> None:
    assert gaps(operations(), DECISIONS) == []


def test_an_operation_that_is_added_without_a_decision_is_named() -> None:
    document = copy.deepcopy(documents()["tenant"])
    document["paths"]["/api/v1/secrets"] = {"get": {"operationId": "secrets_list", "responses": {}}}
    found = [one.key for one in operations_of("tenant", document)]
    decided = [key for key in DECISIONS if key.startswith("tenant:")]
    assert gaps(found, decided) == ["tenant:secrets_list is an operation without a decision"]


def test_a_method_that_is_added_to_a_path_is_an_operation_of_its_own() -> None:
    document = copy.deepcopy(documents()["tenant"])
    document["paths"]["/api/v1/resolve"]["put"] = {"operationId": "resolve_put", "responses": {}}
    found = [one.key for one in operations_of("tenant", document)]
    assert "tenant:resolve_put is an operation without a decision" in gaps(found, DECISIONS)


def test_a_decision_about_what_is_no_operation_any_more_is_named() -> None:
    assert gaps(operations(), [*DECISIONS, "tenant:gone"]) == ["tenant:gone is decided and no operation"]
