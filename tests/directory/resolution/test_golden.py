"""The golden vectors of the specification, against the store of plain rows."""

from directory.resolution.resolve import resolve
from tests.directory.resolution.building import (
    BANKUS_ENDPOINT,
    BIC_REQUEST,
    GLOBAL,
    PAYMENT,
    add_party,
    bankus,
    context,
    endpoint,
    link,
    rule,
)  # fmt: skip
from tests.directory.resolution.memory_store import MemoryStore

LEI = "549300BANKUS33DEMO23"


def answer(store, body, **given):
    return resolve(body, context=context(store, **given)).response


def assert_bankus(response):
    primary = response["primary"]
    assert primary["target_protocol"] == "as4"
    assert primary["target_address"] == BANKUS_ENDPOINT["address"]
    assert primary["transport_profile"] == BANKUS_ENDPOINT["profile"]
    assert primary["security"]["signRequired"] is True
    assert primary["security"]["encryptRequired"] is True
    assert primary["security"]["keyRefs"] == ["vault://certs/bankus/iso20022"]
    assert primary["ttl_seconds"] == 300


def test_a_bank_is_found_by_its_bic():
    store = MemoryStore()
    bankus(store)
    response = answer(store, BIC_REQUEST | PAYMENT)
    assert_bankus(response)
    assert response["directives"] == [response["primary"]]
    assert response["resolution_trace"][-1] == {
        "level": "3", "source": "internal directory", "outcome": "hit", "candidates": 1, "directory": "own",
    }  # fmt: skip
    assert response["failure_policy"]["retry"] >= 0


def test_a_bank_is_found_by_the_bic_type_and_by_eight_characters():
    store = MemoryStore()
    bankus(store)
    assert_bankus(answer(store, {"identifiers": [{"type": "bic", "value": "bankus33"}]} | PAYMENT))


def test_a_bank_is_found_by_the_lei_that_an_edge_calls_the_same_and_the_step_is_evidence():
    store = MemoryStore()
    bankus(store)
    add_party(store, "entity", [("as4.partyId", LEI, "LEI")])
    store.links.append(
        link(
            ("identifier", f"entity/as4.partyId/{LEI}"),
            ("identifier", "bankus/as4.partyId/BANKUS33XXX"),
            confidence=0.9,
        )
    )
    response = answer(
        store, {"identifiers": [{"type": "as4.partyId", "value": LEI, "scope": "LEI"}]} | PAYMENT
    )
    assert_bankus(response)
    steps = [line["step"] for line in response["evidence"] if "step" in line]
    assert steps == ["as4.partyId/LEI same_as as4.partyId/BIC"]
    assert response["primary"]["evidence"]["confidenceScore"] == 0.9


def test_an_unknown_bic_is_a_miss_that_may_be_kept_for_a_minute():
    response = answer(MemoryStore(), {"identifiers": [{"type": "bic", "value": "DEUTDEFF"}]})
    assert response["directives"] == []
    assert response["negative_cache_ttl"] == 60
    assert "primary" not in response
    assert [line["outcome"] for line in response["resolution_trace"]] == ["miss", "miss", "miss", "off"]


def test_a_bic_that_only_the_global_directory_knows_is_recognised_but_not_routable():
    store = MemoryStore()
    add_party(store, "bank", [("bic", "ABNANL2A")], directory=GLOBAL, source="bic")
    response = answer(store, {"identifiers": [{"type": "as4.partyId", "value": "ABNANL2A", "scope": "BIC"}]})
    line = response["resolution_trace"][1]
    assert (line["outcome"], line["directory"]) == ("recognised_not_routable", "global")
    assert [line["source"] for line in response["evidence"]] == ["bic"]
    assert response["negative_cache_ttl"] == 60


def test_the_eight_digit_bin_rule_wins_over_the_six_digit_one():
    store = MemoryStore()
    for prefix in ("411111", "41111122"):
        store.rules.append(
            rule(prefix, f"{prefix}.example:5000", artifact_kind="bin_table", target_protocol="iso8583")
        )
    response = answer(store, {"identifiers": [{"type": "pan.bin", "value": "41111122"}]})
    assert response["primary"]["target_address"] == "41111122.example:5000"
    assert response["alternates"] == []
    assert response["resolution_trace"][2]["matched_prefix"] == "41111122"


def test_a_party_id_and_its_peppol_twin_answer_alike():
    store = MemoryStore()
    add_party(
        store,
        "company",
        [("as4.partyId", "0088:123456789"), ("peppol.participantId", "0088:123456789")],
        endpoints=(endpoint("ap", protocol="as4", address="https://ap.example/as4"),),
    )
    first, second = (
        answer(store, {"identifiers": [{"type": kind, "value": "0088:123456789"}]})
        for kind in ("as4.partyId", "peppol.participantId")
    )
    assert first == second
    assert first["primary"]["target_address"] == "https://ap.example/as4"


def test_a_phone_number_takes_the_longest_of_the_title_rules():
    store = MemoryStore()
    store.rules += [rule("46", "2-100-1"), rule("4670", "2-100-2"), rule("467012", "2-100-3/8")]
    response = answer(store, {"identifiers": [{"type": "e164", "value": "+46701234567"}]})
    assert response["primary"]["target_protocol"] == "ss7"
    assert response["primary"]["target_address"] == "2-100-3/8"
    assert response["resolution_trace"][2]["matched_prefix"] == "467012"
