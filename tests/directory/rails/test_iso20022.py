import pytest
from schwifty import registry as bank_registry

from directory.rails.iso20022 import BASE_PROFILE, SERVICE
from directory.rails.kinds import IdentifierError
from directory.rails.registry import registry

bic = registry.get("bic")
lei = registry.get("lei")
bank_code = registry.get("bank.code")


@pytest.mark.parametrize("given", ["DEUTDEFF", "deutdeff", " DEUTDEFFXXX ", "DeutDeFFxxx"])
def test_eight_characters_are_the_head_office(given):
    assert bic.normalize(given).normalized == "DEUTDEFFXXX"


def test_a_bic_is_shown_as_given():
    assert bic.normalize("DEUTDEFF").value == "DEUTDEFF"


def test_a_branch_is_not_its_head_office():
    assert bic.normalize("DEUTDEFF500").key != bic.normalize("DEUTDEFF").key


@pytest.mark.parametrize(
    "given",
    [
        "DEUTDEF",
        "DEUTDEFF5",
        "DEUTDEFF50",
        "DEUTDEFF5000",
        "DEUT DEFF",
        "DEUT1EFF",
        "DEUT-EFF",
        "DEUTDEF\u017f",
        "\uff24EUTDEFF",
        "DEUTDEF\u00df",
        "DEUT\u202eDEFF",
        "DEUT\u200bDEFF",
    ],
)
def test_what_is_no_bic_is_refused(given):
    with pytest.raises(IdentifierError):
        bic.normalize(given)


def test_a_country_that_does_not_exist_is_named():
    with pytest.raises(
        IdentifierError, match=r"bic 'BANKQQ33': names the country QQ.*check characters 5 and 6"
    ):
        bic.normalize("BANKQQ33")


def test_kosovo_has_bics():
    assert bic.normalize("NCBVXKPR").normalized == "NCBVXKPRXXX"


def test_a_test_bic_and_an_old_bank_code_only_warn():
    assert "test BIC" in bic.normalize("DEUTDEF0").warnings[0]
    assert "letters in older data" in bic.normalize("1EUTDEFF").warnings[0]


@pytest.mark.parametrize("given", ["213800KUD8LAJWSQ9D15", "213800kud8lajwsq9d15"])
def test_an_lei_is_upper_case(given):
    assert lei.normalize(given).normalized == "213800KUD8LAJWSQ9D15"


def test_a_wrong_lei_check_digit_is_refused_as_such():
    with pytest.raises(IdentifierError) as caught:
        lei.normalize("213800KUD8LAJWSQ9D16")
    assert caught.value.code == "check_digit"


def test_a_bank_code_belongs_to_a_country():
    found = bank_code.normalize("100 700 00", "de")
    assert (found.scope, found.normalized) == ("DE", "10070000")
    with pytest.raises(IdentifierError, match="needs a scope") as caught:
        bank_code.normalize("10070000")
    assert (caught.value.code, caught.value.field) == ("scope_required", "scope")


def test_every_bic_of_the_national_registries_is_accepted():
    shipped = {bank.bic for bank in bank_registry.get_all_banks() if bank.bic}
    assert len(shipped) > 1000
    assert [given for given in shipped if _refuses(bic, given, None)] == []


def test_every_national_bank_code_is_accepted_under_its_country():
    shipped = {
        (bank.bank_code, bank.country_code) for bank in bank_registry.get_all_banks() if bank.bank_code
    }
    assert [pair for pair in shipped if _refuses(bank_code, *pair)] == []


def _refuses(kind, value, scope):
    try:
        kind.normalize(value, scope)
    except IdentifierError:
        return True
    return False


@pytest.mark.parametrize("scheme", ["target2", "fedwire", "chaps"])
def test_a_scheme_has_its_profile_which_is_urgent_and_falls_back_to_the_base(scheme):
    profile = registry.profile(registry.profile_for_scheme(BASE_PROFILE, scheme), "as4")
    assert profile.name == f"{BASE_PROFILE}.{scheme}"
    assert (profile.fallback, profile.mpc) == (BASE_PROFILE, "urgent")
    assert profile.sign_required
    assert profile.encrypt_required


def test_a_scheme_without_a_profile_takes_the_base():
    assert registry.profile_for_scheme(BASE_PROFILE, "sepa") == BASE_PROFILE
    assert registry.profile_for_scheme(f"{BASE_PROFILE}.chaps", "TARGET2") == f"{BASE_PROFILE}.target2"


def test_an_unknown_member_of_a_family_keeps_the_security_of_its_base():
    profile = registry.profile(f"{BASE_PROFILE}.newscheme", "as4")
    assert profile.name == BASE_PROFILE
    assert profile.encrypt_required


def test_the_actions_of_the_service_name_their_messages():
    rail = next(rail for rail in registry.rails() if rail.name == "iso20022")
    assert rail.services[SERVICE]["credit.transfer"] == "pacs.008"
    assert len(rail.services[SERVICE]) == 7
