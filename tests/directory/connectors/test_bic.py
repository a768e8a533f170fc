import json

import pytest
from django.utils import timezone

from config.foundation.actor import Actor
from config.foundation.errors import Refused
from directory.connectors.base import run_import
from directory.connectors.bic import BicConnector
from directory.connectors.records import IdentifierRecord, PartyRecord, Rejection
from directory.models import Identifier, Participant


@pytest.fixture
def registry_file(tmp_path):
    def write(content):
        path = tmp_path / "banks.json"
        path.write_text(json.dumps(content), encoding="utf-8")
        return path

    return write


def entry(bic, code, name="Nordea", country="SE", primary=True):
    return {"country_code": country, "bic": bic, "bank_code": code, "name": name, "primary": primary}


def read(path):
    return list(BicConnector(path).read().records)


def test_one_participant_for_each_bic_with_all_its_bank_codes(registry_file):
    records = read(
        registry_file([entry("NDEASESS", "300"), entry("ndeasessxxx", "950"), entry("SWEDSESS", "800")])
    )
    parties = [record for record in records if isinstance(record, PartyRecord)]
    names = [record for record in records if isinstance(record, IdentifierRecord)]
    assert [party.external_id for party in parties] == ["NDEASESSXXX", "SWEDSESSXXX"]
    assert [(name.party, name.identifier_type, name.value, name.scope) for name in names] == [
        ("NDEASESSXXX", "bic", "NDEASESSXXX", ""),
        ("NDEASESSXXX", "bank.code", "300", "SE"),
        ("NDEASESSXXX", "bank.code", "950", "SE"),
        ("SWEDSESSXXX", "bic", "SWEDSESSXXX", ""),
        ("SWEDSESSXXX", "bank.code", "800", "SE"),
    ]


def test_the_name_is_the_one_most_primary_rows_give_and_the_country_that_of_the_bic(registry_file):
    rows = [
        entry("TEAMDE71TAT", "1", "Branch", "AT", primary=False),
        entry("TEAMDE71TAT", "2", "Branch", "AT", primary=False),
        entry("TEAMDE71TAT", "3", "TeamBank AG  Österreich", "AT"),
    ]
    party = read(registry_file(rows))[0]
    assert (party.name, party.country) == ("TeamBank AG Österreich", "DE")


def test_rows_without_a_bic_are_passed_over_and_bad_ones_refused(registry_file):
    rows = [entry("", "1"), entry("NOBIC", "2"), "text", entry(7, "3"), entry("SWEDSESS", "800")]
    reading = BicConnector(registry_file(rows)).read()
    refused = [record for record in reading.records if isinstance(record, Rejection)]
    assert reading.row_count == 4
    assert [(rejection.row, rejection.reason[:20]) for rejection in refused] == [
        (2, "bic 'NOBIC': is no B"),
        (3, "This is no JSON obje"),
        (4, "bic must be text."),
    ]


def test_the_second_form_of_the_registries_is_read_too(registry_file):
    row = {"country_code": "FI", "bic": "NDEAFIHH", "bank_codes": ["1", "2"], "name": "Nordea"}
    content = {"expand_from": "bank_codes", "expand_into": "bank_code", "entries": [row]}
    codes = [record.value for record in read(registry_file(content)) if isinstance(record, IdentifierRecord)]
    assert codes == ["NDEAFIHHXXX", "1", "2"]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"[", "is no JSON"),
        (b'{"a": 1}', "is no bank registry"),
        (b'{"entries": 1, "expand_from": "a", "expand_into": "b"}', "is no bank registry"),
        (b"7", "is no bank registry"),
        (b"\xff\xfe", "is not UTF-8"),
    ],
)
def test_a_file_that_is_no_registry_is_refused_in_one_line(tmp_path, content, fault):
    path = tmp_path / "banks.json"
    path.write_bytes(content)
    with pytest.raises(Refused, match=fault) as refusal:
        BicConnector(path).read()
    assert "\n" not in refusal.value.detail


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(Refused, match="cannot be read: No such file"):
        BicConnector(tmp_path / "none.json").read()


@pytest.mark.usefixtures("global_directory")
def test_every_shipped_bic_is_imported_once():
    def run():
        return run_import(actor=Actor.system("import_bic"), connector=BicConnector(), now=timezone.now())

    first = run()
    assert first.rows_rejected == 0
    bics = Identifier.objects.filter(source="bic", identifier_type="bic")
    assert bics.count() == Participant.objects.filter(source="bic").count() > 10_000
    nordea = Participant.objects.get(source="bic", external_id="NDEASESSXXX")
    assert (nordea.name, nordea.country) == ("Nordea", "SE")
    assert set(
        nordea.identifiers.filter(identifier_type="bank.code").values_list("normalized", flat=True)
    ) == {
        "300",
        "950",
    }

    again = run()
    assert not again.has_changed
    assert again.rows_unchanged == first.rows_created
