"""Doing the work of a job: once, whatever becomes of the process that does it.

A job is begun in a transaction of its own. Its work and its success are one transaction. While it runs, the session
holds an advisory lock, which goes with the process: a job that is running and not locked was left by one that died.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, OperationalError, connections
from django.db.models import F
from django.db.models.functions import Now

from audit.requests.enums import JobState
from audit.requests.models import Job
from audit.requests.operations.jobs import enqueue, move, tell_of
from config.foundation.actor import Actor, acting, request_context
from config.foundation.beside import connection_beside
from config.foundation.constraints import translated
from config.foundation.errors import Refused
from config.foundation.jobs import JobError, JobKind, JobStopped, job_kinds
from config.foundation.rows import selected_schema

WORKER = Actor.system("work")
ATTEMPTS_MAX = 3
ERRORS_MAX = 1_000
TICK_EVERY_S = 0.5
MESSAGE_MAX_LENGTH = 200
PROGRESS_CONNECTION = "job-progress"
KILLED = f"The process that ran this was killed, {ATTEMPTS_MAX} times; nothing of the work was kept."
BROKEN = "Something went wrong that is not your fault. The log tells more, under the request's id."

ENDED_SESSIONS = ("08", "57P")  # SQLSTATEs: the connection broke, or the server ended it

logger = logging.getLogger(__name__)


class JobBusyError(Exception):
    """Another process is at the job; it is to be looked at again later."""


class JobCancelled(JobStopped):
    """Somebody asked for the job's end."""


class JobInterrupted(JobStopped):
    """The worker stops; the job is to be done by the next."""


class RunningJob:
    """See ``config.foundation.jobs.Running``."""

    def __init__(self, job: Job, schema: str, beside: str, is_stopping: Callable[[], bool]) -> None:
        self.job_id: UUID = job.pk
        self.actor = job.acting
        self.schema = schema
        self.given: Mapping[str, Any] = job.given
        self.is_finished = False
        self._attempt = job.attempt
        self._kind = job.kind
        self._beside = beside
        self._is_stopping = is_stopping
        self._next_tick = 0.0
        self._told: dict[str, int | None] = {}

    def tick(self, done: int, total: int | None = None, message: str = "") -> None:
        """Write how far the work is, twice a second at most.

        Raises:
            JobStopped: the job is to end.
        """
        if self._is_stopping():
            raise JobInterrupted
        self._told = {"progress_done": done, "progress_total": total}
        now = time.monotonic()
        if now < self._next_tick:
            return
        self._next_tick = now + TICK_EVERY_S
        move(self.job_id, using=self._beside, message=storable(message[:MESSAGE_MAX_LENGTH]), **self._told)
        asked = Job.objects.using(self._beside).filter(pk=self.job_id, cancel_asked_at__isnull=False)
        if asked.exists():
            raise JobCancelled

    def finish(self, result: Mapping[str, Any], errors: Sequence[JobError] = ()) -> None:
        """Note the success, in the transaction of the work.

        Raises:
            JobCancelled: somebody asked for the end in the last moment.
            RuntimeError: the job is another process's by now.
        """
        job = Job.objects.select_for_update().get(pk=self.job_id)
        if job.state != JobState.RUNNING or job.attempt != self._attempt:
            raise RuntimeError(f"job {job.display_id} was taken over")
        if job.cancel_asked_at is not None:
            raise JobCancelled
        values = {"result": storable(dict(result)), "errors": list(errors[:ERRORS_MAX]), **self._told}
        _end(self.actor, job, JobState.SUCCEEDED, **values)
        self.is_finished = True


def perform_job(job_id: UUID, *, is_stopping: Callable[[], bool] = lambda: False) -> None:
    """Do the work of a job of the selected schema, unless it has ended or somebody else is at it.

    Raises:
        JobBusyError: somebody else is at it, or at what it writes.
        DatabaseError: the session was lost in the middle, and the work with it; it is to be done again.
    """
    schema = selected_schema(DEFAULT_DB_ALIAS)
    with _locked(schema, job_id):
        job = _begin(job_id)
        if job is None:
            return
        kind = job_kinds.get(job.kind)
        with (
            request_context(request_id=job.request_id, reason=job.reason),
            connection_beside(PROGRESS_CONNECTION) as beside,
        ):
            running = RunningJob(job, schema, beside, is_stopping)
            try:
                _work(kind, running)
            except JobInterrupted:
                _put_back(job)
            except JobCancelled:
                _close(running.actor, job_id, JobState.CANCELLED)
            except Exception as error:  # whatever it is, it is the job's outcome
                if _is_lost_session(error):
                    raise
                if isinstance(error, Refused) and error.code == "busy" and job.attempt < ATTEMPTS_MAX:
                    _put_back(job, is_counted=True)
                    raise JobBusyError(error.detail) from error
                _close(running.actor, job_id, JobState.FAILED, errors=_faults_of(error, job))


def close_job(job_id: UUID, *, why: str) -> None:
    """End a job of the selected schema that is not to run: its tenant is not in use any more."""
    error: JobError = {"code": "tenant_unavailable", "detail": why}
    _close(WORKER, job_id, JobState.CANCELLED, errors=[error])


def lock_name(schema: str, job_id: UUID | str) -> str:
    """Return the text whose hash is the advisory lock of a job that runs."""
    return f"switchboard job {schema} {job_id}"


def _work(kind: JobKind | None, running: RunningJob) -> None:
    if kind is None:
        raise Refused("unknown_job_kind", "This release does not know this kind of job.")
    if kind.commits_itself:
        kind.perform(running)
        if not running.is_finished:
            raise RuntimeError(f"{kind.name} did not finish its job")
        return
    with translated(), acting(running.actor):
        running.finish(kind.perform(running) or {})


@contextmanager
def _locked(schema: str, job_id: UUID) -> Iterator[None]:
    connection = connections[DEFAULT_DB_ALIAS]
    key = lock_name(schema, job_id)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [key])
        if not cursor.fetchone()[0]:
            raise JobBusyError(key)
    try:
        yield
    finally:
        if connection.is_usable():  # a lost session has released it
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [key])


def _begin(job_id: UUID) -> Job | None:
    """Take a job that waits, or one that was left running; None where there is nothing to do."""
    with acting(WORKER):
        job: Job | None = Job.objects.select_for_update().filter(pk=job_id).first()
        if job is None or not job.is_open:
            return None
        if job.cancel_asked_at is not None:
            _end(WORKER, job, JobState.CANCELLED)
            return None
        if job.attempt >= ATTEMPTS_MAX:
            error: JobError = {"code": "worker_killed", "detail": KILLED}
            _end(WORKER, job, JobState.FAILED, errors=[error])
            return None
        move(
            job.pk,
            state=JobState.RUNNING,
            started_at=Now(),
            attempt=F("attempt") + 1,
            progress_done=0,
            progress_total=None,
            message="",
        )
        job.refresh_from_db()
    return job


def _put_back(job: Job, *, is_counted: bool = False) -> None:
    """Have it done again: at once where its worker stopped, which is no attempt, or as the queue waits after one."""
    with acting(WORKER):
        move(
            job.pk,
            state=JobState.QUEUED,
            started_at=None,
            attempt=job.attempt if is_counted else job.attempt - 1,
        )
        if not is_counted:
            enqueue(job.pk)


def _close(actor: Actor, job_id: UUID, state: JobState, **values: Any) -> None:
    with acting(actor):
        job = Job.objects.select_for_update().get(pk=job_id)
        if job.is_open:
            is_wanted = state == JobState.FAILED and job.cancel_asked_at is not None
            _end(actor, job, JobState.CANCELLED if is_wanted else state, **values)


def _end(actor: Actor, job: Job, state: JobState, **values: Any) -> None:
    values["errors"] = storable(values.get("errors", []))
    move(job.pk, state=state, finished_at=Now(), message="", **values)
    codes = sorted({error.get("code", "") for error in values["errors"]})
    payload = {"kind": job.kind, "state": state.value} | ({"codes": codes} if codes else {})
    tell_of(actor, job.pk, "finish", payload)


def storable(value: Any) -> Any:
    """Return what JSON in PostgreSQL can hold of a value: no NUL, and no half of a character, in any text."""
    if isinstance(value, str):
        return value.replace("\0", "\ufffd").encode(errors="replace").decode()
    if isinstance(value, Mapping):
        return {storable(name): storable(member) for name, member in value.items()}
    return [storable(member) for member in value] if isinstance(value, list | tuple) else value


def _is_lost_session(error: Exception) -> bool:
    """Tell whether the database went away, by which nothing of the work is told."""
    if not isinstance(error, DatabaseError | InterfaceError):
        return False
    state = getattr(error.__cause__, "sqlstate", None)
    if state is None:  # psycopg's own: there was nobody to send one
        return isinstance(error, OperationalError | InterfaceError)
    return str(state).startswith(ENDED_SESSIONS)


def _faults_of(error: Exception, job: Job) -> list[JobError]:
    """Return what is told of a failure: refusals in their words; of anything else nothing but where to look."""
    if isinstance(error, Refused):
        return [{"code": error.code, "detail": error.detail}]
    if isinstance(error, ValidationError):
        return _faults_of_rows(error)[:ERRORS_MAX]
    logger.error("job %s (%s) failed", job.display_id, job.kind, exc_info=error)
    return [{"code": "internal_error", "detail": BROKEN}]


def _faults_of_rows(error: ValidationError) -> list[JobError]:
    if not hasattr(error, "error_dict"):
        return [_fault(one) for one in error.error_list]
    return [
        {**_fault(one), "pointer": f"#/{name}"} for name, errors in error.error_dict.items() for one in errors
    ]


def _fault(error: ValidationError) -> JobError:
    return {"code": error.code or "invalid", "detail": " ".join(error.messages)}
