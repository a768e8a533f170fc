"""Refusals of repeated calls."""

from config.foundation.errors import ErrorKind

ERROR_KINDS = (
    ErrorKind(
        "idempotency_in_progress",
        409,
        "The first call still runs",
        "A call with this Idempotency-Key has not ended yet. Repeat it as Retry-After says: you get its answer.",
    ),
    ErrorKind(
        "idempotency_mismatch",
        422,
        "The key belongs to another body",
        "This Idempotency-Key was sent with another body before; nothing was done. Give each call a key of its own.",
    ),
    ErrorKind(
        "job_ended",
        409,
        "The job has ended",
        "A job that has succeeded or failed cannot be cancelled: what it did is committed, or it left nothing behind.",
    ),
    ErrorKind(
        "job_under_way",
        409,
        "The same is being done",
        "A job of this kind with the same input waits or runs. Wait for that one, or cancel it before you ask anew.",
    ),
    ErrorKind(
        "too_many_jobs",
        429,
        "Too many jobs wait",
        "As many jobs as a tenant may have wait or run. Wait until some have ended, or cancel some.",
    ),
    ErrorKind(
        "unknown_job_kind",
        409,
        "There is no such kind of job",
        "The job was asked for when there was another release, or is of another. Ask for what this one knows.",
    ),
)
