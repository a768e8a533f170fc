"""Addresses of the directory below ``/api/v1/``; without a trailing slash."""

from django.urls import path

from config.foundation.rest.routes import paths_of
from directory.rest.resolve import BulkResolve, Resolve
from directory.rest.resources import RESOURCES, DirectoryResource, RoutingArtifacts


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
    path(
        "directory/routing-artifacts/<str:id>/activate",
        RoutingArtifacts.as_view({"post": "activate"}),
        name="directory-routing-artifacts-activate",
    ),
]
