"""What the demonstration's books hold, read without a database."""

import pytest
from schwifty import registry as schwifty_registry

from config.demo import acme, globex
from config.demo.announcement import announce
from config.demo.logins import DemoFileError, Logins, new_login, read_logins, write_logins
from directory.rails.registry import registry
from directory.resolution.policies import validate_rule

BOOKS = {"acme": acme.BOOK, "globex": globex.BOOK}
LOGINS: Logins = {
    "url": "http://localhost:8000",
    "operator": {"email": "operator@switchboard.example", "password": "one"},
    "tenants": {
        slug: {
            "url": f"http://localhost:8000/t/{slug}/",
            "admin": {"email": f"admin@{slug}.example", "password": "two"},
            "member": {"email": f"member@{slug}.example", "password": "three"},
            "token": f"sbt_{slug}",
        }
        for slug in BOOKS
    },
}


@pytest.mark.parametrize("slug", BOOKS)
def test_a_book_is_large_enough_to_look_real(slug):
    assert 30 <= len(BOOKS[slug].parties) <= 60


@pytest.mark.parametrize("slug", BOOKS)
def test_every_name_is_valid_without_a_warning_except_the_short_location_number(slug):
    for party in BOOKS[slug].parties:
        for name in party.names:
            warnings = registry.get(name.type).normalize(name.value, name.scope).warnings
            assert not warnings or name.value == "0088:123456789", (party.key, warnings)


@pytest.mark.parametrize("slug", BOOKS)
def test_every_address_rule_and_policy_is_valid_and_refers_to_what_is_there(slug):
    book = BOOKS[slug]
    keys = [party.key for party in book.parties]
    assert len(set(keys)) == len(keys)
    for party in book.parties:
        for address in party.addresses:
            registry.check_address(address.protocol, address.address)
            known = registry.profile(address.profile, address.protocol)
            assert address.profile in {"", known.name}
    for rule in (rule for table in book.tables for rule in table.rules):
        assert rule.party in keys
        registry.check_address(rule.protocol, rule.address)
    for ruling in book.rulings:
        assert not list(validate_rule({"when": ruling.when, "reason": ruling.reason}))


def test_every_correspondent_is_a_bank_of_the_registries():
    shipped = {bank.bic.ljust(11, "X") for bank in schwifty_registry.get_all_banks() if bank.bic}
    correspondents = {party.same_as_bic for party in acme.BOOK.parties if party.same_as_bic}
    assert len(correspondents) >= 15
    assert correspondents <= shipped
    assert acme.GLOBAL_ONLY_BIC.ljust(11, "X") in shipped - correspondents


def test_hosts_are_examples_or_the_handbooks_own():
    for book in BOOKS.values():
        for address in (address for party in book.parties for address in party.addresses):
            if "." in address.address and address.protocol in {"as4", "https", "smp", "iso8583"}:
                host = address.address.split("//")[-1].split("/")[0].split(":")[0]
                assert host.endswith(".example") or host == "as4.bankus.com"


def test_the_log_ins_are_kept_for_the_owner_alone_and_read_back(tmp_path):
    path = tmp_path / "data" / "demo.json"
    write_logins(path, LOGINS)
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_logins(path) == LOGINS
    assert [child.name for child in path.parent.iterdir()] == ["demo.json"]


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"tenants": {"acme": 1}, "operator": {}}', '{"tenants": []}']
)
def test_a_damaged_file_counts_as_lost(tmp_path, content):
    path = tmp_path / "demo.json"
    path.write_text(content)
    assert read_logins(path) is None


def test_a_missing_file_counts_as_lost_and_an_unreadable_one_is_refused(tmp_path):
    assert read_logins(tmp_path / "demo.json") is None
    with pytest.raises(DemoFileError, match="cannot be read"):
        read_logins(tmp_path)


def test_a_password_is_long_and_never_the_same():
    passwords = {new_login("a@b.example")["password"] for _ in range(20)}
    assert len(passwords) == 20
    assert all(len(password) == 20 for password in passwords)


def test_the_announcement_names_every_log_in_and_two_requests_to_paste():
    text = announce(LOGINS)
    for secret in ("one", "two", "three", "sbt_acme", "sbt_globex"):
        assert secret in text
    assert text.count("  curl -s http://localhost:8000/t/") == 2
    assert '{"identifiers": [{"type": "bic", "value": "NDEASESS"}]}' in text
    assert '{"identifiers": [{"type": "e164", "value": "+46701234567"}]}' in text
