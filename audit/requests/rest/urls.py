"""Addresses below ``/api/v1/``; without a trailing slash."""

from django.urls import path

from audit.requests.rest.filters import SavedFilters
from audit.requests.rest.limits import Limits

platform_urlpatterns = [path("limits", Limits.as_view(), name="limits")]
urlpatterns = [
    *platform_urlpatterns,
    path(
        "saved-filters",
        SavedFilters.as_view({"get": "list", "post": "create"}),
        name="saved-filter-list",
    ),
    path(
        "saved-filters/<str:id>",
        SavedFilters.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
        name="saved-filter-detail",
    ),
]
