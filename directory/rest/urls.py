"""Addresses of the directory below ``/api/v1/``; without a trailing slash."""

from django.urls import path

from directory.rest.resolve import BulkResolve, Resolve
from directory.rest.resources import RESOURCES, DirectoryResource


def _collection(resource: type[DirectoryResource]) -> str:
    return resource.plural.replace(" ", "-")


urlpatterns = [
    path("resolve", Resolve.as_view(), name="resolve"),
    path("bulk-resolve", BulkResolve.as_view(), name="bulk-resolve"),
    *(
        path(
            f"directory/{_collection(resource)}",
            resource.as_view({"get": "list"}),
            name=f"directory-{_collection(resource)}-list",
        )
        for resource in RESOURCES
    ),
    *(
        path(
            f"directory/{_collection(resource)}/<str:id>",
            resource.as_view({"get": "retrieve"}),
            name=f"directory-{_collection(resource)}-detail",
        )
        for resource in RESOURCES
    ),
]
