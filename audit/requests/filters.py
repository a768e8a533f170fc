"""Which columns of lists of what is remembered can be filtered, and how."""

from __future__ import annotations

from audit.operations import rows_created_by, rows_updated_by
from audit.requests.models import Job, SavedFilter
from config.foundation.rest.described import RequestFilter
from config.foundation.rest.filters import DeclaredFilters
from config.foundation.rest.lookups import BOOLEAN, EQUAL, MOMENT, NULLABLE, WORDS


class SavedFilterFilters(DeclaredFilters):
    """Filters of saved filters."""

    created_by_request = RequestFilter("created", rows_created_by)
    updated_by_request = RequestFilter("changed", rows_updated_by)

    class Meta:
        model = SavedFilter
        fields = {
            "slug": WORDS,
            "name": WORDS,
            "resource": EQUAL,
            "is_shared": BOOLEAN,
            "created_at": MOMENT,
            "updated_at": MOMENT,
        }


class JobFilters(DeclaredFilters):
    """Filters of the list of jobs."""

    class Meta:
        model = Job
        fields = {
            "kind": WORDS,
            "state": EQUAL,
            "actor": WORDS,
            "request_id": EQUAL,
            "created_at": MOMENT,
            "started_at": (*MOMENT, *NULLABLE),
            "finished_at": (*MOMENT, *NULLABLE),
            "updated_at": MOMENT,
        }
