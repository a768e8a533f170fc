"""Where the API shows one object of a table, found in its addresses: a resource that is served is known by that."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.urls import URLPattern

from config.foundation.rest.operations import Operation
from config.foundation.rest.queries import DIRECTORY_PARAMETER
from config.foundation.rest.views.reading import ReadOnlyResource

ROOT = "/api/v1/"
PLACE = f"<str:{ReadOnlyResource.lookup_url_kwarg}>"
READING, CHANGING = "retrieve", "partial_update"


@dataclass(frozen=True, slots=True)
class Detail:
    """The address of one object: ``route`` below the root, with a place for the id; ``actions`` are those it offers."""

    resource: type[ReadOnlyResource]
    route: str
    actions: frozenset[str]

    @property
    def has_global(self) -> bool:
        """Tell whether a tenant reads the global directory's rows here."""
        return DIRECTORY_PARAMETER in self.operation(READING).parameters

    @property
    def is_changed(self) -> bool:
        """Tell whether the object is changed here."""
        return CHANGING in self.actions

    def path_of(self, row: Any) -> str:
        """Return the path of a row's object, below the tenant's base."""
        shown_id = getattr(row, "display_id", row.pk)
        return ROOT + self.route.replace(PLACE, quote(str(shown_id), safe=""))

    def operation(self, action: str) -> Operation:
        """Return what the documentation says of an action."""
        return self.resource.describe(action)


def details_of(patterns: Iterable[URLPattern]) -> dict[type[Any], Detail]:
    """Return the details among these addresses by the table that they are of."""
    found = {}
    for pattern in patterns:
        resource = getattr(pattern.callback, "cls", None)
        actions = frozenset((getattr(pattern.callback, "actions", None) or {}).values())
        if READING in actions and isinstance(resource, type) and issubclass(resource, ReadOnlyResource):
            found[resource.model] = Detail(resource, str(pattern.pattern), actions)
    return found
