"""Pages of what is remembered of requests."""

from audit.requests.admin.buckets import RateBucketAdmin
from audit.requests.admin.filters import SavedFilterAdmin

__all__ = ["RateBucketAdmin", "SavedFilterAdmin"]
