from django.apps import AppConfig

from audit.requests.errors import ERROR_KINDS
from config.foundation.answers import keep_answers_in
from config.foundation.errors import error_registry
from config.foundation.limits import share_buckets
from config.foundation.saved_filters import keep_filters_in


class RequestsConfig(AppConfig):
    """What is remembered of requests, in the schema and the transaction of their effects, and filters of lists."""

    name = "audit.requests"
    verbose_name = "API and jobs"

    def ready(self) -> None:
        """Explain the app's refusals; keep answers and filters, and share buckets."""
        from audit.requests.operations import (  # noqa: PLC0415 -- needs the models loaded
            KeptAnswers,
            KeptFilters,
            SharedBuckets,
        )

        error_registry.register(*ERROR_KINDS)
        keep_answers_in(KeptAnswers())
        keep_filters_in(KeptFilters())
        share_buckets(SharedBuckets())
