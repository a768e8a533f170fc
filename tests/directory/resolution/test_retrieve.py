"""The directory as the database holds it: golden vectors, the same answers as plain rows, two tenants, costs."""

import json
import random
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.foundation.keys import blind_index
from config.foundation.rows import public_schema
from directory import models
from directory.resolution.records import (
    Capability,
    Credential,
    InvalidRequest,
    ResolverSettings,
    Window,
)  # fmt: skip
from directory.resolution.resolve import ResolveContext, resolve, resolve_many
from tests.directory.resolution.building import (
    BASE,
    EARLIER,
    GLOBAL,
    NOW,
    OWN,
    add_party,
    artifact,
    blind,
    endpoint,
    policy,
    rule,
    uid,
)  # fmt: skip
from tests.directory.resolution.database_rows import directory_of, write
from tests.directory.resolution.memory_store import End, MemoryStore, StoredEdge
from tests.roles import without_triggers
from tests.sealing import seal

LEI = "529900T8BM49AURSDO55"
BIC = {"identifiers": [{"type": "as4.partyId", "value": "BANKUS33XXX", "scope": "BIC"}]}
PAYMENT = {"serviceContext": {"service": "iso20022.fi", "action": "credit.transfer"}}
EVERYTHING_ON = ResolverSettings(default_route=True)


def context_of(tenant, **given):
    schema = tenant.schema_name
    values = {
        "tenant": schema, "tenant_names": {tenant.slug}, "store": directory_of(tenant), "now": NOW,
        "blind": partial(blind_index, schema),
    }  # fmt: skip
    return ResolveContext(**(values | given))


def answer(tenant, body, **given):
    return resolve(body, context=context_of(tenant, **given)).response


def saved(model, **columns):
    row = model(**columns)
    row.full_clean()
    row.save()
    return row


def party(name, *identifiers, endpoints=()):
    """Save a participant with identifiers ``(type, value, scope)`` and endpoints as columns."""
    participant = saved(models.Participant, name=name)
    for kind, value, *scope in identifiers:
        saved(
            models.Identifier,
            participant=participant,
            identifier_type=kind,
            value=value,
            scope=scope[0] if scope else "",
        )
    for columns in endpoints:
        saved(models.Endpoint, participant=participant, **columns)
    return participant


def bankus():
    participant = party(
        "Bank US",
        ("as4.partyId", "BANKUS33XXX", "BIC"),
        endpoints=[{"protocol": "as4", "address": "https://as4.bankus.com/fi", "profile": BASE}],
    )
    saved(models.Capability, participant=participant, service="iso20022.fi", action="credit.transfer")
    for purpose in ("sign", "encrypt"):
        saved(
            models.Credential,
            participant=participant,
            credential_type=purpose,
            vault_ref="vault://certs/bankus/iso20022",
        )
    return participant


def table(kind, *rules):
    artifact_row = saved(models.RoutingArtifact, kind=kind, name="table")
    for prefix, protocol, address in rules:
        saved(
            models.PrefixRule,
            artifact=artifact_row,
            prefix=prefix,
            target_protocol=protocol,
            target_address=address,
        )
    artifact_row.status = "active"
    artifact_row.save()


def assert_bankus(response):
    primary = response["primary"]
    assert (primary["target_protocol"], primary["target_address"], primary["transport_profile"]) == (
        "as4", "https://as4.bankus.com/fi", BASE,
    )  # fmt: skip
    assert primary["security"]["signRequired"] is primary["security"]["encryptRequired"] is True
    assert primary["security"]["keyRefs"] == ["vault://certs/bankus/iso20022"]
    assert response["resolution_trace"][-1] == {
        "level": "3", "source": "internal directory", "outcome": "hit", "candidates": 1, "directory": "own",
    }  # fmt: skip


def test_a_bank_is_found_by_its_bic(acme):
    with acme:
        bankus()
    assert_bankus(answer(acme, BIC | PAYMENT))


def test_a_bank_is_found_by_its_lei_over_an_edge_and_the_step_is_evidence(acme):
    with acme:
        bank = bankus()
        entity = party("Bank US, legal entity", ("as4.partyId", LEI, "LEI"))
        ends = {"from_type": "identifier", "to_type": "identifier", "relation": "same_as"}
        saved(
            models.Edge,
            from_id=entity.identifiers.get().pk,
            to_id=bank.identifiers.get().pk,
            source="gleif",
            **ends,
        )
    response = answer(
        acme, {"identifiers": [{"type": "as4.partyId", "value": LEI, "scope": "LEI"}]} | PAYMENT
    )
    assert_bankus(response)
    steps = [(line["source"], line["step"]) for line in response["evidence"] if "step" in line]
    assert steps == [("gleif", "as4.partyId/LEI same_as as4.partyId/BIC")]


def test_a_well_formed_unknown_bic_is_a_miss_for_a_minute(acme):
    response = answer(acme, {"identifiers": [{"type": "bic", "value": "DEUTDEFF"}]})
    assert response["directives"] == []
    assert response["negative_cache_ttl"] == 60
    assert "primary" not in response


def test_the_longest_bin_wins_whatever_was_listed_first(acme):
    with acme:
        table(
            "bin_table",
            *((prefix, "iso8583", f"h{prefix}.example:5000") for prefix in ("411111", "41111122")),
        )
    response = answer(acme, {"identifiers": [{"type": "pan.bin", "value": "41111122"}]})
    assert [one["target_address"] for one in response["directives"]] == ["h41111122.example:5000"]


def test_a_party_id_and_its_peppol_twin_answer_alike(globex):
    with globex:
        party(
            "Company",
            ("peppol.participantId", "0088:7300010000001"),
            endpoints=[{"protocol": "as4", "address": "https://ap.example/as4"}],
        )
    first, second = (
        answer(globex, {"identifiers": [{"type": kind, "value": "0088:7300010000001"}]})
        for kind in ("as4.partyId", "peppol.participantId")
    )
    assert first == second
    assert first["primary"]["target_address"] == "https://ap.example/as4"


def test_a_phone_number_takes_the_longest_title_rule(globex):
    targets = (("46", "2-100-1/8"), ("4670", "2-100-2/8"), ("467012", "2-100-3/8"))
    with globex:
        table("gtt_table", *((prefix, "ss7", address) for prefix, address in targets))
    response = answer(globex, {"identifiers": [{"type": "e164", "value": "+46701234567"}]})
    assert response["primary"]["target_protocol"] == "ss7"
    assert response["primary"]["target_address"] == "2-100-3/8"
    assert response["resolution_trace"][-1]["matched_prefix"] == "467012"


def test_a_bank_of_the_global_directory_alone_is_recognised(acme):
    with public_schema():
        party("Real Bank", ("bic", "ABNANL2A"))
    response = answer(acme, {"identifiers": [{"type": "bic", "value": "ABNANL2A"}]})
    line = response["resolution_trace"][1]
    assert (line["outcome"], line["directory"]) == ("recognised_not_routable", "global")


def test_a_tenants_edge_to_a_global_bank_makes_its_own_participant_answer(acme, globex):
    with public_schema():
        bank = party("Real Bank", ("bic", "ABNANL2A"))
    with acme:
        ours = party("Our name for it", endpoints=[{"protocol": "https", "address": "https://x.example/in"}])
        ends = {"from_type": "participant", "to_type": "participant", "to_end": "global"}
        saved(models.Edge, from_id=ours.pk, to_id=bank.pk, relation="same_as", **ends)
    body = {"identifiers": [{"type": "bic", "value": "ABNANL2A"}]}
    assert answer(acme, body)["primary"]["target_address"] == "https://x.example/in"
    assert answer(globex, body)["directives"] == []


def test_an_identifier_finds_the_participant_that_another_source_says_it_resolves_to(acme):
    with public_schema():
        bank = party("Real Bank", ("bic", "ABNANL2A"))
        identifier = bank.identifiers.get()
    with acme:
        ours = party(
            "Correspondent",
            ("bic", "DEUTDEFF"),
            endpoints=[{"protocol": "https", "address": "https://x.example/in"}],
        )
        ends = {"from_type": "identifier", "to_type": "participant", "from_end": "global", "to_end": "own"}
        saved(
            models.Edge,
            from_id=identifier.pk,
            to_id=ours.pk,
            relation="resolves_to",
            source="agreement",
            **ends,
        )
    response = answer(acme, {"identifiers": [{"type": "bic", "value": "ABNANL2A"}], "explain": True})
    assert response["primary"]["target_address"] == "https://x.example/in"
    assert [line["step"] for line in response["evidence"] if "step" in line] == [
        "bic resolves_to participant"
    ]
    assert not any("DEUTDEFF" in line for line in response["explanation"]["identifiers"])


def test_a_confidential_identifier_is_found_by_its_tenants_index_and_by_no_other(acme, globex):
    body = {"identifiers": [{"type": "mid", "value": "MERCHANT0000001"}], "explain": True}
    for tenant in (acme, globex):
        with tenant:
            party(
                f"Shop of {tenant.slug}",
                ("mid", "MERCHANT0000001"),
                endpoints=[{"protocol": "https", "address": f"https://{tenant.slug}.example/in"}],
            )
    found = resolve(body, context=context_of(acme))
    assert [one["target_address"] for one in found.response["directives"]] == ["https://acme.example/in"]
    assert found.touches_confidential
    assert "MERCHANT0000001" not in json.dumps(found.response)
    foreign = context_of(acme, blind=partial(blind_index, globex.schema_name))
    assert resolve(body, context=foreign).response["directives"] == []


# --- the same rows in both stores -------------------------------------------------------------------------

BICS = ["BANKUS33XXX", "DEUTDEFFXXX", "NDEASESSXXX", "ABNANL2AXXX"]
PHONES = ["+46701234567", "+46701239999", "+4799999999"]
MIDS = ["SHOP1", "SHOP2"]
MOMENTS = [
    None,
    None,
    EARLIER,
    NOW - timedelta(days=1),
    NOW,
    NOW + timedelta(seconds=20),
    NOW + timedelta(hours=1),
]


def a_window(chance):
    start, end = chance.choice(MOMENTS), chance.choice(MOMENTS)
    return Window(start, end if start is None or end is None or end > start else None)


def superseded(chance):
    return chance.choice([None, None, None, NOW - timedelta(days=2), NOW + timedelta(seconds=30)])


def life(chance):
    """Return a row's window and when it was superseded; the first ends no later than the second."""
    window, gone = a_window(chance), superseded(chance)
    if gone is None or (window.start and window.start >= gone):
        return {"window": window}
    return {"window": Window(window.start, min(filter(None, (window.end, gone)))), "superseded_at": gone}


def made_party(store, chance, number):
    owner, directory = f"party{number}", chance.choice([OWN, OWN, GLOBAL])
    held = tuple(
        endpoint(
            f"{owner}/{n}",
            protocol=chance.choice(["as4", "https"]),
            address=f"https://{chance.choice('ab')}.example/{n}",
            profile=chance.choice(["", BASE, f"{BASE}.target2"]),
            priority=chance.randint(0, 2),
            status=chance.choice(["active", "active", "draining", "inactive"]),
            confidence=chance.choice([0.3, 0.7, 1.0]),
            verified_at=chance.choice([None, EARLIER, NOW - timedelta(days=1)]),
            qos=chance.choice([{}, {"retries": 3}]),
            **life(chance),
        )
        for n in range(chance.randint(0, 3))
    )
    identifiers: list[tuple[Any, ...]] = [
        ("as4.partyId", bic, "BIC", chance.randint(0, 1)) for bic in chance.sample(BICS, 2)
    ]
    identifiers += [("e164", phone) for phone in chance.sample(PHONES, 1)]
    if directory is OWN:
        identifiers += [("mid", mid) for mid in chance.sample(MIDS, 1)]
    services = chance.sample(["iso20022.fi", "iso*", "other", ""], chance.randint(0, 2))
    purposes = chance.sample(["sign", "encrypt", "tls"], chance.randint(0, 3))
    add_party(
        store,
        owner,
        identifiers,
        directory=directory,
        confidence=chance.choice([0.5, 1.0]),
        superseded=[superseded(chance) for _ in identifiers],
        country=chance.choice(["SE", "US", ""]),
        tags=tuple(chance.sample(["a", "b"], chance.randint(0, 2))),
        endpoints=held,
        capabilities=tuple(
            Capability(
                uid(f"{owner}/cap/{service}"),
                chance.choice([None, *(one.id for one in held)]),
                service,
                constraints=chance.choice([{}, {"mpc": ["urgent"]}]),
                window=Window(None, superseded(chance)),
            )
            for service in services
        ),
        credentials=tuple(
            Credential(
                purpose,
                f"vault://{owner}/{purpose}",
                chance.choice([None, *(one.id for one in held)]),
                **life(chance),
            )
            for purpose in purposes
        ),
        window=Window(None, superseded(chance)),
    )


def made_edges(store, chance):
    people = [End("participant", one.ref.directory, one.ref.id) for one in store.participants]
    names = [End("identifier", one.row.directory, one.id) for one in store.identifiers]
    for n in range(8):
        left, right = chance.sample(chance.choice([people, names]), 2)
        if left.kind == "identifier" and chance.random() < 0.3:
            right = chance.choice(people)
        holder = GLOBAL if left.directory is right.directory is GLOBAL and chance.random() < 0.5 else OWN
        relation = "same_as" if left.kind == "participant" else chance.choice(["same_as", "translates_to"])
        relation = relation if left.kind == right.kind else "resolves_to"
        store.links.append(
            StoredEdge(
                holder, left, right, relation, f"source{n}", chance.choice([0.4, 0.9, 1.0]), a_window(chance)
            )
        )


def made_rules(store, chance):
    for number in range(12):
        directory = chance.choice([OWN, OWN, GLOBAL])
        people = [one for one in store.participants if one.ref.directory is directory]
        kind = chance.choice(["gtt_table", "gtt_table", "number_range"])
        store.rules.append(
            rule(
                chance.choice(["46", "4670", "467012", "47"]),
                chance.choice(["2-100-1", "2-100-2", ""]),
                name=str(number),
                directory=directory,
                artifact_kind=kind,
                mode=chance.choice(["solitary", "dominant", "loadshare", "broadcast"]),
                weight=chance.randint(1, 3),
                priority=chance.randint(0, 1),
                # the region makes each rule another one
                selectors={"region": f"r{number}"}
                | chance.choice([{}, {"tt": 0}, {"ssn": 6}, {"calling_prefix": "46"}, {"np": 1, "nai": 4}]),
                participant=chance.choice([None, *people]),
                window=a_window(chance),
                result=chance.choice([{}, {"backup": "2-100-9", "digits": "46"}]),
            )
        )


def made_rulings(store, chance):
    conditions = [
        {"attr": "participant.country", "op": "eq", "value": "SE"},
        {"not": {"attr": "endpoint.protocol", "op": "eq", "value": "as4"}},
        {"attr": "time.hour", "op": "gte", "value": 12},
        {"attr": "participant.tags", "op": "in", "value": ["b"]},
    ]
    for n, condition in enumerate(chance.sample(conditions, 2)):
        effect, directory = chance.choice(["allow", "deny"]), chance.choice([OWN, GLOBAL])
        store.rulings.append(policy(f"rule{n}", condition, effect, chance.randint(0, 1), directory))
    for name in "ab":
        directive = {"target_protocol": "mq", "target_address": f"Q.{name}"}
        override = {
            "match": {"action": "statement"},
            "directive": directive,
            "priority": chance.randint(0, 1),
        }
        store.tables.append(artifact("tenant_override", name, override, a_window(chance)))
        default = {"match": {"type": "e164"}, "directive": directive}
        store.tables.append(artifact("default_route", name, default, a_window(chance)))


def made_directory(seed):
    chance, store = random.Random(seed), MemoryStore()
    for number in range(5):
        made_party(store, chance, number)
    made_edges(store, chance)
    made_rules(store, chance)
    made_rulings(store, chance)
    return store


def made_requests(seed):
    chance, bodies = random.Random(-seed - 1), []
    kinds = [
        *({"type": "as4.partyId", "value": bic, "scope": "BIC"} for bic in BICS),
        *({"type": "e164", "value": phone} for phone in PHONES),
        *({"type": "mid", "value": mid} for mid in MIDS),
    ]
    for _ in range(30):
        body = {"identifiers": chance.sample(kinds, chance.randint(1, 2)), "explain": chance.random() < 0.7}
        body |= chance.choice([{}, {"asOf": "2026-05-20T00:00:00Z"}, {"asOf": "2026-06-01T12:00:25Z"}])
        action = chance.choice(["statement", "x"])
        body |= chance.choice([{}, {"serviceContext": {"service": "iso20022.fi", "action": action}}])
        body |= chance.choice(
            [{}, {"constraints": {"scheme": "target2"}}, {"constraints": {"ssn": 6, "callingGt": "+4699"}}]
        )
        bodies.append(body)
    return bodies


def as_bytes(found):
    return [one.errors if isinstance(one, InvalidRequest) else json.dumps(one.response) for one in found]


@pytest.mark.parametrize("seed", range(4))
def test_the_same_rows_answer_alike_from_memory_and_from_the_database_alone_and_among_many(acme, seed):
    store = write(made_directory(seed), acme)
    bodies = made_requests(seed)
    from_database = context_of(acme, blind=blind, settings=EVERYTHING_ON)
    version = from_database.store.version()
    store.version = lambda: version  # type: ignore[method-assign] # the database's, to compare all bytes
    expected = as_bytes(resolve_many(bodies, context=replace(from_database, store=store)))
    assert sum('"primary"' in one for one in expected) > 5
    assert as_bytes(resolve_many(bodies, context=from_database)) == expected
    alone = [as_bytes(resolve_many([body], context=from_database))[0] for body in bodies]
    assert alone == expected


# --- two tenants ------------------------------------------------------------------------------------------


def test_the_rows_of_another_tenant_change_nothing_of_an_answer(acme, globex):
    everything_on = {"blind": blind, "settings": EVERYTHING_ON}
    write(made_directory(1), globex)
    with public_schema(), without_triggers():
        for model in (models.PrefixRule, models.Credential, models.Participant, models.Policy):
            model.objects.all().delete()
    before = context_of(acme, **everything_on)
    for body, found in zip(made_requests(1), resolve_many(made_requests(1), context=before), strict=True):
        assert not isinstance(found, InvalidRequest)
        response = found.response
        assert (response["directives"], response["evidence"]) == ([], [])
        assert {line["outcome"] for line in response["resolution_trace"]} == {"miss"}
        assert not any("candidates" in line for line in response["resolution_trace"])
        assert response.get("explanation", {"candidates": []})["candidates"] == []
        assert len(response.get("explanation", {"identifiers": []})["identifiers"]) <= 2 * len(
            body["identifiers"]
        )


def test_the_version_moves_with_the_tenants_own_and_the_global_rows_only(acme, globex):
    version = directory_of(acme).version
    seal()
    first = version()
    with globex:
        party("Somebody")
    assert version() == first
    with acme:
        party("Somebody")
    second = version()
    assert second != first
    with public_schema():
        party("Somebody")
    assert version() not in (first, second)


def test_both_tenants_are_answered_from_their_own_rows_over_one_connection(acme, globex):
    for tenant in (acme, globex):
        with tenant:
            party(
                tenant.name,
                ("bic", "BANKUS33XXX"),
                endpoints=[{"protocol": "https", "address": f"https://{tenant.slug}.example/in"}],
            )
            table("gtt_table", ("46", "ss7", f"2-100-{tenant.slug == 'acme':d}/8"))
            rule_json = {"when": {"attr": "identifier.type", "op": "eq", "value": "lei"}}
            saved(models.Policy, name=f"of {tenant.slug}", rule_json=rule_json, effect="deny")
    for tenant in (acme, globex, acme):
        found = answer(tenant, {"identifiers": [{"type": "bic", "value": "BANKUS33XXX"}]})
        assert [one["target_address"] for one in found["directives"]] == [f"https://{tenant.slug}.example/in"]
        phone = answer(tenant, {"identifiers": [{"type": "e164", "value": "+46701234567"}]})
        assert [one["target_address"] for one in phone["directives"]] == [
            f"2-100-{tenant.slug == 'acme':d}/8"
        ]
        assert [one.name for one in directory_of(tenant).policies()] == [f"of {tenant.slug}"]


# --- costs ------------------------------------------------------------------------------------------------


def statements_of(tenant, bodies, **given):
    with CaptureQueriesContext(connection) as captured:
        resolve_many(bodies, context=context_of(tenant, **given))
    # selecting a schema for the rows of a test is not the resolver's cost
    return [query["sql"] for query in captured.captured_queries if not query["sql"].startswith("SET ")]


def a_bank(number):
    return party(
        f"Bank {number}",
        ("as4.partyId", f"BANKUS{number:02d}XXX", "BIC"),
        endpoints=[{"protocol": "https", "address": f"https://{number}.example/{n}"} for n in range(3)],
    )


def bic_request(number):
    return {"identifiers": [{"type": "bic", "value": f"BANKUS{number:02d}"}]}


def test_a_hit_of_the_directory_costs_six_statements_and_one_of_a_table_seven(acme):
    with acme:
        a_bank(10)
        table("gtt_table", ("46", "ss7", "2-100-1/8"))
    # the version before and after, policies, edges, and one a level: overrides, directory, prefix tables
    assert len(statements_of(acme, [bic_request(10)])) == 6
    assert len(statements_of(acme, [{"identifiers": [{"type": "e164", "value": "+46701234567"}]}])) == 7
    assert len(statements_of(acme, [bic_request(99)])) <= 7
    assert len(statements_of(acme, [bic_request(99)], settings=EVERYTHING_ON)) <= 8


def test_the_number_of_statements_does_not_grow_with_rows_nor_with_requests(acme):
    with acme:
        a_bank(10)
    one = len(statements_of(acme, [bic_request(10), bic_request(99)]))
    with acme:
        for number in range(11, 40):
            a_bank(number)
        for number in range(30):
            saved(
                models.Endpoint,
                participant=a_bank(40 + number),
                protocol="https",
                address="https://z.example",
            )
    bodies = [bic_request(number) for number in range(10, 100)]
    assert len(statements_of(acme, bodies)) == one
    assert len(statements_of(acme, bodies * 11)) == one


def test_a_chain_of_edges_costs_at_most_two_more_statements(acme):
    with acme:
        banks = [a_bank(number) for number in range(10, 20)]
        plain = len(statements_of(acme, [bic_request(10)]))
        for left, right in pairwise(banks):
            ends = {"from_type": "participant", "to_type": "participant", "relation": "same_as"}
            saved(models.Edge, from_id=left.pk, to_id=right.pk, **ends)
    assert len(statements_of(acme, [bic_request(10)])) <= plain + 2
