"""How rows are shaped: display ids, and a relation as its id beside its natural key."""

from __future__ import annotations

from typing import Any, Generic, TypeVar
from uuid import UUID

from drf_spectacular.drainage import set_override
from rest_framework import serializers

from config.foundation.display_ids import display_id
from config.foundation.rest.filters import id_schema
from config.foundation.rows import Row

M = TypeVar("M", bound=Row)
STAMP_FIELDS = ("created_at", "updated_at", "row_version")


class DisplayIdField(serializers.Field[UUID, Any, str, Any]):
    """A uuid column shown with the prefix of what it names."""

    def __init__(self, *, prefix: str, **options: Any) -> None:
        super().__init__(**(options | {"read_only": True}))
        self.prefix = prefix
        set_override(self, "field", id_schema(prefix))

    def to_representation(self, value: UUID) -> str:
        """Return the display id."""
        return display_id(self.prefix, value)


class ReadSerializer(serializers.ModelSerializer[M], Generic[M]):
    """Reads columns as they are: every field is shown, none is taken."""

    def get_extra_kwargs(self) -> dict[str, Any]:
        """Return the options of the fields."""
        return {name: {"read_only": True} for name in self.Meta.fields}


class RowSerializer(ReadSerializer[M], Generic[M]):
    """Reads a row: ``id`` and ``url`` first, stamps last; subclasses list the fields between."""

    url = serializers.SerializerMethodField(help_text="Address of this object.")

    def get_url(self, row: M) -> str:
        """Return the object's address."""
        return f"{self.context['collection_url']}/{row.display_id}{self.context['url_suffix']}"

    def build_field(self, field_name: str, info: Any, model_class: Any, nested_depth: int) -> Any:
        """Build a field; uuids of rows become display ids."""
        if field_name == "id":
            return DisplayIdField, {"prefix": model_class.display_prefix}
        if field_name.endswith("_id") and field_name[:-3] in info.forward_relations:
            relation = info.forward_relations[field_name[:-3]]
            options = {
                "prefix": relation.related_model.display_prefix,
                "allow_null": relation.model_field.null,
            }
            return DisplayIdField, options
        return super().build_field(field_name, info, model_class, nested_depth)
