"""The one task of the queue: a job of a schema is looked up there and done."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db import connections
from django_tenants.utils import get_public_schema_name
from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app

from audit.requests.operations import close_job, perform_job
from config.foundation.rows import PUBLIC_SCHEMA, public_schema, schema_selected
from config.foundation.schemas import OWNER_ALIAS, schema_exists
from customers.tenants.enums import PlacementState, TenantStatus
from customers.tenants.models import Tenant

QUEUE, TASK = "jobs", "perform_job"
RETRY_AFTER_S = 5
GRACE_S = 3.0  # between the moment when a job is fetched, and that when its session holds the job's lock
NOT_IN_USE = "The tenant was closed or deleted before this ran; nothing was done."

# Jobs that the queue says are being done, and that no session holds: the process that did them is gone.
_ABANDONED = """
    SELECT id FROM public.procrastinate_jobs AS queued
    WHERE status = 'doing' AND task_name = %(task)s
        AND NOT EXISTS (
            SELECT FROM public.procrastinate_events AS event
            WHERE event.job_id = queued.id AND event.type = 'started' AND event.at > now() - %(grace)s * interval '1 s'
        )
        AND NOT EXISTS (
            SELECT FROM pg_catalog.pg_locks
            WHERE locktype = 'advisory' AND objsubid = 1
                AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
                AND (classid::bigint << 32) | objid::bigint = hashtextextended(
                    'switchboard job ' || (args ->> 'schema_name') || ' ' || (args ->> 'job_id'), 0
                )
        )
"""
_RETRY = (
    "SELECT public.procrastinate_retry_job_v1(id, now(), NULL, NULL, NULL) FROM unnest(%s::bigint[]) AS id"
)


@app.task(
    name=TASK,
    queue=QUEUE,
    pass_context=True,
    retry=RetryStrategy(wait=RETRY_AFTER_S, linear_wait=RETRY_AFTER_S),
)
def perform(context: JobContext, schema_name: str, job_id: str) -> None:
    """Do a job. What goes wrong in its work is its outcome; what goes wrong around it has it done again."""
    if not _is_known(schema_name):  # gone for good, and its jobs with it
        return
    with _selected(schema_name) as is_in_use:
        if is_in_use:
            perform_job(UUID(job_id), is_stopping=context.should_abort)
        else:
            close_job(UUID(job_id), why=NOT_IN_USE)


def requeue_abandoned() -> int:
    """Have done again what a worker was doing when it was killed; return how many jobs that are."""
    with (
        schema_selected(PUBLIC_SCHEMA, using=OWNER_ALIAS),
        connections[OWNER_ALIAS].cursor() as cursor,
    ):
        cursor.execute(_ABANDONED, {"task": TASK, "grace": GRACE_S})
        abandoned = [key for (key,) in cursor.fetchall()]
        cursor.execute(_RETRY, [abandoned])
    return len(abandoned)


def _is_known(schema_name: str) -> bool:
    if schema_name == get_public_schema_name():
        return True
    with public_schema():
        return schema_exists(schema_name) and Tenant.objects.filter(schema_name=schema_name).exists()


@contextmanager
def _selected(schema_name: str) -> Iterator[bool]:
    """Select the schema for the block, and tell whether its tenant is in use."""
    if schema_name == get_public_schema_name():
        with public_schema():
            yield True
        return
    with public_schema():
        tenant: Any = Tenant.objects.select_related("placement").get(schema_name=schema_name)
    placement = getattr(tenant, "placement", None)
    is_ready = placement is not None and placement.state == PlacementState.READY
    is_in_use = tenant.status == TenantStatus.ACTIVE and tenant.deleted_at is None and is_ready
    with tenant:
        yield is_in_use


def worker_parameters() -> dict[str, Any]:
    """Return how the worker reaches the queue: as the owner, on connections of its own, in public."""
    parameters: dict[str, Any] = connections[OWNER_ALIAS].get_connection_params()
    for ours in ("cursor_factory", "context", "prepare_threshold"):
        parameters.pop(ours, None)
    options = f"{parameters.get('options', '')} -c search_path=public".strip()
    return {**parameters, "options": options, "application_name": "switchboard worker"}
