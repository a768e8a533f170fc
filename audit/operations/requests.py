"""What one request did to the rows of a table, as the selected schema's chain tells."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Model, Q, QuerySet, UUIDField
from django.db.models.functions import Cast

from audit.models import AuditEvent

_IS_CREATION = Q(payload__before={})
_IS_DELETION = Q(payload__after={})


def rows_created_by(model: type[Model], request_id: UUID) -> QuerySet[Any]:
    """Return the keys of the model's rows that a request, or the run of a command, created."""
    return _rows(model, request_id, _IS_CREATION & ~_IS_DELETION)


def rows_updated_by(model: type[Model], request_id: UUID) -> QuerySet[Any]:
    """Return the keys of the model's rows that a request, or the run of a command, changed."""
    return _rows(model, request_id, ~_IS_CREATION & ~_IS_DELETION)


def _rows(model: type[Model], request_id: UUID, of_kind: Q) -> QuerySet[Any]:
    events = AuditEvent.objects.of_request(str(request_id)).filter(resource=model._meta.label_lower)
    changes = events.filter(of_kind, payload__has_keys=["before", "after"]).order_by()
    keys: QuerySet[Any] = changes.values_list(Cast("resource_id", UUIDField()), flat=True)
    return keys
