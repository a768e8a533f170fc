"""How an edge is written: its ends by their display ids, whose prefix says of which table each is."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

from rest_framework import serializers

from config.foundation.constraints import NOT_FOUND
from config.foundation.display_ids import parse_display_id
from config.foundation.rest.shapes import Shape
from directory.enums import NodeType
from directory.models import Edge
from directory.models.routing import NO_SUCH_END, NODE_MODELS
from directory.serializers.reading import NODE_ID
from directory.serializers.writing import DirectoryWriteSerializer

SIDES = ("from", "to")


class Node(NamedTuple):
    """A row that an edge can end at."""

    kind: NodeType
    row_id: UUID


class NodeShape(Shape):
    """The display id of a row that an edge can end at."""

    schema = NODE_ID

    def to_internal_value(self, data: Any) -> Node:
        """Return what is named; whether it is there is the model's to say, which knows the directory of the end."""
        for kind, model in NODE_MODELS.items():
            row_id = parse_display_id(model.display_prefix, data) if isinstance(data, str) else None
            if row_id is not None:
                return Node(kind, row_id)
        raise self.refuse(NO_SUCH_END, NOT_FOUND)

    def of_column(self, value: Node) -> UUID:
        """Return the row's key."""
        return value.row_id


class EdgeWriteSerializer(DirectoryWriteSerializer[Edge]):
    """A link of the provenance graph; the type of an end may be left out, as its id says it."""

    from_id = NodeShape(help_text="A row here, or of the global directory where from_end says so.")
    to_id = NodeShape(help_text="A row here, or of the global directory where to_end says so.")

    class Meta:
        model = Edge
        fields = (
            "from_type", "from_id", "from_end", "to_type", "to_id", "to_end", "relation", "confidence", "source",
            "valid_from", "valid_to",
        )  # fmt: skip
        extra_kwargs = {"from_type": {"required": False}, "to_type": {"required": False}}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Take the ids apart.

        Raises:
            ValidationError: ``not_found``, an id of another type than the end's.
        """
        for side in SIDES:
            node = attrs.get(f"{side}_id")
            if node is None:
                continue
            if attrs.setdefault(f"{side}_type", node.kind) != node.kind:
                raise serializers.ValidationError({f"{side}_id": [NO_SUCH_END]}, code=NOT_FOUND)
            attrs[f"{side}_id"] = node.row_id
        return attrs
