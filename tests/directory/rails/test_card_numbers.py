"""Which numbers are taken for a card's, and which ordinary ones of a directory are not."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.rails.card_numbers import holds_card_number, is_card_number, may_be_card_number, passes_luhn

LONG_CARDS = (
    "4111111111111111",
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "5555555555554444",
    "2223003122003222",
    "6011111111111117",
    "3530111333300000",
    "6304000000000000",
    "4000000000000000006",
    "4000 0000 0000 0000 006",
)
SHORT_CARDS = ("378282246310005", "3782 822463 10005", "30569309025904", "3056 930902 5904")
ORDINARY = (
    "4111111111111112",  # the check digit is wrong
    "1111111111111117",  # no issuer begins with 1
    "9111111111111119",
    "+378282246310005",  # a telephone number
    "36252187900034",  # a SIRET
    "362 521 879 00034",
    "7300010000001",
    "1.2.752.29.4.3782822463",
    "AT611904300234573201",
    "DE89370400440532013000",
    "41111100-41111199",
    "2026-03-01 12:00:00",
    "ab4111111111111111cd",
    "2001:0db8:4111:1111:1111:1111:0000:0001",
    "4111411141114111411141114111411141",
    "5000, 5001, 5002, 5003",
    "99.4111.1111.1111.1111x",
)


@pytest.mark.parametrize("number", LONG_CARDS)
@pytest.mark.parametrize(
    "around", ["{}", "card: {}.", "https://x.example/{}?a=b", "a_{}_b", "7 {} 8", "{}:{}"]
)
def test_a_number_of_sixteen_digits_and_more_is_a_cards_wherever_it_stands(number, around):
    text = around.format(number, number)
    assert holds_card_number(text)
    assert is_card_number(text)
    assert may_be_card_number(text)


@pytest.mark.parametrize("number", SHORT_CARDS)
def test_a_shorter_one_is_a_cards_only_where_it_stands_alone_in_prose(number):
    assert holds_card_number(f"card {number}, blue")
    assert not is_card_number(number)


@pytest.mark.parametrize(
    "written",
    [
        "\uff14" + "\uff11" * 15,
        "4111\u00a01111\u00a01111\u00a01111",
        "4111.1111.1111.1111",
        "4111/1111/1111/1111",
        "4111\u20131111\u20131111\u20131111",
        "4111\u200b1111\u200b1111\u200b1111",
        "\u2463" + "\u2460" * 15,
    ],
)
def test_prose_does_not_hide_a_number_in_other_digits_and_gaps(written):
    assert holds_card_number(written)


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_numbers_are_none(text):
    assert not holds_card_number(text)
    assert not is_card_number(text)


@given(st.uuids())
def test_no_uuid_is_one(uuid: UUID):
    for text in (
        str(uuid),
        uuid.hex,
        f"https://as4.example/{uuid}",
        f"arn:aws:kms:eu-west-1:123456789012:key/{uuid}",
    ):
        assert not is_card_number(text)


@given(st.ip_addresses(v=6))
def test_no_ipv6_address_is_one(address):
    assert not is_card_number(f"[{address.exploded}]:5000")
    assert not holds_card_number(f"at [{address.exploded}]:5000")


@given(st.text("0123456789", min_size=1, max_size=15))
def test_no_number_of_fifteen_digits_or_fewer_is_one_in_names_and_addresses(digits):
    for text in (digits, f"+{digits}", f"0088:{digits}", f"https://{digits}.example/{digits}?x={digits}"):
        assert not is_card_number(text)


@given(st.lists(st.integers(0, 2**31), min_size=2, max_size=12))
def test_no_object_identifier_is_one(arcs):
    assert not is_card_number("urn:oid:" + ".".join(map(str, arcs)))


@given(st.text("0123456789", min_size=16, max_size=19), st.sampled_from("0123456789"))
def test_what_is_refused_is_never_shown_either(digits, first):
    number = first + digits[1:]
    if is_card_number(number):
        assert passes_luhn(number)
        assert first in "23456"
        assert may_be_card_number(number)
