import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.rails.kinds import IdentifierError
from directory.rails.pointcodes import FORMATS, parse_point_code, show_point_code
from directory.rails.registry import registry

e164 = registry.get("e164")
gt = registry.get("gt")
pc = registry.get("pc")
ssn = registry.get("ssn")
mccmnc = registry.get("mccmnc")


@pytest.mark.parametrize(
    ("given_value", "normal"),
    [
        ("+46701234567", "+46701234567"),
        ("+46 70 123 45 67", "+46701234567"),
        ("+46-70-123.45/67", "+46701234567"),
        ("tel:+46-70-123-45-67", "+46701234567"),
        ("+46 (70) 1234567", "+46701234567"),
        ("+46 (0)70 123 45 67", "+46701234567"),
        ("+39 (0)6 1234", "+39061234"),
        ("+1", "+1"),
        ("+999", "+999"),
        ("+46 99 99 99", "+46999999"),
        ("+123456789012345", "+123456789012345"),
    ],
)
def test_a_number_is_plus_and_digits(given_value, normal):
    assert e164.normalize(given_value).normalized == normal


@pytest.mark.parametrize(
    "given_value",
    [
        "46701234567",
        "0046701234567",
        "+",
        "+0701234567",
        "+1234567890123456",
        "+46 70 FLOWERS",
        "+4670abc",
        "+46701234567;ext=5",
        "++46701234567",
        "+46+70",
        "+\uff14\uff16701234567",
        "+\u0664\u0666701234567",
        "+46\u00a070",
        "+4670\x00",
        "\u202d+4670",
        "tel:",
        "+ (0)",
    ],
)
def test_what_is_no_number_is_refused(given_value):
    with pytest.raises(IdentifierError):
        e164.normalize(given_value)


@given(st.integers(1, 10**15 - 1), st.data())
def test_separators_between_digits_change_nothing(number, data):
    plain = f"+{number}"
    written = "".join(c + data.draw(st.sampled_from(["", " ", "-", "."])) for c in plain)
    assert e164.normalize(written).normalized == plain


def test_a_number_is_looked_up_by_prefix_like_its_global_title():
    twin = registry.equivalents("e164", "", "+46701234567")[0]
    assert tuple(twin) == ("gt", "tt=0;np=1;nai=4", "46701234567")
    assert e164.prefix_digits("+46701234567") == gt.prefix_digits("46701234567") == "46701234567"
    assert e164.prefix_selectors("") == gt.prefix_selectors("tt=0;np=1;nai=4")


@pytest.mark.parametrize(
    ("scope", "normal"),
    [
        (None, "tt=0;np=1;nai=4"),
        ("", "tt=0;np=1;nai=4"),
        ("nai=4;np=1;tt=0", "tt=0;np=1;nai=4"),
        (" TT=00 ; NP=1 ", "tt=0;np=1;nai=4"),
        ("gti=4;tt=255;np=15;nai=127", "tt=255;np=15;nai=127"),
        ("gti=3", "gti=3;tt=0;np=1"),
        ("tt=9;gti=2", "gti=2;tt=9"),
        ("gti=1;nai=3", "gti=1;nai=3"),
        ("np=7", "tt=0;np=7;nai=4"),
    ],
)
def test_the_scope_of_a_title_has_one_order_and_its_defaults(scope, normal):
    assert gt.normalize("4670", scope).scope == normal


@pytest.mark.parametrize(
    "scope",
    [
        "tt=256",
        "np=16",
        "nai=128",
        "gti=0",
        "gti=5",
        "gti=2;np=1",
        "gti=1;tt=1",
        "tt=1;tt=2",
        "tt",
        "tt=",
        "tt=-1",
        "ssn=6",
        "e164",
        ";;",
        "tt=\uff11",
    ],
)
def test_a_wrong_scope_of_a_title_is_refused_at_the_scope(scope):
    with pytest.raises(IdentifierError) as caught:
        gt.normalize("4670", scope)
    assert caught.value.field == "scope"


def test_selectors_name_the_indicator_too():
    assert gt.prefix_selectors("gti=2;tt=9") == {"gti": 2, "tt": 9}
    assert gt.prefix_selectors("tt=0;np=1;nai=4") == {"gti": 4, "tt": 0, "np": 1, "nai": 4}


@pytest.mark.parametrize("value", ["+4670", "", "4670a", "1" * 16, "46 70", "\u0664\u0666"])
def test_a_title_is_digits_alone(value):
    with pytest.raises(IdentifierError):
        gt.normalize(value)


@pytest.mark.parametrize(
    ("value", "scope", "integer", "display"),
    [
        ("2-100-3", None, "4899", "2-100-3"),
        ("2.100.3", "ITU-3-8-3/0", "4899", "2-100-3"),
        ("7-255-7", "itu-3-8-3/nat", "16383", "7-255-7"),
        ("245-16-8", "ansi-8-8-8/nat", "16060424", "245-16-8"),
        ("16060424", "ansi-8-8-8/2", "16060424", "245-16-8"),
        ("4899", "itu-14/nat", "4899", "4899"),
        ("04899", "itu-14/nat-spare", "4899", "4899"),
    ],
)
def test_a_point_code_is_an_integer_shown_in_its_format(value, scope, integer, display):
    found = pc.normalize(value, scope)
    assert found.normalized == integer
    assert pc.display(found.normalized, found.scope) == display


@pytest.mark.parametrize(
    ("value", "scope", "field"),
    [
        ("8-0-0", None, "value"),
        ("0-256-0", None, "value"),
        ("16384", None, "value"),
        ("1-2", None, "value"),
        ("1-2.3", None, "value"),
        ("1-2-3", "itu-14/nat", "value"),
        ("-1", None, "value"),
        ("0x10", None, "value"),
        ("1" * 200, None, "value"),
        ("1-2-3", "itu-3-8-3", "scope"),
        ("1-2-3", "itu-3-8-3/4", "scope"),
        ("1-2-3", "itu/intl", "scope"),
    ],
)
def test_a_point_code_out_of_its_format_is_refused(value, scope, field):
    with pytest.raises(IdentifierError) as caught:
        pc.normalize(value, scope)
    assert caught.value.field == field


def test_an_overflow_names_the_component():
    with pytest.raises(IdentifierError, match="component 1 is 8, but 3 bits end at 7"):
        pc.normalize("8-0-0")


@given(st.sampled_from(sorted(FORMATS)), st.data())
def test_showing_and_reading_a_point_code_are_inverse(form, data):
    code = data.draw(st.integers(0, 2 ** sum(FORMATS[form]) - 1))
    scope = f"{form}/nat"
    assert parse_point_code(show_point_code(str(code), scope), scope) == code


@pytest.mark.parametrize("value", ["256", "-1", "6.0", "1000", "", "\u0666"])
def test_a_subsystem_is_0_to_255(value):
    assert ssn.normalize("008").normalized == "8"
    with pytest.raises(IdentifierError):
        ssn.normalize(value)


@pytest.mark.parametrize(("value", "normal"), [("24001", "24001"), ("310-410", "310410"), ("90101", "90101")])
def test_a_mobile_network_has_an_assigned_country_code(value, normal):
    assert mccmnc.normalize(value).normalized == normal


@pytest.mark.parametrize("value", ["2400", "2400123", "10001", "24 001", "240-0"])
def test_a_mobile_network_without_one_is_refused(value):
    with pytest.raises(IdentifierError):
        mccmnc.normalize(value)


@pytest.mark.parametrize(
    "address",
    [
        "2-100-3",
        "2.100.3/8",
        "4899",
        "16777215/255",
        "stp1.example",
        "stp1.example:2905",
        "[2001:db8::1]:2905",
    ],
)
def test_a_signalling_point_is_a_point_code_or_a_host(address):
    assert registry.check_address("ss7", f" {address} ") == address
