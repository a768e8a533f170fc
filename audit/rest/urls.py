"""Addresses of the chain below ``/api/v1/``; without a trailing slash."""

from django.urls import path

from audit.rest.resources import AuditEvents, Consents, PlatformEvents

urlpatterns = [
    path("audit/events", AuditEvents.as_view({"get": "list"}), name="audit-event-list"),
    path("audit/events/<str:id>", AuditEvents.as_view({"get": "retrieve"}), name="audit-event-detail"),
    path("audit/consents", Consents.as_view({"get": "list"}), name="audit-consent-list"),
    path("audit/consents/<str:id>", Consents.as_view({"get": "retrieve"}), name="audit-consent-detail"),
]

platform_urlpatterns = [
    path("audit/events", PlatformEvents.as_view({"get": "list"}), name="audit-event-list"),
    path("audit/events/<str:id>", PlatformEvents.as_view({"get": "retrieve"}), name="audit-event-detail"),
]
