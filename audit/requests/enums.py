"""Words of jobs."""

from django.db.models import TextChoices


class JobState(TextChoices):
    """Where a job is."""

    QUEUED = "queued", "waits for a worker"
    RUNNING = "running", "a worker is at it"
    SUCCEEDED = "succeeded", "done; what it did is committed"
    FAILED = "failed", "broken off; it left nothing behind"
    CANCELLED = "cancelled", "ended at somebody's request; it left nothing behind"


OPEN_STATES = (JobState.QUEUED, JobState.RUNNING)
