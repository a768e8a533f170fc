"""Pages of what is remembered of requests."""

from audit.requests.admin.buckets import RateBucketAdmin
from audit.requests.admin.filters import SavedFilterAdmin
from audit.requests.admin.jobs import JobAdmin

__all__ = ["JobAdmin", "RateBucketAdmin", "SavedFilterAdmin"]
