import dataclasses
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.rails import as4, cards, iso20022, peppol, ss7
from directory.rails.kinds import Example, IdentifierError, IdentifierRole, IdentifierType, Rail
from directory.rails.registry import AddressError, RailConflict, Registry, UnknownIdentifierType, registry

TYPES = registry.types()
ALL_RAILS = (as4.RAIL, cards.RAIL, iso20022.RAIL, peppol.RAIL, ss7.RAIL)


def plain_type(name="new.id", **changes):
    fields = {
        "name": name,
        "rail": "new",
        "label": "New",
        "rule": as4.RAIL.identifier_types[1].rule,
        "tier": 1,
        "source": "a rule book",
        "examples": (Example("a"),),
        "counterexamples": (Example(""),),
    }
    return IdentifierType(**(fields | changes))


def new_rail(*types, **parts):
    return Rail(name="new", label="New", identifier_types=types, **parts)


def test_the_registry_contradicts_itself_nowhere():
    assert registry.check() == []


def test_the_rails_are_found_by_listing_the_package():
    assert [rail.name for rail in registry.rails()] == ["as4", "cards", "iso20022", "peppol", "ss7"]


def test_the_rules_know_neither_orm_nor_http():
    code = (
        "import sys, directory.rails.registry\n"
        "sys.exit(any(m.startswith(('django.db', 'django.http', 'rest_framework')) for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_second_rail_of_the_same_name_is_refused():
    with pytest.raises(RailConflict, match="Rail as4 is registered already"):
        Registry([as4.RAIL, as4.RAIL])


@pytest.mark.parametrize(
    ("rail", "what"),
    [
        (
            new_rail(dataclasses.replace(as4.RAIL.identifier_types[0], rail="new")),
            "identifier type as4.partyId",
        ),
        (new_rail(protocols=as4.RAIL.protocols), "protocol as4"),
        (new_rail(profiles=as4.RAIL.profiles), "profile as4.default"),
        (new_rail(plain_type(), plain_type()), "identifier type new.id"),
        (new_rail(plain_type(rail="as4")), "brings new.id of another rail"),
    ],
)
def test_a_name_that_is_taken_is_refused_and_nothing_of_the_rail_stays(rail, what):
    rails = Registry(ALL_RAILS)
    before = (rails.types(), rails.protocols(), rails.profiles(), rails.rails())
    with pytest.raises(RailConflict, match=what):
        rails.register(rail)
    assert (rails.types(), rails.protocols(), rails.profiles(), rails.rails()) == before


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        (plain_type(examples=()), "lacks examples"),
        (plain_type(source=""), "lacks examples, counterexamples or a source"),
        (plain_type(examples=(Example(""),)), "refuses its example"),
        (plain_type(examples=(Example("a", None, "b"),)), "becomes 'a'"),
        (plain_type(counterexamples=(Example("a"),)), "takes its counterexample 'a'"),
        (plain_type(display=lambda normalized, _scope: normalized + "x"), "changes when normalised twice"),
        (plain_type(role=IdentifierRole.CONTEXT), "needs a context key"),
        (plain_type(tier=2), "confidential, but may be echoed"),
    ],
)
def test_a_type_that_contradicts_itself_is_reported(kind, sentence):
    (problem,) = Registry([new_rail(kind)]).check()
    assert sentence in problem


def test_an_equivalence_with_an_unknown_type_is_reported():
    problems = Registry([new_rail(equivalences=ss7.RAIL.equivalences)]).check()
    assert problems == [f"an equivalence names the unregistered type {name}" for name in ("e164", "gt")]


def test_an_equivalence_of_one_direction_is_reported():
    one_way = dataclasses.replace(ss7.RAIL.equivalences[0], to_left=lambda _scope, _normalized: None)
    problems = Registry([dataclasses.replace(ss7.RAIL, equivalences=(one_way,))]).check()
    assert any("not the other way round" in problem for problem in problems)


@pytest.mark.parametrize(
    "name", ["ktt.id", "dtc.participantId", "duns", "switchboard.service", "BIC", "", None, 7]
)
def test_an_unknown_type_is_refused_by_its_name(name):
    with pytest.raises(UnknownIdentifierType) as caught:
        registry.get(name)
    assert (caught.value.code, caught.value.field) == ("unknown_identifier_type", "type")


def test_a_mistyped_type_gets_its_neighbour_named():
    with pytest.raises(UnknownIdentifierType, match=r"'as4.partyid' is unknown: did you mean as4.partyId"):
        registry.get("as4.partyid")


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.name)
@pytest.mark.parametrize(
    "hostile",
    [
        None,
        7,
        True,
        b"abc",
        ["a"],
        {},
        "",
        " ",
        "\t\n",
        "\x00",
        "a\x00b",
        "\ud800",
        "\u202eabc",
        "\ufeff",
        "a\u2028b",
        "x" * 10_000,
        "9" * 10_000,
        "'; DROP TABLE identifier; --\x1b[31m",
    ],
    ids=ascii,
)
def test_hostile_input_is_refused_in_one_printable_line(kind, hostile):
    with pytest.raises(IdentifierError) as caught:
        kind.normalize(hostile, kind.examples[0].scope)
    message = str(caught.value)
    assert message.startswith(kind.name)
    assert message.isprintable()
    assert len(message) < 400


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.name)
@pytest.mark.parametrize("scope", [7, ["a"], "a\x00b", "\ud800", "\u202ea", "x" * 10_000], ids=ascii)
def test_a_hostile_scope_is_refused_at_the_scope(kind, scope):
    with pytest.raises(IdentifierError) as caught:
        kind.normalize(kind.examples[0].value, scope)
    assert caught.value.field == "scope"


scopes = st.none() | st.text(max_size=30) | st.sampled_from([e.scope for k in TYPES for e in k.examples])
values = st.text(max_size=40) | st.sampled_from([e.value for k in TYPES for e in k.examples])


def accepted(kind, value, scope):
    try:
        return kind.normalize(value, scope)
    except IdentifierError:
        return None


@given(st.sampled_from(TYPES), values, scopes)
def test_normalising_what_is_shown_changes_nothing(kind, value, scope):
    first = accepted(kind, value, scope)
    if first is not None:
        again = kind.normalize(kind.display(first.normalized, first.scope), first.scope)
        assert again.key == first.key
        assert kind.normalize(value, first.scope).key == first.key


@given(st.sampled_from(TYPES), values, scopes)
def test_equivalence_is_symmetric_and_its_twins_are_normal(kind, value, scope):
    first = accepted(kind, value, scope)
    for twin in registry.equivalents(*first.key) if first else []:
        assert first.key in registry.equivalents(*twin)
        other = registry.get(twin.type)
        assert other.normalize(other.display(twin.normalized, twin.scope), twin.scope).key == twin


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (("as4.partyId", "BANKUS33", "BIC"), ("bic", "BANKUS33XXX", None)),
        (("as4.partyId", "213800KUD8LAJWSQ9D15", "LEI"), ("lei", "213800kud8lajwsq9d15", None)),
        (("as4.partyId", "0088:123456789", None), ("peppol.participantId", "0088:123456789", None)),
        (("as4.partyId", "TEST", "9915"), ("peppol.participantId", "9915:test", None)),
        (("e164", "+46 70 123 45 67", None), ("gt", "46701234567", "nai=4;np=1")),
    ],
)
def test_the_declared_equivalences_hold_both_ways(left, right):
    left_key = registry.get(left[0]).normalize(*left[1:]).key
    right_key = registry.get(right[0]).normalize(*right[1:]).key
    assert right_key in registry.equivalents(*left_key)
    assert left_key in registry.equivalents(*right_key)


@pytest.mark.parametrize(
    "key",
    [
        ("as4.partyId", "urn:partners", "BANKUS33XXX"),
        ("gt", "tt=9;np=1;nai=4", "46701234567"),
        ("gt", "gti=2;tt=0", "46701234567"),
        ("peppol.participantId", "other-actorid-upis", "0088:123456789"),
        ("pan.bin", "", "411111"),
    ],
)
def test_what_is_not_declared_is_not_equivalent(key):
    assert registry.equivalents(*key) == []


@pytest.mark.parametrize(
    ("protocol", "address"),
    [
        ("as4", "https://as4.bankus.com/fi"),
        ("as4", "https://[2001:db8::1]:8443/fi?x=1"),
        ("smp", "http://smp.example/"),
        ("iso8583", "10.0.0.1:5000"),
        ("mq", "QM1/PAYMENTS.IN"),
        ("ss7", "2-100-3/8"),
    ],
)
def test_an_address_of_its_protocol_is_taken(protocol, address):
    assert registry.check_address(protocol, address) == address


@pytest.mark.parametrize(
    ("protocol", "address"),
    [
        ("as4", "http://as4.bankus.com/fi"),
        ("as4", "https://"),
        ("as4", "https://user:secret@as4.bankus.com/"),
        ("as4", "https://as4.bankus.com/#top"),
        ("as4", "https://as4.bankus.com:99999/"),
        ("as4", "https://as4.bankus.com:0/"),
        ("as4", "https://as4 .com/"),
        ("as4", "https://999.1.1.1/"),
        ("as4", "https://[::1/"),
        ("as4", "javascript:alert(1)"),
        ("as4", "https://b\u00e4nk.example/"),
        ("as4", "https://a.example/\x00"),
        ("as4", "https://a.example/" + "x" * 3000),
        ("as4", ""),
        ("as4", None),
        ("ss7", "256-1-1"),
        ("ss7", "2-100-3/256"),
        ("ss7", "2-100-3/x"),
        ("ss7", "stp/8"),
        ("ss7", "16777216"),
        ("iso8583", "host"),
        ("iso8583", "host:70000"),
        ("iso8583", "::1:5000"),
        ("mq", "a/b/c"),
    ],
)
def test_an_address_of_another_form_is_refused(protocol, address):
    with pytest.raises(AddressError) as caught:
        registry.check_address(protocol, address)
    assert (caught.value.code, caught.value.field) == ("invalid", "address")
    assert str(caught.value).isprintable()


def test_an_unknown_protocol_is_refused_with_the_known_ones():
    with pytest.raises(AddressError, match=r"'x400' is unknown; use one of as4, .*ss7") as caught:
        registry.check_address("x400", "anything")
    assert caught.value.field == "protocol"


def test_credentials_in_a_refused_url_are_not_repeated():
    with pytest.raises(AddressError) as caught:
        registry.check_address("as4", "https://user:secret@as4.bankus.com/")
    assert "secret" not in str(caught.value)


def test_an_endpoint_without_a_registered_profile_takes_the_rules_of_its_protocol():
    assert registry.profile("", "ss7").service_indicator == "SCCP"
    assert registry.profile("house-rules", "as4").name == "as4.default"
    assert registry.profile("peppol-transport-as4-v2_0", "as4").sign_required
