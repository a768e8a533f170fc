"""Names of rows for lists, made by the database in one statement, and never with a confidential value."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Case, CharField, Expression, F, Model, QuerySet, Value, When
from django.db.models.functions import Concat

from directory.enums import NodeType, SensitivityTier
from directory.forms import MASK
from directory.models import Identifier
from directory.models.routing import NODE_MODELS

_TEXT = CharField()
SHOWN_VALUE = Case(
    When(tier__gte=SensitivityTier.CONFIDENTIAL, then=Value(MASK)), default=F("value"), output_field=_TEXT
)
LABELS: dict[NodeType, Expression] = {
    NodeType.PARTICIPANT: Concat("name", Value(""), output_field=_TEXT),
    NodeType.IDENTIFIER: Concat("identifier_type", Value(" "), SHOWN_VALUE, output_field=_TEXT),
    NodeType.ENDPOINT: Concat("protocol", Value(" "), "address", output_field=_TEXT),
    NodeType.CAPABILITY: Concat("service", Value(" / "), "action", output_field=_TEXT),
}


def shown_value(identifier: Identifier) -> str:
    """Return an identifier's value, or a mask from the confidential tier up."""
    return MASK if identifier.tier >= SensitivityTier.CONFIDENTIAL else identifier.value


def name_nodes(nodes: Iterable[tuple[str, UUID]]) -> dict[UUID, str]:
    """Return the names of the rows that exist in the schema selected, by id; one statement for all of them."""
    wanted: dict[NodeType, set[UUID]] = {}
    for node_type, row_id in nodes:
        wanted.setdefault(NodeType(node_type), set()).add(row_id)
    parts = [_named(NODE_MODELS[node_type], LABELS[node_type], ids) for node_type, ids in wanted.items()]
    if not parts:
        return {}
    return dict(parts[0].union(*parts[1:], all=True))


def _named(model: type[Model], label: Expression, ids: set[UUID]) -> QuerySet[Any]:
    rows: QuerySet[Any] = model._default_manager.filter(pk__in=ids).order_by()  # noqa: SLF001 -- Django's documented API
    return rows.values_list("pk", label)
