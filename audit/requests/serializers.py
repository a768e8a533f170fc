"""Shapes of saved filters and of jobs."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from audit.requests.models import Job, SavedFilter
from config.foundation.display_ids import display_id
from config.foundation.rest.serializers import STAMP_FIELDS, RowSerializer
from config.foundation.rest.writing import WriteSerializer
from customers.identity.models import User

_PARAMETERS = {
    "type": "object",
    "additionalProperties": {"type": "array", "items": {"type": "string"}},
    "description": "Values by parameter, as the list's address takes them.",
}


class SavedFilterSerializer(RowSerializer[SavedFilter]):
    """Parameters of a list under a name."""

    owner_id = serializers.SerializerMethodField(help_text="Whose it is.")
    parameters = serializers.SerializerMethodField()

    class Meta:
        model = SavedFilter
        fields = (
            "id",
            "url",
            "slug",
            "name",
            "resource",
            "parameters",
            "owner_id",
            "is_shared",
            *STAMP_FIELDS,
        )

    def get_owner_id(self, row: SavedFilter) -> str:
        """Return the owner's display id."""
        return display_id(User.display_prefix, row.owner_id)

    @extend_schema_field(_PARAMETERS)
    def get_parameters(self, row: SavedFilter) -> dict[str, list[str]]:
        """Return the parameters."""
        parameters: dict[str, list[str]] = row.parameters
        return parameters


class SavedFilterWriteSerializer(WriteSerializer[SavedFilter]):
    """Parameters of a list under a name."""

    class Meta:
        model = SavedFilter
        fields = ("slug", "name", "resource", "parameters", "is_shared")


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
