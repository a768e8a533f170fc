"""Requests as understood, and every fault of them at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.rails.registry import registry
from directory.resolution.normalize import normalize
from directory.resolution.records import InvalidRequest, TenantMismatch

PHONE = {"type": "e164", "value": "+46701234567"}
BIC = {"type": "bic", "value": "BANKUS33"}
CARD = "4111111111111111"


def read(body):
    return normalize(body, registry=registry, tenant_names={"acme"})


def faults(body):
    with pytest.raises(InvalidRequest) as caught:
        read(body)
    return {(error.pointer, error.code) for error in caught.value.errors}


def test_all_faults_are_told_at_once_each_with_its_pointer():
    body = {
        "identifiers": [
            {"type": "bic", "value": "nonsense!"},
            {"type": "nothing", "value": "x"},
            {"type": "lei"},
            7,
            BIC,
        ],
        "serviceContext": {"service": 1, "colour": "red"},
        "constraints": {"minConfidence": 2, "ssn": True, "protocols": "as4", "callingGt": "abc"},
        "asOf": "yesterday",
        "limit": 51,
        "explain": "yes",
        "correlationId": "x" * 129,
        "more": 1,
    }
    assert faults(body) == {
        ("#/more", "unknown_field"),
        ("#/asOf", "invalid"),
        ("#/constraints/callingGt", "invalid"),
        ("#/constraints/minConfidence", "out_of_range"),
        ("#/constraints/protocols", "invalid_type"),
        ("#/constraints/ssn", "invalid_type"),
        ("#/correlationId", "too_long"),
        ("#/explain", "invalid_type"),
        ("#/identifiers/0/value", "invalid"),
        ("#/identifiers/1/type", "unknown_identifier_type"),
        ("#/identifiers/2/value", "required"),
        ("#/identifiers/3", "invalid_type"),
        ("#/limit", "out_of_range"),
        ("#/serviceContext/colour", "unknown_field"),
        ("#/serviceContext/service", "invalid_type"),
    }


@pytest.mark.parametrize(
    "body",
    [
        {"identifiers": [{"type": "pan.bin", "value": CARD}]},
        {"identifiers": [{"type": CARD, "value": "x"}]},
        {"identifiers": [{"type": "pan.bin", "value": "411111", "scope": CARD}]},
        {"identifiers": [{"type": "pan.bin", "value": "411111", CARD: 1}]},
        {"identifiers": [PHONE], CARD: 1},
        {"identifiers": [PHONE], "tenant": CARD},
        {"identifiers": [PHONE], "asOf": CARD},
        {"identifiers": [PHONE], "constraints": {"callingGt": CARD, CARD: 1}},
    ],
)
def test_what_may_be_a_card_number_is_never_repeated(body):
    with pytest.raises(InvalidRequest) as caught:
        read(body)
    assert CARD not in repr(caught.value) + repr(caught.value.errors)


def test_a_request_that_names_no_party_is_refused():
    assert faults({"identifiers": [{"type": "as4.service", "value": "iso20022.fi"}]}) == {
        ("#/identifiers", "no_party")
    }


def test_context_identifiers_fill_the_service_context():
    body = {"identifiers": [BIC, {"type": "as4.action", "value": "statement"}, {"type": "ssn", "value": "6"}]}
    request = read(body)
    assert (request.service.action, request.constraints.ssn) == ("statement", 6)
    assert [party.key.type for party in request.parties] == ["bic"]


def test_a_context_identifier_that_contradicts_the_service_context_is_refused():
    body = {"identifiers": [BIC, {"type": "as4.service", "value": "a"}], "serviceContext": {"service": "b"}}
    assert faults(body) == {("#/identifiers/1/value", "contradiction")}


def test_another_tenant_is_a_mismatch_and_nothing_else_is_looked_at():
    with pytest.raises(TenantMismatch) as caught:
        read({"tenant": "globex", "limit": 0})
    assert [error.code for error in caught.value.errors] == ["tenant_mismatch"]
    assert read({"identifiers": [BIC], "tenant": "acme"}).parties


@pytest.mark.parametrize("count", [0, 21])
def test_the_number_of_identifiers_is_bounded(count):
    assert {pointer for pointer, _ in faults({"identifiers": [PHONE] * count})} == {"#/identifiers"}


def test_both_spellings_of_the_brand_must_agree():
    constraints = {"brand": "visa", "network.brand": "visa"}
    body = {"identifiers": [BIC], "constraints": constraints}
    assert read(body).constraints.brand == "visa"
    constraints["brand"] = "amex"
    assert {code for _, code in faults(body)} == {"contradiction"}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "identifiers",
                    "type",
                    "value",
                    "scope",
                    "constraints",
                    "serviceContext",
                    "asOf",
                    "limit",
                    "ssn",
                    "tenant",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=15,
)


@given(json_values)
def test_any_json_is_understood_or_refused(body):
    try:
        read(body)
    except InvalidRequest as refused:
        faults_of = refused.errors
        assert faults_of


def test_an_unknown_key_that_may_hold_a_card_number_is_not_named():
    (fault,) = faults({"identifiers": [BIC], "4242424242424242": 1})
    assert fault == ("#/…", "unknown_field")
