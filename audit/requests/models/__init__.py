"""What is remembered of requests for a while, and filters of lists."""

from audit.requests.models.answers import LIFETIME, IdempotencyKey
from audit.requests.models.buckets import RateBucket
from audit.requests.models.filters import SavedFilter
from audit.requests.models.jobs import Job

__all__ = ["LIFETIME", "IdempotencyKey", "Job", "RateBucket", "SavedFilter"]
