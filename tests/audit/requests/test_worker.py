"""A real worker, killed for real: what it did is there once, or not at all, and its jobs do not run for ever."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from django.conf import settings
from django.db import connections, transaction
from psycopg import sql

from audit.models import AuditEvent
from audit.operations.verifications import VERIFICATION
from audit.requests.models import Job
from audit.requests.operations import cancel_job, start_job
from audit.requests.tasks import requeue_abandoned, worker_parameters
from config.foundation.actor import Actor
from config.foundation.rows import public_schema
from config.foundation.schemas import OWNER_ALIAS
from config.management.commands.up import working
from config.postgres import APPLICATION_ROLE
from tests import cast

ROOT = settings.BASE_DIR
PATIENCE_S = 30.0
ACTOR = Actor.system("tests")
pytestmark = [pytest.mark.race, pytest.mark.enable_socket, pytest.mark.usefixtures("committed")]


@pytest.fixture(autouse=True)
def environment(committed, monkeypatch):
    """Let processes that are started work in this test's database, with the application's rights."""
    where = settings.DATABASES["default"]
    for name, user in (
        ("DATABASE_URL", APPLICATION_ROLE),
        ("SWITCHBOARD_OWNER_DATABASE_URL", where["USER"]),
    ):
        url = f"postgres://{user}@{quote(where['HOST'], safe='')}:{where['PORT']}/{where['NAME']}"
        monkeypatch.setenv(name, url)
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "config.settings.dev")


@contextmanager
def worker(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    argv = [sys.executable, "manage.py", "work", *arguments]
    with subprocess.Popen(argv, cwd=ROOT) as process:
        try:
            yield process
        finally:
            process.kill()


def until(condition, within=PATIENCE_S):
    deadline = time.monotonic() + within
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.05)
    return found


def state_of(tenant, job):
    with tenant:
        return Job.objects.get(pk=job.pk).state


def ask(tenant):
    with tenant:
        return start_job(actor=ACTOR, kind=VERIFICATION)


@contextmanager
def chain_held(tenant) -> Iterator[None]:
    """Keep whoever verifies the chain from noting the outcome: the job is in the middle of its work."""
    with transaction.atomic(using=OWNER_ALIAS), connections[OWNER_ALIAS].cursor() as cursor:
        cursor.execute(f'LOCK TABLE "{tenant.schema_name}".audit_verification')
        yield


def test_a_worker_does_the_jobs_of_all_and_of_the_platform():
    acme, globex = cast.tenant("acme"), cast.tenant("globex")
    with worker() as process:
        until(is_listening)
        jobs = [(tenant, ask(tenant)) for tenant in (acme, globex)]
        with public_schema():
            of_platform = start_job(actor=ACTOR, kind=VERIFICATION)
        for tenant, job in jobs:
            until(lambda tenant=tenant, job=job: state_of(tenant, job) == "succeeded")
            with tenant:
                assert Job.objects.get(pk=job.pk).result["is_valid"] is True
        with public_schema():
            until(lambda: Job.objects.get(pk=of_platform.pk).state == "succeeded")
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0
    with connections[OWNER_ALIAS].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM public.procrastinate_jobs")
        assert cursor.fetchone() == (0,)


def is_listening():
    with connections[OWNER_ALIAS].cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND application_name = 'switchboard worker' AND query LIKE 'LISTEN%%'"
        )
        return cursor.fetchone()[0] > 0


def test_the_job_of_a_worker_that_was_killed_is_done_once_by_the_next():
    acme = cast.tenant("acme")
    job = ask(acme)
    with chain_held(acme), worker() as first:
        until(lambda: state_of(acme, job) == "running")
        first.kill()
        first.wait()
    with acme:
        left = Job.objects.get(pk=job.pk)
        assert (left.state, left.attempt, left.result) == ("running", 1, None)
    with worker():
        until(lambda: state_of(acme, job) == "succeeded")
    with acme:
        done = Job.objects.get(pk=job.pk)
        told = AuditEvent.objects.filter(resource="requests.job", action="finish", resource_id=str(job.pk))
        assert (done.attempt, told.count()) == (2, 1)


def test_a_job_whose_session_was_ended_is_done_again_and_not_called_a_failure():
    acme = cast.tenant("acme")
    job = ask(acme)
    with worker() as process:
        with chain_held(acme):
            until(lambda: state_of(acme, job) == "running")
            end_sessions_of_workers()
        until(lambda: state_of(acme, job) != "running")
        with acme:
            done = Job.objects.get(pk=job.pk)
            assert (done.state, done.attempt, done.errors) == ("succeeded", 2, [])
        assert process.poll() is None


def end_sessions_of_workers():
    """End every session of this database but those of this process."""
    ours = [each.connection.info.backend_pid for each in connections.all() if each.connection]
    with connections[OWNER_ALIAS].cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND NOT pid = ANY(%s)",
            [ours],
        )


def test_a_worker_listens_again_when_the_database_was_gone():
    with worker() as process:
        until(is_listening)
        with nobody_let_in():
            end_sessions_of_workers()
            time.sleep(1.5)  # it finds nobody to connect to
            assert not is_listening()
        until(is_listening)
        job = ask(cast.tenant("acme"))
        until(lambda: state_of(cast.tenant("acme"), job) == "succeeded")
        assert process.poll() is None


@contextmanager
def nobody_let_in() -> Iterator[None]:
    """Let nobody connect to this test's database; sessions that are there stay."""
    where = settings.DATABASES["default"]
    name = sql.Identifier(where["NAME"])
    server = {"host": where["HOST"], "port": where["PORT"], "user": where["USER"], "dbname": "postgres"}
    with psycopg.connect(**server, autocommit=True) as client:
        client.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
        try:
            yield
        finally:
            client.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))


def test_what_a_living_worker_does_is_not_taken_from_it():
    acme = cast.tenant("acme")
    job = ask(acme)
    with chain_held(acme), worker():
        until(lambda: state_of(acme, job) == "running")
        time.sleep(3.5)  # longer than the grace after a start
        assert requeue_abandoned() == 0


def test_a_job_that_runs_is_cancelled_at_its_next_step_for_others_to_see():
    acme = cast.tenant("acme")
    job = ask(acme)
    with worker():
        with chain_held(acme):
            until(lambda: state_of(acme, job) == "running")
            with acme:
                assert cancel_job(actor=ACTOR, job_id=job.pk).state == "running"
        until(lambda: state_of(acme, job) == "cancelled")
    with acme:
        assert Job.objects.get(pk=job.pk).result is None


def test_a_worker_that_ends_is_replaced_and_all_end_with_the_block():
    with working() as pid_of:
        first = pid_of()
        until(is_listening)
        os.kill(first, signal.SIGKILL)
        second = until(lambda: pid_of() if pid_of() != first else None)
        until(is_listening)
    with pytest.raises(ProcessLookupError):
        os.kill(second, 0)


def test_a_worker_whose_starter_is_killed_ends_by_itself():
    code = (
        "import os, signal, django; django.setup()\n"
        "from config.management.commands.up import working\n"
        "with working() as pid_of:\n"
        "    print(pid_of(), flush=True)\n"
        "    signal.pause()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout
        orphan = int(parent.stdout.readline())
        until(is_listening)
        parent.kill()
    until(lambda: not is_running(orphan))


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_the_worker_looks_for_the_queue_in_public():
    assert "search_path=public" in worker_parameters()["options"]


def test_once_ends_when_nothing_is_left():
    acme = cast.tenant("acme")
    job = ask(acme)
    with worker("--once") as process:
        assert process.wait(PATIENCE_S) == 0
    assert state_of(acme, job) == "succeeded"
