"""Operations on what is remembered of requests, and on the long work that they ask for."""

from audit.requests.operations.answers import KeptAnswers, prune_answers
from audit.requests.operations.jobs import cancel_job, prune_jobs, start_job
from audit.requests.operations.running import JobBusyError, close_job, perform_job

__all__ = [
    "JobBusyError",
    "KeptAnswers",
    "cancel_job",
    "close_job",
    "perform_job",
    "prune_answers",
    "prune_jobs",
    "start_job",
]
