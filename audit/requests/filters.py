"""Which columns of the list of jobs can be filtered, and how."""

from audit.requests.models import Job
from config.foundation.rest.filters import DeclaredFilters
from config.foundation.rest.lookups import EQUAL, MOMENT, NULLABLE, WORDS


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
