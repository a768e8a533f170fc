"""Addresses of one tenant, below ``/t/<slug>`` or on a host of its own."""

from django.urls import include, path
from django.views.generic import RedirectView

from config import catalog, openapi
from config.api import TENANT_API
from config.sites import tenant_site

URLCONF = "config.urls_tenant"
handler500 = "config.pages.explain_failure"

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
    path("admin/", tenant_site.urls),
    path("api/v1/", include(TENANT_API)),
    path("api/schema/", openapi.serve_document, {"urlconf": URLCONF}, name="api-schema"),
    path(catalog.PATH, catalog.serve_catalog, name="api-catalog"),
    path("api/docs/", openapi.show_page, {"template_name": "openapi/swagger.html"}, name="api-docs"),
    path("api/redoc/", openapi.show_page, {"template_name": "openapi/redoc.html"}, name="api-redoc"),
]
