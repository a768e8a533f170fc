"""Addresses below ``/api/v1/``; without a trailing slash."""

from typing import Any

from django.urls import path

from audit.requests.rest.filters import SavedFilters
from audit.requests.rest.limits import Limits
from audit.requests.rest.resources import Jobs, PlatformJobs, Verifications


def _addresses(jobs: type[Jobs]) -> list[Any]:
    return [
        path("jobs", jobs.as_view({"get": "list"}), name="job-list"),
        path("jobs/<str:id>", jobs.as_view({"get": "retrieve"}), name="job-detail"),
        path("jobs/<str:id>/cancel", jobs.as_view({"post": "cancel"}), name="job-cancel"),
        path(
            "audit/verifications", Verifications.as_view({"post": "create"}), name="audit-verification-list"
        ),
    ]


_LIMITS = path("limits", Limits.as_view(), name="limits")
platform_urlpatterns = [_LIMITS, *_addresses(PlatformJobs)]
urlpatterns = [
    _LIMITS,
    *_addresses(Jobs),
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
