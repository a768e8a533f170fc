"""Shapes of saved filters."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from audit.requests.models import SavedFilter
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
