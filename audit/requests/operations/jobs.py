"""Asking for long work, and asking for its end."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import F
from django.db.models.functions import Now
from psycopg import sql

from audit.operations import record
from audit.requests.enums import OPEN_STATES, JobState
from audit.requests.models import Job
from config.foundation.actor import Actor, current_act, operation
from config.foundation.errors import Refused
from config.foundation.jobs import JobKind
from config.foundation.rows import selected_schema
from config.foundation.schemas import OWNER_ALIAS

RESOURCE = "requests.job"
JOBS_KEPT_FOR = timedelta(days=90)
OPEN_JOBS_MAX = 100  # of a schema
FULL_RETRY_AFTER_S = 60

_OLD = "{0}.job WHERE finished_at <= now() - %(kept_for)s"
_COUNT = f"SELECT count(*) FROM {_OLD}"  # noqa: S608 -- constants
_PRUNE = f"WITH gone AS (DELETE FROM {_OLD} RETURNING 1) SELECT count(*) FROM gone"  # noqa: S608 -- constants


@operation(verb="create")
def start_job(*, actor: Actor, kind: JobKind, given: Mapping[str, Any] | None = None) -> Job:
    """Have long work done on the selected schema: kept and queued in the transaction that asks for it.

    Raises:
        Refused: ``job_under_way``, the same was asked for and has not ended; ``too_many_jobs``, a hundred have not.
    """
    act, given = current_act(), dict(given or {})
    _refuse_more(kind, given)
    job = Job(
        kind=kind.name,
        actor=str(actor),
        created_by=actor.user_id,
        request_id=act.request_id,
        reason=act.reason,
        given=given,
    )
    job.full_clean()
    job.save(force_insert=True)
    tell_of(actor, job.pk, "create", {"kind": kind.name})
    enqueue(job.pk)
    job.refresh_from_db()
    return job


@operation(verb="cancel")
def cancel_job(*, actor: Actor, job_id: UUID, check: Callable[[Job], None] | None = None) -> Job:
    """End a job: at once while it waits, at its next step while it runs.

    Asked for again, it stays as it is. ``check`` refuses a job that is not in the state that the caller knows.

    Raises:
        Refused: ``job_ended``, it has succeeded or failed.
    """
    job: Job = Job.objects.select_for_update().get(pk=job_id)
    if check is not None:
        check(job)
    if job.state in (JobState.SUCCEEDED, JobState.FAILED):
        raise Refused("job_ended", f"This job has {job.state} already; there is nothing left to cancel.")
    if job.state == JobState.QUEUED:
        move(job.pk, state=JobState.CANCELLED, cancel_asked_at=Now(), finished_at=Now())
        tell_of(actor, job.pk, "cancel", {"kind": job.kind})
    elif job.state == JobState.RUNNING and job.cancel_asked_at is None:
        move(job.pk, cancel_asked_at=Now())
        tell_of(actor, job.pk, "cancel", {"kind": job.kind})
    job.refresh_from_db()
    return job


def _refuse_more(kind: JobKind, given: Mapping[str, Any]) -> None:
    """Let a schema have each work once at a time, and not too much of it; who asks at once is looked at in a row."""
    name = f"switchboard jobs {selected_schema(DEFAULT_DB_ALIAS)}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
    unfinished = Job.objects.filter(state__in=OPEN_STATES)
    alike = unfinished.filter(kind=kind.name, given=given, cancel_asked_at=None)
    if (job := alike.order_by("created_at", "pk").first()) is not None:
        raise Refused(
            "job_under_way",
            f"“{kind.title}” was asked for already, and is {job.state}: wait for {job.display_id}, or cancel it first.",
        )
    if unfinished.count() >= OPEN_JOBS_MAX:
        raise Refused(
            "too_many_jobs",
            f"{OPEN_JOBS_MAX} jobs wait or run here, and more may not: wait until some have ended, or cancel some.",
            retry_after=FULL_RETRY_AFTER_S,
        )


def prune_jobs(*, schema: str, is_dry_run: bool = False, using: str = OWNER_ALIAS) -> int:
    """Delete the jobs of a schema that ended long ago; return how many there were.

    The application has no right to delete them: the owner does it. What they did stands in the chain.
    """
    statement = sql.SQL(_COUNT if is_dry_run else _PRUNE).format(sql.Identifier(schema))
    with connections[using].cursor() as cursor:
        values: dict[str, Any] = {"kept_for": JOBS_KEPT_FOR}
        cursor.execute(statement.as_string(cursor.connection), values)
        return int(cursor.fetchone()[0])


def enqueue(job_id: UUID) -> None:
    """Put a job of the selected schema into the queue, in the running transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.job_enqueue(%s, %s)", [selected_schema(DEFAULT_DB_ALIAS), job_id])


def move(job_id: UUID, *, using: str = DEFAULT_DB_ALIAS, **values: Any) -> int:
    """Change columns of a job and move its version; return how many rows there were."""
    rows = Job.objects.using(using).filter(pk=job_id)
    return int(rows.update(**values, updated_at=Now(), row_version=F("row_version") + 1))


def tell_of(actor: Actor, job_id: UUID, action: str, payload: dict[str, Any]) -> None:
    """Leave an event about a job in the chain of its schema."""
    record(actor=actor, action=action, resource=RESOURCE, resource_id=str(job_id), payload=payload)
