"""Addresses of the platform's own hosts."""

from django.urls import include, path

from config import catalog, deprecations, openapi, rest
from config.api import PLATFORM_API
from config.pages import home
from config.sites import platform_site

URLCONF = "config.urls_platform"
handler500 = "config.pages.explain_failure"

urlpatterns = [
    path("", home, name="home"),
    path("admin/", platform_site.urls),
    path("api/v1/", include(PLATFORM_API)),
    path("api/schema/", openapi.serve_document, {"urlconf": URLCONF}, name="api-schema"),
    path(catalog.PATH, catalog.serve_catalog, name="api-catalog"),
    path("api/docs/", openapi.show_page, {"template_name": "openapi/swagger.html"}, name="api-docs"),
    path("api/redoc/", openapi.show_page, {"template_name": "openapi/redoc.html"}, name="api-redoc"),
    path("deprecations", deprecations.list_deprecations, name="deprecation-list"),
    path("problems", rest.list_problems, name="problem-list"),
    path("problems/<slug:code>", rest.explain_problem, name="problem-detail"),
]
