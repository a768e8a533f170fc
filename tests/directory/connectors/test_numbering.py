import json
from typing import Any

import pytest

from config.foundation.actor import Actor
from config.foundation.errors import Refused
from directory.connectors.base import run_import
from directory.connectors.numbering import NumberingConnector
from directory.connectors.records import PartyRecord, PrefixRecord, Rejection
from directory.models import PrefixRule, RoutingArtifact
from directory.operations import activate_artifact
from tests.directory.connectors.conftest import NOW

ACTOR = Actor.system("import_numbering")
PLANS: dict[str, Any] = {
    "regions": {"1": ["US", "BS"], "46": ["SE"], "800": ["001"]},
    "prefixes": {
        "1242357": {"en": "BaTelCo"},
        "46700": {"en": "Tele2 Sverige"},
        "46701": {"en": "Tele2 Sverige"},
        "79004": {"fr": "Télé2"},
    },
}


@pytest.fixture
def connector(tmp_path):
    def make(plans):
        path = tmp_path / "plans.json"
        path.write_text(json.dumps(plans), encoding="utf-8")
        return NumberingConnector(path)

    return make


@pytest.fixture
def run(global_directory, connector):
    return lambda plans: run_import(actor=ACTOR, connector=connector(plans), now=NOW)


def test_countries_and_carriers_become_ranges_with_their_prefixes(connector):
    records = list(connector(PLANS).read().records)
    parties = [(r.external_id, r.name, r.country) for r in records if isinstance(r, PartyRecord)]
    prefixes = [(r.prefix, r.party) for r in records if isinstance(r, PrefixRecord)]
    assert parties == [
        ("plan:1:US", "United States (+1)", "US"),
        ("plan:1:BS", "Bahamas (+1242)", "BS"),
        ("plan:46:SE", "Sweden (+46)", "SE"),
        ("plan:800:001", "International freephone (+800)", ""),
        ("carrier:BS:BaTelCo", "BaTelCo", "BS"),
        ("carrier:SE:Tele2 Sverige", "Tele2 Sverige", "SE"),
        ("carrier:001:Télé2", "Télé2", ""),
    ]
    assert prefixes == [
        ("1", "plan:1:US"),
        ("1242", "plan:1:BS"),
        ("46", "plan:46:SE"),
        ("800", "plan:800:001"),
        ("1242357", "carrier:BS:BaTelCo"),
        ("46700", "carrier:SE:Tele2 Sverige"),
        ("46701", "carrier:SE:Tele2 Sverige"),
        ("79004", "carrier:001:Télé2"),
    ]


def test_a_prefix_that_a_country_and_a_carrier_have_is_the_carriers(connector):
    records = connector({"regions": {"46": ["SE"]}, "prefixes": {"46": {"en": "Televerket"}}}).read().records
    assert [r.party for r in records if isinstance(r, PrefixRecord)] == ["carrier:SE:Televerket"]


def test_bad_entries_are_refused_with_their_number(connector):
    plans = {
        "regions": {"46": "SE", "47": ["NO"]},
        "prefixes": {"4670": {}, "4671": "Tele2", "4672": {"en": "A"}},
    }
    refused = [r for r in connector(plans).read().records if isinstance(r, Rejection)]
    assert [rejection.row for rejection in refused] == [1, 3, 4]


@pytest.mark.parametrize("content", ["[]", "{}", '{"regions": {}}', '{"regions": [], "prefixes": {}}'])
def test_a_file_that_is_no_plan_is_refused(tmp_path, content):
    path = tmp_path / "plans.json"
    path.write_text(content)
    with pytest.raises(Refused, match="is no numbering plan"):
        NumberingConnector(path).read()


def test_the_table_is_in_force_and_names_no_target(run):
    outcome = run(PLANS)
    artifact = RoutingArtifact.objects.get(kind="number_range", name="numbering")
    assert (artifact.version, artifact.status, artifact.payload["rule_count"]) == (1, "active", 8)
    assert outcome.rows_created == 7 + 8
    rule = PrefixRule.objects.get(artifact=artifact, prefix="46700")
    assert (rule.participant.name, rule.target_protocol, rule.target_address) == ("Tele2 Sverige", "", "")
    assert rule.participant.kind == "range"


def test_the_same_plans_twice_change_nothing(run):
    first = run(PLANS)
    second = run(PLANS)
    assert not second.has_changed
    assert second.rows_unchanged == first.rows_created
    assert RoutingArtifact.objects.filter(kind="number_range").count() == 1


def test_other_plans_make_a_new_version_and_retire_the_earlier(run):
    run(PLANS)
    changed = {**PLANS, "prefixes": PLANS["prefixes"] | {"46702": {"en": "Telia"}}}
    run(changed)
    versions = RoutingArtifact.objects.filter(kind="number_range").order_by("version")
    assert [(v.version, v.status) for v in versions] == [(1, "retired"), (2, "active")]
    assert [v.prefix_rules.count() for v in versions] == [8, 9]


def test_who_went_back_to_an_earlier_version_is_not_overruled_by_the_same_data(run):
    run(PLANS)
    changed = {**PLANS, "prefixes": {"46700": {"en": "Telia"}}}
    run(changed)
    earlier = RoutingArtifact.objects.get(kind="number_range", version=1)
    activate_artifact(actor=ACTOR, artifact=earlier)
    assert not run(changed).has_changed
    assert RoutingArtifact.objects.get(kind="number_range", status="active").version == 1


def test_every_shipped_plan_and_carrier_is_read():
    records = list(NumberingConnector().read().records)
    assert not [record for record in records if isinstance(record, Rejection)]
    prefixes = {record.prefix: record.party for record in records if isinstance(record, PrefixRecord)}
    assert len(prefixes) > 29_000
    assert prefixes["46"] == "plan:46:SE"
    assert prefixes["467012"] == "carrier:SE:SPINBOX AB"
    assert {record.external_id for record in records if isinstance(record, PartyRecord)} == set(
        prefixes.values()
    )
