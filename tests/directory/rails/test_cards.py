import pickle
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.rails.kinds import IdentifierError
from directory.rails.registry import registry

CARD = "4111111111111111"
pan_bin = registry.get("pan.bin")
CONFIDENTIAL = [kind for kind in registry.types() if kind.rail == "cards" and kind.tier >= 2]


def refused(kind, value, scope=None):
    with pytest.raises(IdentifierError) as caught:
        kind.normalize(value, scope)
    return caught.value


def everything_said(error):
    """All that a log, a repr or a pickled copy would show (not the frames, which hold what was passed)."""
    told = "".join(traceback.format_exception_only(error))
    return " ".join(
        [told, repr(error), str(error), repr(error.args), repr(vars(error)), repr(pickle.dumps(error))]
    )


@pytest.mark.parametrize("value", ["411111", "4111112", "41111122"])
def test_six_to_eight_digits_are_a_bin(value):
    found = pan_bin.normalize(f" {value} ")
    assert (found.normalized, found.tier) == (value, 0)


@pytest.mark.parametrize(
    "value",
    [
        "411111222",
        CARD,
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4111\u00a01111\u20091111\u200b1111",
        "\uff14" + "\uff11" * 15,
        "\u0664" + "\u0661" * 15,
        "\u2463" + "\u2460" * 9,
        "card of Jane: 4111 1111 1111 1111, exp 12/29",
        "4x1x1x1x1x1x1x1x1x1",
        "41111111\x0011111111",
        "1" * 10_000,
    ],
)
def test_more_than_eight_digits_are_a_possible_card_number(value):
    assert refused(pan_bin, value).code == "possible_card_number"


@pytest.mark.parametrize(
    "value", ["41111", "4111 11", "41111a", "\uff14" * 6, "", " ", "-411111", "411111.0"]
)
def test_what_is_no_bin_is_refused(value):
    assert refused(pan_bin, value).code in {"invalid", "required"}


def test_a_card_number_in_the_scope_is_refused_as_well():
    error = refused(pan_bin, "411111", CARD)
    assert (error.code, error.field) == ("possible_card_number", "scope")
    assert CARD not in everything_said(error)


def test_a_number_that_is_not_text_is_not_repeated():
    assert CARD not in everything_said(refused(pan_bin, int(CARD)))


@given(st.from_regex(r"[0-9]{9,24}", fullmatch=True), st.text(alphabet=" -a\x00", max_size=5))
def test_no_digits_of_a_refused_bin_appear_anywhere_in_its_error(digits, ends):
    error = refused(pan_bin, f"{ends}{digits}{ends}")
    assert digits not in everything_said(error)
    assert digits[:9] not in everything_said(error)


@given(st.sampled_from(CONFIDENTIAL), st.from_regex(r"Zq#[ -~\x00\u0660]{17,37}", fullmatch=True))
def test_no_refused_confidential_number_appears_in_its_error(kind, value):
    told = everything_said(refused(kind, value))
    assert value not in told
    assert "Zq#" not in told


def test_nothing_hangs_on_the_error_that_could_hold_the_value():
    error = refused(pan_bin, CARD)
    assert error.__cause__ is None
    assert error.__context__ is None
    assert CARD not in everything_said(error)


@pytest.mark.parametrize("name", ["mid", "tid", "caid", "processorId", "acquirerId"])
@pytest.mark.parametrize(
    "value", [CARD, "4111 1111 1111 1111", "378282246310005", "3782 822463 10005", "x\x00y"]
)
def test_a_merchant_number_that_may_be_a_card_is_refused(name, value):
    error = refused(registry.get(name), value)
    assert value not in everything_said(error)
    assert error.code == ("invalid_characters" if "\x00" in value else "possible_card_number")


@pytest.mark.parametrize("value", ["123456789012345", "AMEX37828224631", "000000000000001"])
def test_an_ordinary_merchant_number_of_fifteen_characters_is_taken(value):
    assert registry.get("mid").normalize(value).normalized == value


@pytest.mark.parametrize("name", ["mid", "tid", "caid", "processorId", "acquirerId"])
def test_confidential_numbers_stay_with_their_tenant_and_out_of_every_repr(name):
    kind = registry.get(name)
    assert not kind.global_allowed
    assert kind.tier_for("") == 2
    found = kind.normalize(kind.examples[0].value)
    assert found.normalized not in repr(found)
    assert found.normalized not in f"{found}"


def test_a_card_number_given_as_another_type_is_not_repeated_either():
    for name, value in [("e164", CARD), ("bic", f"card {CARD}"), ("lei", "4111-1111-1111-1111")]:
        error = refused(registry.get(name), value)
        assert CARD not in str(error)
        assert "4111-1111" not in str(error)
    with pytest.raises(IdentifierError) as caught:
        registry.get(CARD)
    assert CARD not in everything_said(caught.value)
