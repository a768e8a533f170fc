"""Shapes of jobs."""

from rest_framework import serializers

from audit.requests.models import Job
from config.foundation.rest.serializers import STAMP_FIELDS, RowSerializer

_COLUMNS: tuple[str, ...] = (
    "id", "url", "kind", "state", "actor", "request_id", "reason", "input", "progress_done", "progress_total",
    "message", "attempt", "cancel_asked_at", "started_at", "finished_at", "result", *STAMP_FIELDS,
)  # fmt: skip


class JobSerializer(RowSerializer[Job]):  # type: ignore[type-var]  # no Row: bookkeeping
    """A job as lists show it."""

    input = serializers.DictField(source="given", read_only=True, help_text="What it was asked to do.")
    progress_total = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="Null while it is not known."
    )
    result = serializers.DictField(
        read_only=True, allow_null=True, help_text="What came of it, once it has succeeded."
    )

    class Meta:
        model = Job
        fields: tuple[str, ...] = _COLUMNS


class JobErrorSerializer(serializers.Serializer[dict[str, object]]):
    """One thing that went wrong."""

    code = serializers.CharField()
    detail = serializers.CharField()
    pointer = serializers.CharField(required=False, help_text="JSON Pointer into the input.")
    row = serializers.IntegerField(required=False, help_text="Row of what was read.")


class JobDetailSerializer(JobSerializer):
    """A job with all that went wrong."""

    errors = JobErrorSerializer(  # type: ignore[assignment]  # a field, though the base has faults of input by that name
        many=True, read_only=True, help_text="The first 1,000."
    )

    class Meta(JobSerializer.Meta):
        fields = (*_COLUMNS[: -len(STAMP_FIELDS)], "errors", *STAMP_FIELDS)
