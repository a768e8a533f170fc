"""Pages of the provenance graph."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from config.foundation.rows import PUBLIC_SCHEMA, public_schema, selected_schema
from directory.admin.base import LINK, DirectoryAdmin
from directory.admin.filters import SourceFilter, SupersededFilter
from directory.admin.labels import name_nodes
from directory.enums import EdgeEnd
from directory.models import Edge


class EdgeAdmin(DirectoryAdmin):
    """Links that no foreign key says, shown by the names of their ends."""

    list_display = ("from_row", "relation", "to_row", "confidence", "source", "valid_from", "valid_to")
    list_display_links = ("relation",)
    list_filter = (
        ("relation", ChoicesDropdownFilter), ("from_type", ChoicesDropdownFilter), ("to_type", ChoicesDropdownFilter),
        SourceFilter, SupersededFilter,
    )  # fmt: skip
    search_fields = ("=from_id", "=to_id")
    search_help_text = "Id of either end"
    ordering = ("relation", "pk")
    readonly_fields = ("from_row", "to_row", "superseded_at")
    fieldsets = (
        ("From", {"fields": ("from_row", ("from_type", "from_id"), "from_end")}),
        (
            "Says",
            {"fields": (("relation", "confidence"), ("valid_from", "valid_to"), ("source", "superseded_at"))},
        ),
        ("To", {"fields": ("to_row", ("to_type", "to_id"), "to_end")}),
    )

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Name the ends of the page's edges, by one statement for each directory."""
        changelist = super().get_changelist_instance(request)
        _name_ends(changelist.result_list)
        return changelist

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Read an edge with the names of its ends."""
        edge = super().get_object(request, object_id, from_field)
        if edge is not None:
            _name_ends([edge])
        return edge

    @admin.display(description="from")
    def from_row(self, row: Any) -> str:
        """Link the end that the edge leaves."""
        return _end(row, "from")

    @admin.display(description="to")
    def to_row(self, row: Any) -> str:
        """Link the end that the edge reaches."""
        return _end(row, "to")


def _name_ends(edges: Any) -> None:
    """Put the names of both ends on each edge: ``end_names[side]``, missing where the row is gone."""
    ends = [(edge, side) for edge in edges for side in ("from", "to")]
    own, shared = (
        {_node(edge, side) for edge, side in ends if _directory(edge, side) == where} for where in EdgeEnd
    )
    own_names = name_nodes(own)
    shared_names: dict[UUID, str] = {}
    if shared:
        with public_schema():
            shared_names = name_nodes(shared)
    for edge, side in ends:
        names = own_names if _directory(edge, side) == EdgeEnd.OWN else shared_names
        edge.__dict__.setdefault("end_names", {})[side] = names.get(_node(edge, side)[1], "")


def _node(edge: Edge, side: str) -> tuple[str, UUID]:
    return getattr(edge, f"{side}_type"), getattr(edge, f"{side}_id")


def _directory(edge: Edge, side: str) -> EdgeEnd:
    return EdgeEnd(getattr(edge, f"{side}_end"))


def _end(edge: Any, side: str) -> str:
    """Show an end by its name: linked where this site has its page, marked where it is in the global directory."""
    name = edge.__dict__.get("end_names", {}).get(side, "")
    node_type, row_id = _node(edge, side)
    if not name:
        return "-" if edge._state.adding else f"{node_type} {row_id} (gone)"
    if _directory(edge, side) == EdgeEnd.GLOBAL and selected_schema("default") != PUBLIC_SCHEMA.schema_name:
        return f"{name} (global directory)"
    return format_html(LINK, reverse(f"admin:directory_{node_type}_change", args=[row_id]), name)
