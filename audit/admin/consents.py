"""Pages of consents: looked at, never written."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.timezone import localtime
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import display

from audit.admin.naming import name_actors
from audit.models import Consent
from config.foundation.admin import ReadOnlyAdmin

ACTION_COLOURS = {"given": "success", "withdrawn": "danger", "expired": "warning"}


class ConsentAdmin(ReadOnlyAdmin):
    """Who agreed to what, and who took it back; newest first."""

    view_privilege = manage_privilege = "view_audit"
    list_display = ("shown_at", "purpose", "text_version", "shown_action", "holds", "subject", "who")
    list_filter = ("purpose", "action", "subject_kind", ("at", RangeDateTimeFilter))
    search_fields = ("subject_id", "by", "purpose")
    search_help_text = "Id of the subject, purpose, or who recorded it"
    ordering = ("-at", "-pk")
    fieldsets = (
        ("Consent", {"fields": ("purpose", "action", "at", "subject_kind", "subject_id")}),
        ("Text", {"fields": ("text_version", "text_digest")}),
        ("Proof", {"fields": ("by", "connection_id")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the consents, each knowing whether it is the latest."""
        consents: QuerySet[Any] = super().get_queryset(request).with_latest()
        return consents

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Join the names of subjects and of who recorded them."""
        changelist = super().get_changelist_instance(request)
        rows = list(changelist.result_list)
        subjects = {row.pk: f"{row.subject_kind}:{row.subject_id}" for row in rows}
        names = name_actors([*(row.by for row in rows), *subjects.values()])
        for row in rows:
            row.__dict__["by_name"] = names[row.by]
            row.__dict__["subject_name"] = names[subjects[row.pk]]
        changelist.result_list = rows
        return changelist

    @admin.display(description="time", ordering="at")
    def shown_at(self, consent: Consent) -> str:
        """Show when it was."""
        return f"{localtime(consent.at):%Y-%m-%d %H:%M:%S}"

    @display(description="action", label=ACTION_COLOURS)  # type: ignore[untyped-decorator]
    def shown_action(self, consent: Consent) -> tuple[str, str]:
        """Show what became of it as a coloured word."""
        return consent.action, consent.action

    @admin.display(description="holds now", boolean=True)
    def holds(self, consent: Any) -> bool:
        """Tell whether it is the latest of its purpose, and given."""
        return bool(consent.is_latest and consent.action == "given")

    @admin.display(description="subject")
    def subject(self, consent: Any) -> str:
        """Name a person, and other subjects by kind and id."""
        shown: str = consent.__dict__.get("subject_name", str(consent.subject_id))
        return shown

    @admin.display(description="recorded by")
    def who(self, consent: Any) -> str:
        """Name who recorded it."""
        shown: str = consent.__dict__.get("by_name", consent.by)
        return shown
