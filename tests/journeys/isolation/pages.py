"""The pages of both admin sites, as their resolvers hold them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.apps import apps
from django.urls import URLPattern, URLResolver, get_resolver

from config import urls_platform, urls_tenant
from config.sites import Site, platform_site, tenant_site

SITES: dict[str, tuple[str, Site]] = {
    "platform": (urls_platform.URLCONF, platform_site),
    "tenant": (urls_tenant.URLCONF, tenant_site),
}
PLACE = re.compile(r"<(?:\w+:)?(\w+)>")  # <path:object_id>, and the name of (?P<url>.*)


@dataclass(frozen=True)
class Page:
    """One address of a site; ``route`` is below the site's host or tenant, with places like ``<path:object_id>``."""

    site: str
    name: str
    route: str

    @property
    def key(self) -> str:
        """Return what names the page in the table of decisions."""
        return f"{self.site}:{self.name}"

    @property
    def model(self) -> Any:
        """Return the table whose page it is; None for a page of the whole site."""
        app_label, _, rest = self.name.partition("_")
        if app_label not in apps.app_configs:
            return None
        return apps.get_model(app_label, rest.partition("_")[0])

    @property
    def is_list(self) -> bool:
        """Tell whether it lists rows."""
        return self.name.endswith("_changelist")

    @property
    def places(self) -> list[str]:
        """Return the names of what the address takes."""
        return PLACE.findall(self.route)


@lru_cache
def pages() -> dict[str, Page]:
    """Return every page of both sites by its key.

    Raises:
        ValueError: two pages have one name, so that one decision would stand for both.
    """
    found = [page for name, (urlconf, _site) in SITES.items() for page in pages_of(name, _below(urlconf))]
    by_key = {page.key: page for page in found}
    if len(by_key) != len(found):
        raise ValueError("Two pages have one name.")
    return by_key


def pages_of(site: str, patterns: Any, prefix: str = "/admin/") -> Iterator[Page]:
    """Yield the pages of a site from its patterns."""
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from pages_of(site, pattern.url_patterns, route)
        else:
            yield Page(site, _name_of(pattern, route), route)


def _below(urlconf: str) -> list[Any]:
    resolvers: list[Any] = get_resolver(urlconf).url_patterns
    return next(one.url_patterns for one in resolvers if str(one.pattern) == "admin/")


def _name_of(pattern: URLPattern, route: str) -> str:
    """Return a page's name; Django leaves a row's bare address and the site's last resort without one."""
    if pattern.name:
        return str(pattern.name)
    parts = route.strip("/").split("/")
    return "catch_all" if "url" in PLACE.findall(route) else f"{parts[1]}_{parts[2]}_bare"
