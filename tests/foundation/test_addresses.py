"""Where a request comes from: nobody but a trusted proxy says for whom it speaks."""

from ipaddress import ip_network

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from config.foundation.addresses import PROXIES_MAX, client_address, is_covered, parse_address

PROXIES = ["10.0.0.0/8", "fd00::/8"]


def told(peer, forwarded="", trusted=PROXIES):
    address = client_address({"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": forwarded}, trusted)
    return str(address) if address else None


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("192.0.2.1", "", "192.0.2.1"),
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
        ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "203.0.113.9, 198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "203.0.113.9, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "  ", "10.0.0.1"),
        ("::ffff:10.0.0.1", "::ffff:198.51.100.7", "198.51.100.7"),
        ("::ffff:192.0.2.1", "198.51.100.7", "192.0.2.1"),
        ("fd00::1", "[2001:db8::7]:4711", "2001:db8::7"),
        ("10.0.0.1", "198.51.100.7:4711", "198.51.100.7"),
        ("10.0.0.1", "unknown", None),
        ("10.0.0.1", "203.0.113.9, unknown", None),
        ("10.0.0.1", "203.0.113.9,", None),
        ("", "198.51.100.7", None),
        ("unix:", "198.51.100.7", None),
    ],
)
def test_places_are_read_from_the_right_while_a_trusted_proxy_wrote_them(peer, forwarded, expected):
    assert told(peer, forwarded) == expected


def test_without_trusted_proxies_the_header_says_nothing():
    assert told("10.0.0.1", "198.51.100.7", trusted=[]) == "10.0.0.1"


@given(st.text(max_size=60), st.ip_addresses())
def test_what_a_caller_writes_on_the_left_never_matters(written, address):
    caller = parse_address(str(address))
    assume(caller is not None and not any(caller in ip_network(network) for network in PROXIES))
    assert told("10.0.0.1", f"{written},{address}") == str(caller)


def test_no_more_places_are_read_than_there_are_proxies_in_a_row():
    assert told("10.0.0.1", ",".join(["198.51.100.7", *["10.0.0.2"] * (PROXIES_MAX - 1)])) == "198.51.100.7"
    assert told("10.0.0.1", ",".join(["198.51.100.7", *["10.0.0.2"] * 10_000])) == "10.0.0.2"


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_none(text):
    parse_address(text)


def test_a_network_is_covered_by_one_that_holds_it_whole():
    outer = [ip_network("10.0.0.0/8"), ip_network("2001:db8::/32")]
    for inner, expected in (
        ("10.1.0.0/16", True),
        ("10.0.0.0/8", True),
        ("0.0.0.0/0", False),
        ("2001::/16", False),
    ):
        assert is_covered(ip_network(inner), outer) is expected
