import pytest

from directory.rails.icd import SCHEMES
from directory.rails.kinds import IdentifierError
from directory.rails.registry import registry

participant = registry.get("peppol.participantId")
document = registry.get("peppol.documentTypeId")
process = registry.get("peppol.processId")

INVOICE = (
    "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2::Invoice"
    "##urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0::2.1"
)
PINT = "urn:x::Invoice##urn:peppol:pint:billing-1@jp-1*::2.1"


@pytest.mark.parametrize(
    ("value", "scope"),
    [
        ("9915:TEST", None),
        ("9915:test", "iso6523-actorid-upis"),
        ("iso6523-actorid-upis::9915:TEST", None),
        ("ISO6523-ACTORID-UPIS::9915:TEST", "ISO6523-actorid-upis"),
    ],
)
def test_a_participant_is_one_whatever_its_case_and_scheme_prefix(value, scope):
    found = participant.normalize(value, scope)
    assert (found.scope, found.normalized) == ("iso6523-actorid-upis", "9915:test")


@pytest.mark.parametrize(
    "value",
    [
        "991825827",
        "192:991825827",
        "0192:",
        ":991825827",
        "0192:99182582",
        "0192:99182582X",
        "0192:991825827 ",
        "0192: 991825827",
        "\uff10192:991825827",
        "0192:99182582\u0667",
        "9999:" + "x" * 131,
        "0192:991825827\x00",
        "no scheme::0192:991825827",
    ],
)
def test_a_participant_out_of_shape_is_refused(value):
    if value.endswith(" "):
        assert participant.normalize(value).normalized == value.strip()
        return
    with pytest.raises(IdentifierError):
        participant.normalize(value)


@pytest.mark.parametrize(
    "value", ["0192:991825827", "0208:0403170701", "0007:2120000787", "0088:5798000000001"]
)
def test_a_right_check_digit_raises_no_warning(value):
    assert participant.normalize(value, strict=True).warnings == ()


@pytest.mark.parametrize(
    "value", ["0192:991825828", "0208:0403170702", "0088:5798000000002", "0088:123456789"]
)
def test_a_wrong_check_digit_warns_and_is_refused_only_when_strict(value):
    assert "fails the check" in participant.normalize(value).warnings[0]
    with pytest.raises(IdentifierError) as caught:
        participant.normalize(value, strict=True)
    assert caught.value.code == "check_digit"


def test_an_unknown_scheme_is_kept_with_a_warning():
    assert "not known here" in participant.normalize("8888:anything").warnings[0]


def test_patterns_are_matched_against_the_upper_case_value():
    assert participant.normalize("0183:che123456789").normalized == "0183:che123456789"


def test_no_check_digit_rule_breaks_on_a_value_of_its_shape():
    for icd, filler in [(icd, "1" * n) for icd in SCHEMES for n in range(1, 25)]:
        if SCHEMES[icd].shape.fullmatch(filler):
            participant.normalize(f"{icd}:{filler}")
    for value in ("0198:DK11111111", "0211:IT11111111111", "0183:CHE111111111", "0199:" + "A" * 18 + "11"):
        participant.normalize(value)


def test_a_scheme_that_contradicts_the_prefix_is_refused_at_the_scope():
    with pytest.raises(IdentifierError, match="contradicts the scheme") as caught:
        participant.normalize("iso6523-actorid-upis::0192:991825827", "other-actorid-upis")
    assert caught.value.field == "scope"


def test_a_document_type_keeps_its_case_and_the_colons_of_its_namespace():
    found = document.normalize(INVOICE)
    assert (found.scope, found.normalized) == ("busdox-docid-qns", f"busdox-docid-qns::{INVOICE}")
    assert document.normalize(found.normalized).key == found.key
    assert document.normalize(INVOICE, "busdox-docid-qns").key == found.key
    assert document.normalize(INVOICE.replace("Invoice##", "invoice##")).key != found.key


def test_a_pint_document_type_belongs_to_the_wildcard_scheme():
    assert document.normalize(PINT).scope == "peppol-doctype-wildcard"


@pytest.mark.parametrize(
    "value",
    [
        "Invoice",
        "a##b",
        "##b::1",
        "a##::1",
        "busdox-docid-qns::a##b*::1",
        "peppol-doctype-wildcard::a##b*c::1",
        "busdox-docid-qns::a b##c::1",
        "busdox-docid-qns::a##\u0141::1",
        "busdox-docid-qns::a##" + "b" * 500 + "::1",
    ],
)
def test_a_malformed_document_type_is_refused(value):
    with pytest.raises(IdentifierError):
        document.normalize(value)


def test_a_process_gets_the_default_scheme():
    assert process.normalize("urn:Billing").normalized == "cenbii-procid-ubl::urn:Billing"
    assert process.normalize("busdox:noprocess").scope == "busdox-procid-transport"
    assert process.normalize("my-procid-scheme::urn:Billing").scope == "my-procid-scheme"


@pytest.mark.parametrize("scope", ["plain", "a::b", "two words", "x-" * 20, "a-\u00fc"])
def test_a_document_scheme_is_joined_by_hyphens(scope):
    with pytest.raises(IdentifierError) as caught:
        document.normalize(INVOICE, scope)
    assert (caught.value.code, caught.value.field) == ("invalid", "scope")
