import pytest
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, connections

from audit.models import AuditEvent
from config.foundation.errors import Refused
from directory.connectors.base import rehearse_import, run_import
from directory.connectors.records import IdentifierRecord, Reading, Rejection
from directory.connectors.runs import ERRORS_MAX, lock_key
from directory.enums import RunState
from directory.models import Identifier, Participant, Source, SourceRun
from tests.directory.connectors.conftest import ACTOR, LATER, NOW, Example, bank
from tests.roles import as_owner
from tests.sealing import seal

pytestmark = pytest.mark.usefixtures("global_directory")
TWO_BANKS = [*bank(1, "AAAASE22XXX", "Alpha"), *bank(2, "BBBBSE22XXX", "Beta")]


def run(records, now=NOW, **options):
    return run_import(actor=ACTOR, connector=Example(list(records), **options), now=now)


def rows():
    """Return every imported row with its version."""
    parties = Participant.objects.filter(source="example").order_by("external_id")
    names = Identifier.objects.filter(source="example").order_by("external_id", "identifier_type")
    return [
        *parties.values_list("external_id", "name", "row_version", "updated_at", "superseded_at"),
        *names.values_list("external_id", "normalized", "row_version", "updated_at", "superseded_at"),
    ]


def test_every_row_says_where_it_comes_from():
    run(TWO_BANKS)
    party = Participant.objects.get(external_id="AAAASE22XXX")
    name = party.identifiers.get()
    for row in (party, name):
        assert (row.source, row.external_id, row.verified_at, row.confidence, row.superseded_at) == (
            "example",
            "AAAASE22XXX",
            NOW,
            0.7,
            None,
        )
    assert (party.name, party.kind, party.country) == ("Alpha", "organization", "SE")
    assert (name.identifier_type, name.normalized, name.tier) == ("bic", "AAAASE22XXX", 0)


def test_the_run_counts_what_it_did():
    outcome = run([*TWO_BANKS, Rejection(3, "bad")])
    recorded = SourceRun.objects.get()
    assert str(outcome) == "example: read 5, created 4, updated 0, unchanged 0, superseded 0, rejected 1"
    assert recorded.state == RunState.SUCCEEDED
    assert recorded.progress_percent == 100
    assert recorded.finished_at is not None
    assert (recorded.rows_read, recorded.rows_created, recorded.rows_rejected) == (5, 4, 1)
    assert recorded.errors == [{"row": 3, "reason": "bad"}]


def test_the_same_input_twice_changes_nothing():
    run(TWO_BANKS)
    before = rows()
    seal()
    head = AuditEvent.objects.count()

    outcome = run(TWO_BANKS, now=LATER)
    seal()

    assert not outcome.has_changed
    assert outcome.rows_unchanged == 4
    assert rows() == before
    later_events = AuditEvent.objects.filter(id__gt=head)
    assert set(later_events.values_list("resource", flat=True)) == {"directory.sourcerun"}


def test_what_differs_is_updated_and_verified_anew():
    run(TWO_BANKS)
    outcome = run([*bank(1, "AAAASE22XXX", "Alpha Bank"), *TWO_BANKS[2:]], now=LATER)
    assert (outcome.rows_updated, outcome.rows_unchanged) == (1, 3)
    party = Participant.objects.get(external_id="AAAASE22XXX")
    assert (party.name, party.verified_at, party.row_version) == ("Alpha Bank", LATER, 2)


def test_what_the_source_no_longer_holds_is_superseded_and_comes_back_when_it_does():
    run(TWO_BANKS)
    outcome = run(TWO_BANKS[:2], now=LATER)
    assert outcome.rows_superseded == 2
    gone = Participant.objects.get(external_id="BBBBSE22XXX")
    assert (gone.superseded_at, gone.identifiers.get().superseded_at) == (LATER, LATER)

    assert run(TWO_BANKS).rows_updated == 2
    back = Participant.objects.get(external_id="BBBBSE22XXX")
    assert back.pk == gone.pk
    assert (back.superseded_at, back.identifiers.get().superseded_at) == (None, None)


def test_rows_of_other_sources_are_left_alone():
    run(TWO_BANKS, name="other")
    own = Participant.objects.create(name="By hand", country="SE")
    assert run(bank(1, "CCCCSE22XXX")).rows_superseded == 0
    assert Participant.objects.get(pk=own.pk).superseded_at is None
    assert not Participant.objects.filter(source="other", superseded_at__isnull=False).exists()


def test_bad_rows_are_refused_with_their_number_and_the_good_ones_written():
    bad = IdentifierRecord(7, "AAAASE22XXX", "bic", "NOBIC")
    stray = IdentifierRecord(8, "ZZZZSE22XXX", "bic", "ZZZZSE22XXX")
    again = IdentifierRecord(9, "AAAASE22XXX", "bic", "aaaase22")
    nowhere = bank(10, "DDDDQQ22XXX", country="QQ")
    outcome = run([*TWO_BANKS, bad, stray, again, *nowhere])
    assert [error["row"] for error in outcome.errors] == [7, 8, 9, 10, 10]
    assert "NOBIC" in outcome.errors[0]["reason"]
    assert outcome.rows_created == 4


def test_only_the_first_thousand_refusals_are_kept():
    outcome = run([*TWO_BANKS, *(Rejection(row, "bad") for row in range(ERRORS_MAX + 5))])
    assert outcome.rows_rejected == ERRORS_MAX + 5
    assert len(SourceRun.objects.get().errors) == ERRORS_MAX


def test_a_source_without_a_valid_row_does_not_empty_the_directory():
    run(TWO_BANKS)
    with pytest.raises(Refused, match="no valid row") as refusal:
        run([Rejection(1, "bad")])
    assert refusal.value.code == "source_unreadable"
    assert not Participant.objects.filter(superseded_at__isnull=False).exists()
    assert SourceRun.objects.order_by("-started_at", "-created_at").filter(state=RunState.FAILED).count() == 1


def test_a_failure_in_mid_merge_leaves_nothing_but_the_failed_run():
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("""
            CREATE FUNCTION pg_temp.break_off() RETURNS trigger LANGUAGE plpgsql
                AS $$ BEGIN RAISE EXCEPTION 'the disk is full'; END $$;
            CREATE TRIGGER zz_break_off BEFORE INSERT ON public.directory_identifier
                FOR EACH STATEMENT EXECUTE FUNCTION pg_temp.break_off();
        """)
    with pytest.raises(DatabaseError, match="the disk is full"):
        run(TWO_BANKS)
    assert not Participant.objects.filter(source="example").exists()
    failed = SourceRun.objects.get()
    assert failed.state == RunState.FAILED
    assert "the disk is full" in failed.errors[0]["reason"]


def test_a_source_that_breaks_off_while_it_is_read_leaves_nothing():
    def broken():
        yield from TWO_BANKS
        raise ConnectionResetError("gone")

    connector = Example([])
    connector.read = lambda: Reading(4, broken())  # type: ignore[method-assign] # a source that breaks
    with pytest.raises(ConnectionResetError):
        run_import(actor=ACTOR, connector=connector, now=NOW)
    assert not Participant.objects.filter(source="example").exists()
    assert SourceRun.objects.get().state == RunState.FAILED


def test_a_second_import_of_the_source_is_refused_while_the_first_runs():
    key = lock_key("public", "example")
    other = connections.create_connection(DEFAULT_DB_ALIAS)
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [key])
            with pytest.raises(Refused, match="Another import of example is running"):
                run(TWO_BANKS)
            assert run(TWO_BANKS, name="another").rows_created == 4
            cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [key])
    finally:
        other.close()
    assert run(TWO_BANKS).rows_created == 4


def test_a_run_whose_process_was_killed_is_marked_failed_by_the_next():
    source = Source.objects.create(name="example", kind="file")
    lost = SourceRun.objects.create(source=source, started_at=NOW, progress_percent=40)
    run(TWO_BANKS, now=LATER)
    lost.refresh_from_db()
    assert lost.state == RunState.FAILED
    assert "process ended" in lost.errors[0]["reason"]


def test_a_rehearsal_counts_and_writes_nothing():
    seal()
    head = AuditEvent.objects.count()
    outcome = rehearse_import(actor=ACTOR, connector=Example(list(TWO_BANKS)), now=NOW)
    seal()
    assert outcome.rows_created == 4
    assert not Participant.objects.filter(source="example").exists()
    assert not Source.objects.filter(name="example").exists()
    assert not SourceRun.objects.exists()
    assert AuditEvent.objects.count() == head


def test_progress_is_reported_in_order():
    steps = []
    run_import(
        actor=ACTOR,
        connector=Example(list(TWO_BANKS)),
        now=NOW,
        report=lambda percent, doing: steps.append((percent, doing)),
    )
    assert [percent for percent, _ in steps] == sorted(percent for percent, _ in steps)
    assert steps[0] == (10, "reading")


def test_the_chain_names_the_command_and_the_verb():
    seal()
    head = AuditEvent.objects.count()
    run(TWO_BANKS)
    seal()
    written = AuditEvent.objects.filter(id__gt=head)
    assert set(written.values_list("actor", flat=True)) == {"system:import_example"}
    assert set(written.values_list("action", flat=True)) == {"import"}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("bank.code", "4111111111111111"),
        ("bic", "enc1.1.c2VhbGVk"),
        ("bank.code", "MC4CAQAwBQYDK2VwBCIEI" + "A" * 43),
    ],
)
def test_an_import_takes_no_secret_and_does_not_repeat_it(kind, value):
    secret = IdentifierRecord(3, "AAAASE22XXX", kind, value, "SE")
    outcome = run([*TWO_BANKS, secret])
    assert (outcome.rows_rejected, outcome.errors[0]["row"]) == (1, 3)
    assert value not in str(SourceRun.objects.get().errors)
    assert Identifier.objects.count() == 2
