"""Jobs: asked for with their request, done once, told of in the chain, and seen by whom they concern."""

import uuid
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from audit.models import AuditEvent
from audit.requests.enums import JobState
from audit.requests.models import Job
from audit.requests.operations import cancel_job, close_job, perform_job, prune_jobs, start_job
from audit.requests.operations.running import ATTEMPTS_MAX, ERRORS_MAX, JobBusyError, JobCancelled
from audit.requests.tasks import NOT_IN_USE, perform
from config.foundation.actor import Actor, request_context
from config.foundation.errors import Refused
from config.foundation.jobs import JobStopped, job_kinds
from config.foundation.rows import public_schema
from customers.tenants.enums import TenantStatus
from customers.tenants.operations import delete_tenant
from directory.models import Participant
from directory.operations import save_row
from tests.roles import as_owner
from tests.sealing import seal

REQUEST = str(uuid.UUID(int=7))


@pytest.fixture
def actor(acme_admin):
    return Actor.user(acme_admin.pk)


def queued():
    """Return (schema, job, lock) of what is in the queue."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT args ->> 'schema_name', args ->> 'job_id', lock FROM public.procrastinate_jobs ORDER BY id"
        )
        return cursor.fetchall()


def events_of(job):
    seal()
    found = AuditEvent.objects.filter(resource="requests.job", resource_id=str(job.pk)).order_by("pk")
    return [(event.action, event.payload) for event in found]


def names_a_bank(running):
    save_row(actor=running.actor, row=Participant(name="Bank US"))
    running.tick(1, 2, "half")
    return {"named": 1}


def breaks(running):
    save_row(actor=running.actor, row=Participant(name="Bank US"))
    raise KeyError("secret-of-somebody")


def performed(kind, actor, **given):
    job = start_job(actor=actor, kind=kind, given=given)
    perform_job(job.pk)
    job.refresh_from_db()
    return job


def test_asking_leaves_a_row_an_event_and_a_place_in_the_queue(acme, globex, actor, make_kind):
    with acme, request_context(request_id=REQUEST, reason="because"):
        job = start_job(actor=actor, kind=make_kind(names_a_bank), given={"of": "us"})
        assert (job.state, job.attempt, job.given) == (JobState.QUEUED, 0, {"of": "us"})
        assert (job.actor, job.request_id, job.reason) == (str(actor), REQUEST, "because")
        assert events_of(job) == [("create", {"kind": "test_work"})]
    assert queued() == [(acme.schema_name, str(job.pk), acme.schema_name)]
    with globex:
        assert not Job.objects.exists()
    with public_schema():
        assert not Job.objects.exists()


def test_what_is_rolled_back_was_never_asked_for(acme, actor, make_kind):
    kind = make_kind(names_a_bank)
    with acme:
        with transaction.atomic():
            start_job(actor=actor, kind=kind)
            transaction.set_rollback(True)
        assert not Job.objects.exists()
    assert queued() == []


def test_the_work_is_done_as_who_asked_and_under_their_request(acme, actor, make_kind):
    with acme:
        with request_context(request_id=REQUEST, reason="because"):
            job = start_job(actor=actor, kind=make_kind(names_a_bank))
        perform_job(job.pk)
        job.refresh_from_db()
        assert (job.state, job.result, job.attempt, job.percent) == ("succeeded", {"named": 1}, 1, 100)
        assert (job.progress_done, job.progress_total, job.message) == (1, 2, "")
        assert events_of(job)[1:] == [("finish", {"kind": "test_work", "state": "succeeded"})]
        written = AuditEvent.objects.get(resource="directory.participant")
        assert (written.actor, written.request_id, written.reason) == (str(actor), REQUEST, "because")


def test_a_job_that_has_ended_is_not_done_again(acme, actor, make_kind):
    with acme:
        job = performed(make_kind(names_a_bank), actor)
        version = job.row_version
        perform_job(job.pk)
        job.refresh_from_db()
        assert (job.row_version, Participant.objects.count()) == (version, 1)


def test_a_failure_leaves_nothing_behind_and_tells_no_secret(acme, actor, make_kind, caplog):
    with acme:
        job = performed(make_kind(breaks), actor)
        assert (job.state, job.result, Participant.objects.count()) == ("failed", None, 0)
        assert [error["code"] for error in job.errors] == ["internal_error"]
        assert "secret-of-somebody" not in str(job.errors)
        assert events_of(job)[-1] == (
            "finish", {"kind": "test_work", "state": "failed", "codes": ["internal_error"]},
        )  # fmt: skip
    assert "secret-of-somebody" in caplog.text


def test_refusals_are_told_in_their_words_up_to_a_thousand(acme, actor, make_kind):
    def refuses(running):
        raise Refused("import_running", "Another import is running.")

    def finds_faults(running):
        raise ValidationError({"name": [ValidationError(f"Fault {n}.", code="bad") for n in range(1_200)]})

    with acme:
        job = performed(make_kind(refuses, "refuses"), actor)
        assert job.errors == [{"code": "import_running", "detail": "Another import is running."}]
        job = performed(make_kind(finds_faults, "finds_faults"), actor)
        assert len(job.errors) == ERRORS_MAX
        assert job.errors[0] == {"code": "bad", "detail": "Fault 0.", "pointer": "#/name"}


def test_what_is_told_and_found_may_hold_what_the_database_cannot(acme, actor, make_kind):
    def finds(running):
        running.tick(1, 2, "read \0")
        return {"name\0": ["half \ud800", {"n": 1}]}

    def refuses(running):
        raise Refused("import_running", "Row \0 is bad.")

    with acme:
        job = performed(make_kind(finds, "finds"), actor)
        assert (job.state, job.result) == ("succeeded", {"name\ufffd": ["half ?", {"n": 1}]})
        job = performed(make_kind(refuses, "refuses"), actor)
        assert job.errors == [{"code": "import_running", "detail": "Row \ufffd is bad."}]


def test_work_that_found_others_writing_is_tried_three_times_before_it_fails(acme, actor, make_kind):
    def waits_in_vain(running):
        save_row(actor=running.actor, row=Participant(name="Bank US"))
        raise Refused("busy", "Others are writing here.")

    with acme:
        job = start_job(actor=actor, kind=make_kind(waits_in_vain))
        for attempt in range(1, ATTEMPTS_MAX):
            with pytest.raises(JobBusyError):
                perform_job(job.pk)
            job.refresh_from_db()
            assert (job.state, job.attempt, job.errors) == ("queued", attempt, [])
        perform_job(job.pk)
        job.refresh_from_db()
        assert (job.state, job.attempt, job.errors[0]["code"]) == ("failed", ATTEMPTS_MAX, "busy")
        assert not Participant.objects.exists()
    assert len(queued()) == 1


def test_the_last_that_was_told_of_progress_is_kept(acme, actor, make_kind):
    def counts(running):
        for done in range(4):
            running.tick(done, 3, "counting")  # but the first within half a second

    with acme:
        job = performed(make_kind(counts), actor)
        assert (job.progress_done, job.progress_total, job.message) == (3, 3, "")


def test_a_failure_of_what_was_to_end_anyway_is_its_end(acme, actor, make_kind):
    def breaks_when_cancelled(running):
        cancel_job(actor=actor, job_id=running.job_id)
        raise Refused("import_running", "Another import is running.")

    with acme:
        job = start_job(actor=actor, kind=make_kind(breaks_when_cancelled, commits_itself=True))
        perform_job(job.pk)
        job.refresh_from_db()
        assert (job.state, [error["code"] for error in job.errors]) == ("cancelled", ["import_running"])


def test_a_kind_that_is_not_known_any_more_fails(acme, actor, make_kind):
    with acme:
        job = start_job(actor=actor, kind=make_kind(names_a_bank))
        job_kinds._kinds.pop("test_work")
        perform_job(job.pk)
        job.refresh_from_db()
        assert [error["code"] for error in job.errors] == ["unknown_job_kind"]


def test_a_job_that_waits_is_cancelled_at_once(acme, actor, make_kind):
    with acme:
        job = start_job(actor=actor, kind=make_kind(names_a_bank))
        job = cancel_job(actor=actor, job_id=job.pk)
        assert (job.state, job.finished_at is None) == ("cancelled", False)
        version = cancel_job(actor=actor, job_id=job.pk).row_version
        assert version == job.row_version
        perform_job(job.pk)
        assert not Participant.objects.exists()
        assert [action for action, _ in events_of(job)] == ["create", "cancel"]


def test_a_job_that_runs_ends_at_its_next_step_and_leaves_nothing(acme, actor, make_kind):
    def is_cancelled_meanwhile(running):
        save_row(actor=running.actor, row=Participant(name="Bank US"))
        cancel_job(actor=actor, job_id=running.job_id)
        running.tick(1)
        raise AssertionError("went on")

    with acme:
        job = performed(make_kind(is_cancelled_meanwhile), actor)
        # In the tests' one transaction the request was rolled back with the work; the row says so all the same.
        assert (job.state, Participant.objects.count()) == ("cancelled", 0)


def test_a_job_whose_end_was_asked_for_in_the_last_moment_does_not_succeed(acme, actor, make_kind):
    def is_cancelled_behind_its_last_step(running):
        cancel_job(actor=actor, job_id=running.job_id)
        return {}

    with acme:
        assert performed(make_kind(is_cancelled_behind_its_last_step), actor).state == "cancelled"


def test_what_has_succeeded_is_not_cancelled(acme, actor, make_kind):
    with acme:
        job = performed(make_kind(names_a_bank), actor)
        with pytest.raises(Refused, match="has succeeded already") as refused:
            cancel_job(actor=actor, job_id=job.pk)
        assert refused.value.code == "job_ended"


def test_no_work_can_swallow_its_end():
    assert issubclass(JobCancelled, JobStopped)
    assert not issubclass(JobStopped, Exception)


def test_a_worker_that_stops_puts_its_job_back(acme, actor, make_kind):
    with acme:
        job = start_job(actor=actor, kind=make_kind(names_a_bank))
        perform_job(job.pk, is_stopping=lambda: True)
        job.refresh_from_db()
        assert (job.state, job.attempt, Participant.objects.count()) == ("queued", 0, 0)
        assert len(queued()) == 2
        perform_job(job.pk)
        job.refresh_from_db()
        assert (job.state, job.attempt) == ("succeeded", 1)


def test_a_job_that_was_left_running_is_done_again_and_at_last_fails_in_words(acme, actor, make_kind):
    with acme:
        kind = make_kind(names_a_bank)
        job = start_job(actor=actor, kind=kind)
        Job.objects.filter(pk=job.pk).update(state="running", attempt=1, started_at=timezone.now())
        perform_job(job.pk)
        job.refresh_from_db()
        assert (job.state, job.attempt) == ("succeeded", 2)
        job = start_job(actor=actor, kind=kind)
        Job.objects.filter(pk=job.pk).update(state="running", attempt=ATTEMPTS_MAX, started_at=timezone.now())
        perform_job(job.pk)
        job.refresh_from_db()
        assert (job.state, job.errors[0]["code"]) == ("failed", "worker_killed")
        assert "killed, 3 times" in job.errors[0]["detail"]
        assert Participant.objects.count() == 1


def test_a_kind_that_commits_itself_has_to_finish_its_job(acme, actor, make_kind, caplog):
    def forgets(running):
        save_row(actor=running.actor, row=Participant(name="Bank US"))

    def finishes(running):
        with transaction.atomic():
            save_row(actor=running.actor, row=Participant(name="Bank DE"))
            running.finish({"named": 1}, [{"code": "rejected", "detail": "No.", "row": 7}])

    with acme:
        assert performed(make_kind(forgets, "forgets", commits_itself=True), actor).state == "failed"
        job = performed(make_kind(finishes, "finishes", commits_itself=True), actor)
        assert (job.state, job.errors) == ("succeeded", [{"code": "rejected", "detail": "No.", "row": 7}])


def run_task(schema, job):
    context: Any = SimpleNamespace(should_abort=lambda: False)
    perform.func(context, schema_name=schema, job_id=str(job.pk))


@pytest.mark.parametrize("change", ["inactive", "deleted"])
def test_the_job_of_a_tenant_that_is_gone_does_not_run(acme, globex, actor, make_kind, change):
    kind = make_kind(names_a_bank)
    with acme:
        job = start_job(actor=actor, kind=kind)
    with public_schema():
        if change == "inactive":
            type(acme).objects.filter(pk=acme.pk).update(status=TenantStatus.INACTIVE)
        else:
            delete_tenant(actor=Actor.system("tests"), tenant=acme, now=timezone.now())
    run_task(acme.schema_name, job)
    with acme:
        job.refresh_from_db()
        assert (job.state, job.errors[0]["detail"]) == ("cancelled", NOT_IN_USE)
        assert not Participant.objects.exists()


def test_the_task_works_in_the_schema_of_its_job_alone(acme, globex, actor, make_kind):
    kind = make_kind(names_a_bank)
    with acme:
        job = start_job(actor=actor, kind=kind)
    run_task(globex.schema_name, job)  # no such job there
    run_task("t_" + "0" * 32, job)  # no such schema
    with globex:
        assert not Participant.objects.exists()
    run_task(acme.schema_name, job)
    with acme:
        assert Participant.objects.count() == 1
    with globex:
        assert not Participant.objects.exists()
    wrapper: Any = connection
    assert getattr(wrapper.tenant, "is_selected", False) is False


def test_closing_a_job_that_has_ended_changes_nothing(acme, actor, make_kind):
    with acme:
        job = performed(make_kind(names_a_bank), actor)
        close_job(job.pk, why="no")
        job.refresh_from_db()
        assert job.state == "succeeded"


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT args FROM public.procrastinate_jobs",
        "SELECT id FROM public.procrastinate_jobs",
        "SELECT 1 FROM public.procrastinate_events",
        "INSERT INTO public.procrastinate_jobs (queue_name, task_name) VALUES ('jobs', 'other')",
        "UPDATE public.procrastinate_jobs SET status = 'todo'",
        "DELETE FROM public.procrastinate_jobs",
        "SELECT public.procrastinate_fetch_job_v2(NULL, 1)",
        "DELETE FROM job",
    ],
)
def test_the_application_may_queue_and_nothing_else(acme, actor, make_kind, statement):
    with acme:
        start_job(actor=actor, kind=make_kind(names_a_bank))
        with (
            pytest.raises(DatabaseError, match="permission denied"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_the_queue_is_in_public_alone(acme):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relname LIKE 'procrastinate%%'"
            " UNION SELECT n.nspname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
            " WHERE p.proname LIKE 'procrastinate%%' OR p.proname = 'job_enqueue'"
        )
        assert cursor.fetchall() == [("public",)]


@pytest.mark.parametrize(
    "values", [{"state": "done"}, {"state": "succeeded"}, {"finished_at": timezone.now()}]
)
def test_a_job_says_when_it_ended_and_only_then(acme, actor, make_kind, values):
    with acme:
        job = start_job(actor=actor, kind=make_kind(names_a_bank))
        with pytest.raises(IntegrityError, match=r"job_(state|finished)"), transaction.atomic():
            Job.objects.filter(pk=job.pk).update(**values)


def test_jobs_that_ended_long_ago_are_deleted_by_the_owner(acme, globex, actor, make_kind):
    kind = make_kind(names_a_bank)
    with globex:
        performed(kind, actor)
    with acme:
        old, new, waiting = performed(kind, actor), performed(kind, actor), start_job(actor=actor, kind=kind)
        for tenant_job in (old,):
            Job.objects.filter(pk=tenant_job.pk).update(finished_at=timezone.now() - timedelta(days=91))
        with as_owner():
            assert prune_jobs(schema=acme.schema_name, is_dry_run=True, using="default") == 1
            assert prune_jobs(schema=acme.schema_name, using="default") == 1
        assert set(Job.objects.values_list("pk", flat=True)) == {new.pk, waiting.pk}
    with globex:
        assert Job.objects.count() == 1
