"""Addresses of a table: its list, its rows and, where it is written, its bulk deletion."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, path

from config.foundation.rest.views import ReadOnlyResource, WritableResource

BULK_DELETE = "bulk-delete"


def paths_of(resource: type[ReadOnlyResource], address: str, *, name: str) -> list[URLPattern]:
    """Return the addresses of a table below its list's; one that is only read takes GET alone.

    ``name`` begins the names of the addresses: ``<name>-list``, ``<name>-detail``, ``<name>-bulk-delete``.
    """
    is_written = issubclass(resource, WritableResource)

    def view(**methods: str) -> Any:
        offered: dict[str, Any] = dict(methods) if is_written else {"get": methods["get"]}
        return resource.as_view(offered)

    found = [
        path(address, view(get="list", post="create", patch="bulk_update"), name=f"{name}-list"),
        path(
            f"{address}/<str:id>",
            view(get="retrieve", patch="partial_update", delete="destroy"),
            name=f"{name}-detail",
        ),
    ]
    if is_written:  # before the rows, since its last part would pass for an id
        bulk_delete = resource.as_view({"post": "bulk_delete"})
        found.insert(0, path(f"{address}/{BULK_DELETE}", bulk_delete, name=f"{name}-{BULK_DELETE}"))
    return found
