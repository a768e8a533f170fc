"""Long work that was asked for."""

from typing import ClassVar
from uuid import UUID, uuid4

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models.functions import Now

from audit.requests.enums import OPEN_STATES, JobState
from config.foundation.actor import REASON_MAX_LENGTH, Actor
from config.foundation.display_ids import display_id
from config.foundation.jobs import job_kinds
from config.foundation.rows import TenantManager, TenantQuerySet
from config.foundation.tiers import Tiers


class JobQuerySet(TenantQuerySet):
    """Questions about many jobs."""

    def visible_to(self, user_id: UUID, *, sees_all: bool) -> "JobQuerySet":
        """Keep what a person may see: their own jobs, or all."""
        return self.all() if sees_all else self.filter(created_by=user_id)


class JobManager(TenantManager.from_queryset(JobQuerySet)):  # type: ignore[misc]
    """Manager of the jobs of the schema selected."""


class Job(models.Model):
    """Long work that was asked for, in the schema that it is about: bookkeeping, written with its request.

    States: queued → running → succeeded, failed or cancelled; queued → cancelled. A job that was running when its
    worker was killed runs again, three times at most. What it does and that it succeeded are one transaction. That it
    was asked for, and how it ended, are events of the chain; how far it is, is none.

    ``actor`` is who asked, as the chain writes it; their ``request_id`` and ``reason`` stand in all that the job
    writes. ``given`` is what it was asked for: no secret, no personal value. ``errors`` are the first 1,000,
    ``[{"code": str, "detail": str, "pointer": str, "row": int}]``, the last two where there is such a place.

    Rejected: an audited row: each step of progress would be an event. The queue's own row: it is nobody's, in public.
    """

    display_prefix = "job"
    tiers = Tiers(
        plain=(
            "kind", "state", "actor", "request_id", "reason", "given", "progress_done", "progress_total", "message",
            "started_at", "finished_at", "cancel_asked_at", "attempt", "result", "errors",
        )
    )  # fmt: skip

    id = models.UUIDField(primary_key=True, default=uuid4, db_default=RandomUUID(), editable=False)
    kind = models.CharField(max_length=64)
    state = models.CharField(max_length=16, choices=JobState, default=JobState.QUEUED)
    actor = models.TextField(help_text="Who asked for it: user:<id>, token:<key id>, system:<command>.")
    request_id = models.CharField("request", max_length=36, blank=True)
    reason = models.CharField(max_length=REASON_MAX_LENGTH, blank=True)
    given = models.JSONField("input", default=dict, blank=True)
    progress_done = models.BigIntegerField("done", default=0)
    progress_total = models.BigIntegerField("of", null=True, blank=True)
    message = models.CharField(max_length=200, blank=True, help_text="What is being done.")
    started_at = models.DateTimeField("started", null=True, blank=True)
    finished_at = models.DateTimeField("finished", null=True, blank=True)
    cancel_asked_at = models.DateTimeField("cancellation asked for", null=True, blank=True)
    attempt = models.PositiveSmallIntegerField(default=0, help_text="How often it was begun.")
    result = models.JSONField(null=True, blank=True)
    errors = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField("asked for", db_default=Now(), editable=False)
    created_by = models.UUIDField(null=True, blank=True, editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)
    row_version = models.BigIntegerField(db_default=1, editable=False)

    application_may = ("SELECT", "INSERT", "UPDATE")
    objects: ClassVar[JobManager] = JobManager()

    class Meta:
        db_table = "job"
        indexes = [models.Index(name="job_created", fields=["created_at", "id"])]
        constraints = [
            models.CheckConstraint(
                name="job_state",
                condition=models.Q(state__regex=f"^({'|'.join(JobState.values)})$"),
                violation_error_message="A job is queued, running, succeeded, failed or cancelled.",
                violation_error_code="invalid_choice",
            ),
            models.CheckConstraint(
                name="job_finished",
                condition=models.Q(finished_at__isnull=True, state__regex="^(queued|running)$")
                | models.Q(finished_at__isnull=False, state__regex="^(succeeded|failed|cancelled)$"),
                violation_error_message="A job that has ended says when, and no other does.",
                violation_error_code="inconsistent",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """Name the work; of a kind that this program does not know, as it was called."""
        kind = job_kinds.get(self.kind)
        return kind.title if kind else self.kind

    @property
    def display_id(self) -> str:
        """Return the id as people and programs see it."""
        return display_id(self.display_prefix, self.id)

    @property
    def is_open(self) -> bool:
        """Tell whether the job has not ended."""
        return self.state in OPEN_STATES

    @property
    def acting(self) -> Actor:
        """Return who the job acts as."""
        kind, _, reference = self.actor.partition(":")
        return Actor(kind, reference, self.created_by)

    @property
    def percent(self) -> int:
        """Return how far the job is."""
        if self.state == JobState.SUCCEEDED:
            return 100
        return min(self.progress_done * 100 // self.progress_total, 100) if self.progress_total else 0
