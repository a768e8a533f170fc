"""Addresses below ``/api/v1/`` of every API; without a trailing slash."""

from django.urls import path

from audit.requests.rest.limits import Limits

urlpatterns = [path("limits", Limits.as_view(), name="limits")]
