"""Pages of saved filters: one's own, and those that are shared."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from audit.requests.forms import SavedFilterForm
from audit.requests.operations import delete_filter, save_filter
from config.foundation.actor import Actor
from config.foundation.admin import AuditedAdmin, ExportMixin


class SavedFilterAdmin(ExportMixin, AuditedAdmin):
    """Filters of the API's lists under a name."""

    form = SavedFilterForm
    list_display = ("slug", "name", "resource", "is_shared", "updated_at")
    list_filter = ("resource", "is_shared")
    search_fields = ("slug", "name")
    ordering = ("slug", "pk")
    fieldsets = (
        ("Filter", {"fields": (("slug", "name"), "is_shared")}),
        ("What it keeps", {"fields": ("resource", "parameters")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the person's own filters, and those that are shared."""
        rows: QuerySet[Any] = super().get_queryset(request).usable_by(request.user.pk)
        return rows

    def get_form(self, request: Any, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002 -- Django's
        """Return the form; a new filter is the person's from the start, so that its rules are asked whole."""
        form = super().get_form(request, obj, change=change, **kwargs)
        owner_id = request.user.pk

        class Owned(form):  # type: ignore[misc, valid-type]  # made for each request
            def __init__(self, *args: Any, **options: Any) -> None:
                super().__init__(*args, **options)
                if self.instance.owner_id is None:
                    self.instance.owner_id = owner_id

        return Owned

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: ARG002, FBT001 -- Django's
        """Save the filter by its operation."""
        save_filter(actor=Actor.user(_person_of(request)), row=obj, privileges=self._privileges_of(request))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete the filter by its operation."""
        delete_filter(actor=Actor.user(_person_of(request)), row=obj, privileges=self._privileges_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Delete each filter by its operation."""
        for row in queryset.order_by("pk"):
            self.delete_model(request, row)

    def _privileges_of(self, request: HttpRequest) -> frozenset[str]:
        site: Any = self.admin_site
        return site.privileges_of(request) or frozenset()


def _person_of(request: HttpRequest) -> Any:
    return request.user.pk
