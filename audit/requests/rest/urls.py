"""Addresses of jobs below ``/api/v1/``; without a trailing slash."""

from typing import Any

from django.urls import path

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


urlpatterns = _addresses(Jobs)
platform_urlpatterns = _addresses(PlatformJobs)
