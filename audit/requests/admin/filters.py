"""Pages of saved filters: one's own, and those that are shared."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import get_script_prefix
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

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
        ("Filter", {"fields": ("name", "slug", "is_shared")}),
        ("What it keeps", {"fields": ("resource", "parameters", "used_as")}),
    )
    readonly_fields = ("used_as",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the person's own filters, and those that are shared."""
        rows: QuerySet[Any] = super().get_queryset(request).usable_by(request.user.pk)
        return rows

    @admin.display(description="used as")
    def used_as(self, row: Any) -> SafeString | str:
        """Return the address of the list with the filter."""
        if row.pk is None or row._state.adding:
            return "—"
        address = f"{get_script_prefix()}api/v1/{row.resource}?{urlencode({'filter': row.slug})}"
        return format_html('<a class="sb-link" href="{}">{}</a>', address, address)

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

    def get_deleted_objects(self, objs: Any, request: Any) -> Any:
        """Say as well whom the deletion concerns."""
        deleted, *others = super().get_deleted_objects(objs, request)
        refused = [
            f"{'All programs' if row.is_shared else 'Programs of yours'} that ask {row.resource} "
            f"for ?filter={row.slug} are refused from then on"
            for row in objs
        ]
        return [*deleted, *refused], *others

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
