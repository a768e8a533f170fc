"""Saved filters over the API: one's own, and those that are shared."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.request import Request

from audit.operations import newest_event
from audit.requests.filters import SavedFilterFilters
from audit.requests.models import SavedFilter
from audit.requests.operations import change_filter, delete_filter, save_filter
from audit.requests.serializers import SavedFilterSerializer, SavedFilterWriteSerializer
from config.foundation.rest.errors import Faults
from config.foundation.rest.operations import Operation
from config.foundation.rest.queries import DIRECTORY_PARAMETER
from config.foundation.rest.views import WritableResource

EXAMPLE: dict[str, Any] = {
    "id": "flt_8e03978e40d543e8bc936894a57f9324",
    "url": "https://switchboard.example/t/acme/api/v1/saved-filters/flt_8e03978e40d543e8bc936894a57f9324",
    "slug": "swedish-nodes",
    "name": "Nodes in Sweden",
    "resource": "directory/participants",
    "parameters": {"kind": ["node"], "country": ["SE"]},
    "owner_id": "usr_00000000000000000000000000000001",
    "is_shared": True,
    "created_at": "2026-03-01T12:00:00Z",
    "updated_at": "2026-03-01T12:00:00Z",
    "row_version": 1,
}


class SavedFilters(WritableResource):
    """Parameters of lists under a name, used as `?filter=<slug>`: your own, and those that others share.

    What others share is changed by who holds `directory.manage`.
    """

    model = SavedFilter
    serializer_class = SavedFilterSerializer
    write_serializer_class = SavedFilterWriteSerializer
    filterset_class = SavedFilterFilters
    required_privilege = write_privilege = "directory.read"
    save_operation = staticmethod(save_filter)
    orderings = ("slug", "name", "created_at", "updated_at")
    default_ordering = ("slug", "pk")
    natural = ("slug", "resource")
    noun, plural, tag = "saved filter", "saved filters", "Saved filters"
    example: ClassVar[dict[str, Any]] = EXAMPLE
    change_example: ClassVar[dict[str, Any]] = {"name": "Swedish nodes"}

    @classmethod
    def describe(cls, action: str) -> Operation:
        """Return the documentation of an action; the global directory has no such filters."""
        described = super().describe(action)
        kept = tuple(one for one in described.parameters if one is not DIRECTORY_PARAMETER)
        return replace(described, parameters=kept)

    def collect_faults(self, request: Request, faults: Faults) -> None:
        """Add what is wrong with the query parameters."""
        if "directory" in request.query_params:
            faults.at_parameter("directory", "This parameter is not known here.", "unknown_parameter")
        super().collect_faults(request, faults)

    def get_queryset(self) -> QuerySet[Any]:
        """Return one's own filters, and those that are shared."""
        rows: QuerySet[Any] = SavedFilter.objects.usable_by(self.admission.user_id)
        return rows

    def list_version(self) -> str:
        """Return the newest event."""
        return newest_event()

    def variant(self) -> str:
        """Return who looks: others have other filters."""
        return str(self.admission.user_id)

    def change_operation(self, **what: Any) -> Any:  # type: ignore[override]  # of this caller
        """Change a filter, with the caller's privileges."""
        return change_filter(privileges=self.admission.privileges, **what)

    def delete_operation(self, **what: Any) -> None:  # type: ignore[override]  # of this caller
        """Delete a filter, with the caller's privileges."""
        delete_filter(privileges=self.admission.privileges, **what)
