import pytest

from directory.rails.kinds import IdentifierError
from directory.rails.registry import registry

party = registry.get("as4.partyId")
EBCORE = "urn:oasis:names:tc:ebcore:partyid-type:iso6523"


@pytest.mark.parametrize(
    ("value", "scope"),
    [
        ("0088:123456789", None),
        ("0088:123456789", ""),
        ("0088:123456789", "0088"),
        ("123456789", "0088"),
        ("123456789", f"{EBCORE}:0088"),
        ("123456789", "URN:OASIS:names:tc:ebcore:partyid-type:iso6523:0088"),
        (f"{EBCORE}:0088:123456789", None),
    ],
)
def test_every_way_to_write_an_iso_6523_party_is_one_key(value, scope):
    found = party.normalize(value, scope)
    assert (found.scope, found.normalized) == ("0088", "123456789")
    assert found.value == value


def test_an_iso_6523_party_is_folded_like_its_peppol_twin():
    assert party.normalize("9915:TEST").normalized == "test"


@pytest.mark.parametrize("scope", ["BIC", "bic", " Bic "])
def test_a_bic_party_follows_the_rules_of_a_bic(scope):
    found = party.normalize("deutdeff", scope)
    assert (found.scope, found.normalized, found.value) == ("BIC", "DEUTDEFFXXX", "deutdeff")
    with pytest.raises(IdentifierError, match="is no BIC"):
        party.normalize("DEUTDEF", scope)


def test_a_lei_party_follows_the_rules_of_an_lei():
    assert party.normalize("213800KUD8LAJWSQ9D15", "LEI").scope == "LEI"
    with pytest.raises(IdentifierError, match="check digits"):
        party.normalize("213800KUD8LAJWSQ9D16", "LEI")


def test_any_other_party_keeps_its_case_and_its_scope():
    found = party.normalize("  Lager Süd-7 ", " urn:Partners ")
    assert (found.scope, found.normalized) == ("urn:Partners", "Lager Süd-7")


def test_composed_and_decomposed_letters_are_one_party():
    assert party.normalize("Su\u0308d").key == party.normalize("S\u00fcd").key


def test_a_code_in_the_value_that_contradicts_the_scope_is_refused_at_the_scope():
    with pytest.raises(IdentifierError, match="contradicts the code 0088") as caught:
        party.normalize("0088:123456789", "0192")
    assert caught.value.field == "scope"


@pytest.mark.parametrize(
    ("scope", "tier"), [("BIC", 0), ("LEI", 0), ("", 1), ("0088", 1), ("urn:partners", 1)]
)
def test_only_bic_and_lei_parties_are_public(scope, tier):
    assert party.tier_for(scope) == tier


def test_the_tier_of_an_accepted_party_follows_its_normal_scope():
    assert party.normalize("DEUTDEFF", "bic").tier == 0


@pytest.mark.parametrize(
    ("name", "key"),
    [("as4.role", "role"), ("as4.service", "service"), ("as4.action", "action"), ("as4.mpc", "mpc")],
)
def test_header_fields_are_trimmed_context(name, key):
    kind = registry.get(name)
    assert kind.normalize(" Credit.Transfer ").normalized == "Credit.Transfer"
    assert kind.context_key == key
    assert kind in registry.context_types(key)
