"""Addresses of the directory below ``/api/v1/``; without a trailing slash."""

from typing import Any

from django.urls import path

from config.foundation.rest.views import WritableResource
from directory.rest.resolve import BulkResolve, Resolve
from directory.rest.resources import RESOURCES, DirectoryResource, RoutingArtifacts, SourcedResource


def _collection(resource: type[DirectoryResource]) -> str:
    return resource.plural.replace(" ", "-")


def _methods(resource: type[DirectoryResource], **methods: str) -> Any:
    """Return the methods of an address by action: all of them, or of a table that is only read GET alone."""
    return methods if issubclass(resource, WritableResource) else {"get": methods["get"]}


urlpatterns = [
    path("resolve", Resolve.as_view(), name="resolve"),
    path("bulk-resolve", BulkResolve.as_view(), name="bulk-resolve"),
    *(
        path(
            f"directory/{_collection(resource)}",
            resource.as_view(_methods(resource, get="list", post="create")),
            name=f"directory-{_collection(resource)}-list",
        )
        for resource in RESOURCES
    ),
    *(
        path(
            f"directory/{_collection(resource)}/<str:id>",
            resource.as_view(_methods(resource, get="retrieve", patch="partial_update", delete="destroy")),
            name=f"directory-{_collection(resource)}-detail",
        )
        for resource in RESOURCES
    ),
    *(
        path(  # an external id may hold slashes, so it is the rest of the address
            f"directory/{_collection(resource)}/by/<str:source>/<path:external_id>",
            resource.as_view({"get": "retrieve_by_key", "put": "upsert"}),
            name=f"directory-{_collection(resource)}-by-key",
        )
        for resource in RESOURCES
        if issubclass(resource, SourcedResource)
    ),
    path(
        "directory/routing-artifacts/<str:id>/activate",
        RoutingArtifacts.as_view({"post": "activate"}),
        name="directory-routing-artifacts-activate",
    ),
]
