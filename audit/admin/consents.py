"""Pages of consents: looked at, never written."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.timezone import localtime
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import display

from audit.admin.naming import LINK
from audit.enums import SubjectKind
from audit.models import Consent
from audit.presenters import person_events_url
from config.foundation.admin import ExportMixin, ReadOnlyAdmin
from config.foundation.display_ids import display_id
from customers.identity.models import User
from customers.identity.presenters import name_actors

ACTION_COLOURS = {"given": "success", "withdrawn": "danger", "expired": "warning"}


class ConsentAdmin(ExportMixin, ReadOnlyAdmin):
    """Who agreed to what, and who took it back; newest first."""

    view_privilege = manage_privilege = "view_audit"
    list_display = ("shown_at", "purpose", "text_version", "shown_action", "holds", "subject", "who")
    list_filter = ("purpose", "action", "subject_kind", ("at", RangeDateTimeFilter))
    list_filter_submit = True
    search_fields = ("subject_id", "by", "purpose")
    search_help_text = "Id of the subject, purpose, or who recorded it"
    ordering = ("-at", "-pk")
    fieldsets = (
        ("Consent", {"fields": ("purpose", "action", "shown_at", "subject", "subject_id", "events")}),
        ("Text", {"fields": ("text_version", "text_digest")}),
        ("Proof", {"fields": ("who", "connection_id")}),
    )
    readonly_fields = ("shown_at", "subject", "events", "who")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the consents, each knowing whether it is the latest."""
        consents: QuerySet[Any] = super().get_queryset(request).with_latest()
        return consents

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Join the names of subjects and of who recorded them."""
        changelist = super().get_changelist_instance(request)
        changelist.result_list = list(changelist.result_list)
        _join_names(changelist.result_list)
        return changelist

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Return the consent, with the names of its subject and of who recorded it."""
        consent = super().get_object(request, *args, **kwargs)
        _join_names([consent] if consent else [])
        return consent

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

    @admin.display(description="see also")
    def events(self, consent: Any) -> str:
        """Lead from a person to all that they did and that was done to them."""
        if consent.subject_kind != SubjectKind.USER:
            return "—"
        url = person_events_url(display_id(User.display_prefix, consent.subject_id))
        return format_html(LINK, url, f"All events by or about {self.subject(consent)}")

    @admin.display(description="recorded by")
    def who(self, consent: Any) -> str:
        """Name who recorded it."""
        shown: str = consent.__dict__.get("by_name", consent.by)
        return shown


def _join_names(consents: list[Any]) -> None:
    """Put ``by_name`` and ``subject_name`` on each consent."""
    subjects = {consent.pk: f"{consent.subject_kind}:{consent.subject_id}" for consent in consents}
    names = name_actors([*(consent.by for consent in consents), *subjects.values()])
    for consent in consents:
        consent.__dict__["by_name"] = names[consent.by]
        consent.__dict__["subject_name"] = names[subjects[consent.pk]]
