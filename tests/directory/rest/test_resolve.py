import json
import logging

import pytest
from django.db import connection

from config.foundation.display_ids import display_id
from config.openapi import document_bytes
from tests.directory.rest.calling import places, problem_of
from tests.openapi import checker
from tests.sealing import seal

BIC = {
    "identifiers": [{"type": "as4.partyId", "value": "BANKUS33XXX", "scope": "BIC"}],
    "serviceContext": {"service": "iso20022.fi", "action": "credit.transfer"},
}
MISS = {"identifiers": [{"type": "bic", "value": "NOBKDEFF"}]}
CARD = "4111111111111111"


def resolve(api, body):
    return api.post("resolve", json.dumps(body))


def test_a_known_bic_resolves_to_its_directive(acme_api, bank):
    answer = resolve(acme_api, BIC).json()
    primary = answer["primary"]
    assert primary["target_protocol"] == "as4"
    assert primary["target_address"] == "https://as4.bankus.com/fi"
    assert primary["transport_profile"] == "as4.fifi.iso20022.v1"
    assert primary["security"]["signRequired"] is primary["security"]["encryptRequired"] is True
    assert primary["security"]["keyRefs"] == ["vault://certs/bankus/iso20022"]
    assert answer["directives"][0] == primary
    assert [(one["source"], one["outcome"]) for one in answer["resolution_trace"]][-1] == (
        "internal directory",
        "hit",
    )


def test_an_answer_is_what_the_contract_says(acme_api, bank):
    document = json.loads(document_bytes("config.urls_tenant", "json"))
    response = checker(document, {"$ref": "#/components/schemas/ResolveResponse"})
    for body in (BIC, MISS, {**BIC, "explain": True, "correlationId": "c-1"}):
        response.validate(resolve(acme_api, body).json())


def test_a_miss_is_an_answer(acme_api):
    response = resolve(acme_api, MISS)
    answer = response.json()
    assert response.status_code == 200
    assert answer["directives"] == []
    assert answer["negative_cache_ttl"] == 60
    assert "primary" not in answer


def test_equal_requests_have_equal_bytes(acme_api, bank):
    assert resolve(acme_api, BIC).content == resolve(acme_api, BIC).content


def test_get_answers_like_post_and_is_held_by_its_tag(acme_api, bank):
    query = {
        "type": "as4.partyId",
        "value": "BANKUS33XXX",
        "scope": "BIC",
        "service": "iso20022.fi",
        "action": "credit.transfer",
    }
    response = acme_api.get("resolve", query)
    assert response.json() == resolve(acme_api, BIC).json()
    again = acme_api.get("resolve", query, If_None_Match=response["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {bank.schema}.directory_endpoint SET priority = priority + 1")
    seal()  # the version moves when the transaction ends
    assert acme_api.get("resolve", query, If_None_Match=response["ETag"]).status_code == 200


def test_bulk_answers_each_request_for_itself_in_order(acme_api, bank):
    bad = {"identifiers": [{"type": "bic", "value": "x"}]}
    response = acme_api.post("bulk-resolve", json.dumps({"requests": [BIC, bad, MISS]}))
    first, second, third = response.json()["results"]
    assert response.status_code == 200
    assert first == resolve(acme_api, BIC).json()
    assert (second["code"], second["status"]) == ("validation_failed", 400)
    assert second["errors"][0]["pointer"] == "#/identifiers/0/value"
    assert third["directives"] == []


def test_bulk_takes_a_thousand(acme_api):
    response = acme_api.post("bulk-resolve", json.dumps({"requests": [MISS] * 1000}))
    assert len(response.json()["results"]) == 1000


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"requests": [MISS] * 1001}, [("#/requests", "requests_out_of_range")]),
        ({"requests": []}, [("#/requests", "requests_out_of_range")]),
        ({"requests": {}}, [("#/requests", "requests_out_of_range")]),
        ({}, [("#/requests", "requests_out_of_range")]),
        ([], [("#", "invalid_type")]),
        ({"requests": [MISS], "x": 1}, [("#/x", "unknown_field")]),
    ],
)
def test_a_bulk_body_of_another_shape_is_refused(acme_api, body, expected):
    assert places(acme_api.post("bulk-resolve", json.dumps(body))) == expected


def test_all_faults_of_a_request_are_told_at_once_with_their_places(acme_api):
    body = {
        "identifiers": [
            {"type": "bic", "value": "nonsense"},
            {"type": "no.such", "value": "x"},
            {"type": "lei"},
        ],
        "limit": 0,
    }
    assert {place for place, _code in places(resolve(acme_api, body))} == {
        "#/identifiers/0/value",
        "#/identifiers/1/type",
        "#/identifiers/2/value",
        "#/limit",
    }


def test_the_faults_of_a_get_are_named_by_parameter(acme_api):
    assert [place for place, _code in places(acme_api.get("resolve", {"type": "bic", "value": "x"}))] == [
        "value"
    ]
    assert [place for place, _code in places(acme_api.get("resolve", {"type": "no.such", "value": "x"}))] == [
        "type"
    ]
    assert {place for place, _code in places(acme_api.get("resolve"))} == {"type", "value"}
    assert places(acme_api.get("resolve", {"type": "bic", "valeu": "x"})) == [("valeu", "unknown_parameter")]
    assert places(acme_api.post("resolve?limit=1", "{}")) == [("limit", "unknown_parameter")]


@pytest.mark.parametrize(
    ("body", "content_type", "code"),
    [
        ("{", "application/json", "malformed_json"),
        ('{"identifiers": [], "identifiers": []}', "application/json", "malformed_json"),
        ('{"limit": NaN}', "application/json", "malformed_json"),
        ("[" * 5000, "application/json", "malformed_json"),
        (b"\xff", "application/json", "malformed_json"),
        ('{"correlationId": "\\u0000"}', "application/json", "validation_failed"),
        ('{"correlationId": "\\ud800"}', "application/json", "validation_failed"),
        ('{"limit": 1e400}', "application/json", "validation_failed"),
        ('{"limit": 99999999999999999999}', "application/json", "validation_failed"),
        ("[]", "application/json", "validation_failed"),
        ("null", "application/json", "validation_failed"),
        ("", "application/json", "validation_failed"),
        ('{"tenant": []}', "application/json", "validation_failed"),
        ('{"identifiers": [[]]}', "application/json", "validation_failed"),
        ('{"identifiers": {"a": 1}}', "application/json", "validation_failed"),
        ('{"identifiers": [{"type": [], "value": {}}]}', "application/json", "validation_failed"),
        ("x" * (2 * 1024 * 1024 + 1), "application/json", "payload_too_large"),
        ("{}", "text/plain", "unsupported_media_type"),
        ("a=1", "application/x-www-form-urlencoded", "unsupported_media_type"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_bad_body_is_a_problem_and_never_a_fault_of_ours(acme_api, body, content_type, code):
    assert problem_of(acme_api.post("resolve", body, content_type=content_type))["code"] == code


def test_a_body_may_name_the_tenant_of_the_address_and_no_other(acme_api, acme, globex):
    for name in (acme.slug, display_id("ten", acme.pk)):
        assert resolve(acme_api, {**MISS, "tenant": name}).status_code == 200
    for name in (globex.slug, display_id("ten", globex.pk), "nobody"):
        body = problem_of(resolve(acme_api, {**MISS, "tenant": name}))
        assert (body["status"], body["code"]) == (403, "tenant_mismatch")


def test_a_card_number_is_in_no_answer_and_no_log(acme_api, caplog):
    with caplog.at_level(logging.DEBUG):
        responses = [
            acme_api.get("resolve", {"type": "pan.bin", "value": CARD}),
            acme_api.get("resolve", {"type": "pan.bin", CARD: "1", "value": "411111"}),
            resolve(acme_api, {"identifiers": [{"type": "pan.bin", "value": CARD}]}),
            resolve(acme_api, {"identifiers": [{"type": "pan.bin", "value": "411111", CARD: 1}]}),
            resolve(acme_api, {CARD: 1}),
            acme_api.post("resolve", f'{{"a": "{CARD}" '),
            acme_api.post(
                "bulk-resolve",
                json.dumps({"requests": [{"identifiers": [{"type": "pan.bin", "value": CARD}]}]}),
            ),
        ]
    assert [response.status_code for response in responses] == [400] * 6 + [200]
    assert not any("4111111" in response.content.decode() for response in responses)
    messages = [record.getMessage() for record in caplog.records if not record.name.startswith("django.db")]
    assert not any("4111111" in message for message in messages)


def test_resolving_needs_its_privilege(make_api):
    body = problem_of(resolve(make_api("acme", "directory.read"), MISS))
    assert (body["code"], body["needed"]) == ("permission_denied", "directory.resolve")


def test_resolving_is_a_read_that_a_token_without_the_write_flag_may(acme_api):
    assert resolve(acme_api, MISS).status_code == 200
