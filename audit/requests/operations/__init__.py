"""Operations on what is remembered of requests."""

from audit.requests.operations.answers import KeptAnswers, prune_answers
from audit.requests.operations.buckets import SharedBuckets, prune_buckets
from audit.requests.operations.filters import KeptFilters, change_filter, delete_filter, save_filter

__all__ = [
    "KeptAnswers",
    "KeptFilters",
    "SharedBuckets",
    "change_filter",
    "delete_filter",
    "prune_answers",
    "prune_buckets",
    "save_filter",
]
