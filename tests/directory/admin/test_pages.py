"""Lists and pages of the directory in a tenant's admin."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from directory.enums import ArtifactStatus, EdgeRelation, NodeType, PrefixMode
from directory.models import (
    Edge,
    Identifier,
    Participant,
    Policy,
    PrefixRule,
    Probe,
    RoutingArtifact,
    Source,
    SourceRun,
)
from directory.operations import save_row
from tests.directory.admin.conftest import ACTOR, MERCHANT, Screen

STATEMENTS_MAX = 12
LISTS = (
    "participant", "identifier", "endpoint", "capability", "credential", "policy", "edge", "routingartifact",
    "prefixrule", "source", "sourcerun", "probe",
)  # fmt: skip
Party = Callable[..., Participant]


def fill(acme: Any, party: Participant, number: int) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    with acme:
        identifiers = list(Identifier.objects.filter(participant=party).order_by("pk"))
        rule = {"when": {"attr": "time.hour", "op": "gte", "value": 22}}
        artifact = save_row(actor=ACTOR, row=RoutingArtifact(kind="gtt_table", name=f"table {number}"))
        source = save_row(actor=ACTOR, row=Source(name=f"feed {number}", kind="file"))
        rows = (
            Policy(name=f"policy {number}", rule_json=rule, effect="deny"),
            PrefixRule(artifact=artifact, prefix=f"46{number}", participant=party, mode=PrefixMode.SOLITARY),
            SourceRun(source=source, started_at=now, errors=[{"row": 7, "reason": "no BIC"}]),
            Probe(name=f"probe {number}", request={"identifiers": []}, expected={"directives": []}),
            Edge(
                from_type=NodeType.IDENTIFIER, from_id=identifiers[0].pk, to_type=NodeType.IDENTIFIER,
                to_id=identifiers[1].pk, relation=EdgeRelation.SAME_AS,
            ),
        )  # fmt: skip
        for row in rows:
            save_row(actor=ACTOR, row=row)


@pytest.mark.parametrize("table", LISTS)
def test_a_list_costs_few_statements_and_not_more_with_more_rows(
    table: str, screen: Screen, acme: Any, make_party: Party
) -> None:
    fill(acme, make_party("One"), 1)
    screen.count(f"directory/{table}/")
    few = screen.count(f"directory/{table}/")
    for number in range(2, 6):
        fill(acme, make_party(f"Party {number}"), number)
    many = screen.count(f"directory/{table}/")
    assert many == few
    assert many <= STATEMENTS_MAX


@pytest.mark.parametrize("table", ["identifier", "prefixrule"])
def test_the_long_lists_never_count_the_whole_table(
    table: str, screen: Screen, acme: Any, make_party: Party
) -> None:
    fill(acme, make_party(), 1)
    counts = [sql for sql in screen.statements(f"directory/{table}/") if "COUNT(*)" in sql]
    assert all("LIMIT" in sql for sql in counts), counts


@pytest.mark.parametrize("table", LISTS)
def test_every_page_opens(table: str, screen: Screen, acme: Any, make_party: Party) -> None:
    fill(acme, make_party(), 1)
    rows = screen.open(f"directory/{table}/").context["cl"].result_list
    assert rows
    assert screen.open(f"directory/{table}/{rows[0].pk}/change/").status_code == 200


def test_a_participant_is_found_by_name_and_by_identifier_but_not_by_a_confidential_one(
    screen: Screen, make_party: Party
) -> None:
    party = make_party()
    for term, expected in (("bank u", [party]), ("BANKUS", [party]), (MERCHANT, []), ("nobody", [])):
        response = screen.open("directory/participant/", {"q": term})
        assert list(response.context["cl"].result_list) == expected, term


@pytest.mark.parametrize(
    "path", ["identifier/", "identifier/?q=mid", "participant/", "participant/{party}/change/"]
)
def test_a_confidential_value_is_on_no_screen(path: str, screen: Screen, make_party: Party) -> None:
    party = make_party()
    text = screen.open(f"directory/{path.format(party=party.pk)}").content.decode()
    assert MERCHANT not in text
    assert "enc1." not in text


def test_a_confidential_value_is_in_no_download(screen: Screen, acme: Any, make_party: Party) -> None:
    make_party()
    with acme:
        ids = [str(pk) for pk in Identifier.objects.values_list("pk", flat=True).order_by("pk")]
    answer = screen.submit("directory/identifier/", {"action": "export_csv", "_selected_action": ids})
    text = answer.content.decode()
    assert "BANKUS33" in text
    assert "•••" in text
    assert MERCHANT not in text
    assert "enc1." not in text


def test_a_vault_reference_and_a_sources_settings_are_on_no_screen(
    screen: Screen, acme: Any, make_party: Party
) -> None:
    party = make_party()
    with acme:
        source = save_row(actor=ACTOR, row=Source(name="api", kind="file", settings={"password": "hunter2"}))
    for path in (f"participant/{party.pk}/change/", "credential/", f"source/{source.pk}/change/", "source/"):
        text = screen.open(f"directory/{path}").content.decode()
        assert "certs/bankus" not in text, path
        assert "hunter2" not in text, path


def test_an_edge_shows_its_ends_by_name(screen: Screen, acme: Any, make_party: Party) -> None:
    fill(acme, make_party(), 1)
    text = screen.open("directory/edge/").content.decode()
    assert "bic BANKUS33" in text
    assert "mid •••" in text


def test_a_policy_is_read_as_a_sentence(screen: Screen, acme: Any, make_party: Party) -> None:
    fill(acme, make_party(), 1)
    assert "Deny when time.hour is at least 22" in screen.open("directory/policy/").content.decode()


def test_a_draft_is_put_in_force_from_its_page_and_then_is_not_edited(screen: Screen, acme: Any) -> None:
    with acme:
        artifact = save_row(actor=ACTOR, row=RoutingArtifact(kind="gtt_table", name="table"))
    page = f"directory/routingartifact/{artifact.pk}/"
    assert screen.open(page + "activate/").status_code == 200
    with acme:
        artifact.refresh_from_db()
    assert artifact.status == ArtifactStatus.DRAFT, "looking changes nothing"
    screen.submit(page + "activate/", {"_form_submitted": "true", "reason": "tested"})
    with acme:
        artifact.refresh_from_db()
    assert artifact.status == ArtifactStatus.ACTIVE
    assert screen.submit(page + "change/", {"name": "other"}).status_code == 403


def test_rules_stand_on_the_page_while_they_are_few(
    screen: Screen, acme: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with acme:
        artifact = save_row(actor=ACTOR, row=RoutingArtifact(kind="gtt_table", name="table"))
        for prefix in ("46", "47"):
            save_row(actor=ACTOR, row=PrefixRule(artifact=artifact, prefix=prefix))
    path = f"directory/routingartifact/{artifact.pk}/change/"
    assert "2 rules" in screen.open(path).content.decode()
    assert len(screen.open(path).context["inline_admin_formsets"]) == 1
    monkeypatch.setattr("directory.admin.routing.INLINE_RULES_MAX", 2)
    assert screen.open(path).context["inline_admin_formsets"] == []


def test_a_run_shows_its_refused_rows(screen: Screen, acme: Any, make_party: Party) -> None:
    fill(acme, make_party(), 1)
    row = screen.open("directory/sourcerun/").context["cl"].result_list[0]
    assert "no BIC" in screen.open(f"directory/sourcerun/{row.pk}/change/").content.decode()


def test_the_platforms_site_shows_the_global_directory_alone(operator: Any, make_party: Party) -> None:
    make_party("Bank of acme")
    platform = Screen("acme", operator)
    platform.root = "/admin/"
    text = platform.open("directory/participant/").content.decode()
    assert "Bank of acme" not in text
