"""What the pages of the directory share: each row is written by an operation."""

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from config.foundation.actor import Actor
from config.foundation.admin import AuditedAdmin, AuditedInline, ExportMixin
from directory.forms import DirectoryForm, IndentedJSONField
from directory.operations import delete_row, save_row

MONOSPACED = "font-family: ui-monospace, monospace"
OVERRIDES: dict[Any, dict[str, Any]] = {
    models.JSONField: {
        "form_class": IndentedJSONField,
        "widget": UnfoldAdminTextareaWidget(attrs={"rows": 12, "spellcheck": "false", "style": MONOSPACED}),
    },
    ArrayField: {"widget": UnfoldAdminTextInputWidget(attrs={"placeholder": "one, another"})},
}
LINK = '<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>'
PROVENANCE = (
    "Provenance",
    {
        "fields": (("source", "external_id"), ("verified_at", "confidence"), "superseded_at"),
    },
)


class CoveredFields:
    """Shows columns by a stand-in to whoever may look but not write: ``covered`` is ``{column: display method}``."""

    covered: ClassVar[dict[str, str]] = {}

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Put the stand-ins in where the page is read-only."""
        fieldsets: list[Any] = super().get_fieldsets(request, obj)  # type: ignore[misc]
        if self.has_change_permission(request, obj) or not self.covered:  # type: ignore[attr-defined]
            return fieldsets
        return [
            (name, {**options, "fields": self._covered(options["fields"])}) for name, options in fieldsets
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Add the stand-ins."""
        return [*super().get_readonly_fields(request, obj), *self.covered.values()]  # type: ignore[misc]

    def _covered(self, fields: Any) -> tuple[Any, ...]:
        return tuple(
            self._covered(field) if isinstance(field, list | tuple) else self.covered.get(field, field)
            for field in fields
        )


class DirectoryAdmin(CoveredFields, ExportMixin, AuditedAdmin):
    """Pages of one table of the directory; each row is saved, or deleted, by one operation."""

    form = DirectoryForm
    formfield_overrides = OVERRIDES
    list_filter_submit = True
    list_fullwidth = True

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


class DirectoryInline(CoveredFields, AuditedInline):
    """Rows on the page of the row that they belong to."""

    form = DirectoryForm
    tab = True
    per_page = 20
    show_change_link = True
    hide_title = True
    formfield_overrides: ClassVar[dict[Any, Any]] = OVERRIDES | {
        models.JSONField: {
            "form_class": IndentedJSONField,
            "widget": UnfoldAdminTextareaWidget(
                attrs={"rows": 2, "spellcheck": "false", "style": MONOSPACED}
            ),
        }
    }


def actor_of(request: Any) -> Actor:
    """Return the person who is signed in, as an actor."""
    return Actor.user(request.user.pk)
