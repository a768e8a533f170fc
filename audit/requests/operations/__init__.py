"""Operations on what is remembered of requests."""

from audit.requests.operations.answers import KeptAnswers, prune_answers
from audit.requests.operations.buckets import SharedBuckets, prune_buckets
from audit.requests.operations.filters import KeptFilters, change_filter, delete_filter, save_filter
from audit.requests.operations.jobs import cancel_job, prune_jobs, start_job
from audit.requests.operations.running import JobBusyError, close_job, perform_job

__all__ = [
    "JobBusyError",
    "KeptAnswers",
    "KeptFilters",
    "SharedBuckets",
    "cancel_job",
    "change_filter",
    "close_job",
    "delete_filter",
    "perform_job",
    "prune_answers",
    "prune_buckets",
    "prune_jobs",
    "save_filter",
    "start_job",
]
