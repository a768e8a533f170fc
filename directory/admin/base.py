"""What the pages of the directory share: rows are written by operations, inlines obey the pages of their own rows."""

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import TabularInline
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from config.foundation.actor import Actor
from config.foundation.admin import AuditedAdmin
from config.foundation.rows import STAMPS
from directory.forms import IndentedJSONField
from directory.operations import delete_row, save_row

OVERRIDES: dict[type[models.Field[Any, Any]], dict[str, Any]] = {
    models.JSONField: {
        "form_class": IndentedJSONField,
        "widget": UnfoldAdminTextareaWidget(attrs={"rows": 12, "spellcheck": "false", "class": "font-mono"}),
    },
    ArrayField: {"widget": UnfoldAdminTextInputWidget(attrs={"placeholder": "one, another"})},
}
PROVENANCE = (
    "Provenance",
    {
        "classes": ["tab"],
        "fields": ("source", "external_id", "verified_at", "confidence", "superseded_at"),
        "description": "Where the row comes from and how far it is to be believed.",
    },
)
RECORD = ("Record", {"classes": ["tab"], "fields": STAMPS})
Fieldsets = list[tuple[str | None, dict[str, Any]]]


class DirectoryAdmin(AuditedAdmin):
    """Pages of one table of the directory; each row is saved, or deleted, by one operation."""

    formfield_overrides = OVERRIDES
    list_per_page = 50
    list_filter_submit = True
    list_fullwidth = True
    warn_unsaved_form = True

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Fieldsets:
        """Add the stamps to the page of a row that exists."""
        fieldsets: Fieldsets = list(super().get_fieldsets(request, obj))
        return [*fieldsets, RECORD] if obj else fieldsets

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: ARG002, FBT001 -- the signature is Django's
        """Save the row by its operation."""
        save_row(actor=actor_of(request), row=obj)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete the row by its operation."""
        delete_row(actor=actor_of(request), row=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Delete each row by its operation."""
        for row in queryset.order_by("pk"):
            delete_row(actor=actor_of(request), row=row)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:  # noqa: ARG002, FBT001 -- the signature is Django's
        """Save and delete the rows of an inline by their operations."""
        rows = formset.save(commit=False)
        for row in formset.deleted_objects:
            delete_row(actor=actor_of(request), row=row)
        for row in rows:
            save_row(actor=actor_of(request), row=row)
        formset.save_m2m()


class DirectoryInline(TabularInline):  # type: ignore[misc]
    """Rows on the page of the row that they belong to; who may do what is asked of their own pages."""

    extra = 0
    tab = True
    per_page = 20
    show_change_link = True
    hide_title = True
    formfield_overrides: ClassVar[dict[Any, Any]] = OVERRIDES | {
        models.JSONField: {
            "form_class": IndentedJSONField,
            "widget": UnfoldAdminTextareaWidget(attrs={"rows": 2, "spellcheck": "false", "class": "font-mono"}),
        }
    }

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 -- the signature is Django's
        """Tell whether rows of this table may be looked at."""
        return bool(self._page.has_view_permission(request))

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 -- the signature is Django's
        """Tell whether a row may be added."""
        return bool(self._page.has_add_permission(request))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 -- the signature is Django's
        """Tell whether rows may be changed."""
        return bool(self._page.has_change_permission(request))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 -- the signature is Django's
        """Tell whether rows may be deleted."""
        return bool(self._page.has_delete_permission(request))

    @property
    def _page(self) -> Any:
        return self.admin_site.get_model_admin(self.model)


def actor_of(request: HttpRequest) -> Actor:
    """Return the person who is signed in, as an actor."""
    return Actor.user(request.user.pk)
