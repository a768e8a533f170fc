"""Addresses of the directory below ``/api/v1/``; without a trailing slash."""

from django.urls import path

from config.foundation.rest.routes import paths_of
from directory.rest.resolve import BulkResolve, Resolve
from directory.rest.resources import RESOURCES, DirectoryResource, RoutingArtifacts, SourcedResource


def _collection(resource: type[DirectoryResource]) -> str:
    return resource.plural.replace(" ", "-")


urlpatterns = [
    path("resolve", Resolve.as_view(), name="resolve"),
    path("bulk-resolve", BulkResolve.as_view(), name="bulk-resolve"),
    *(
        pattern
        for resource in RESOURCES
        for pattern in paths_of(
            resource, f"directory/{_collection(resource)}", name=f"directory-{_collection(resource)}"
        )
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
