"""Pages of the audit chain: looked at, never written."""

from typing import Any

from django.contrib import admin
from django.utils.html import format_html_join

from audit.models import AuditEvent
from audit.presenters import present_changes, summarize
from config.foundation.admin import ReadOnlyAdmin


class AuditEventAdmin(ReadOnlyAdmin):
    """What happened, newest first."""

    view_privilege = change_privilege = "view_audit"
    list_display = ("id", "at", "actor", "summary", "resource_id", "request_id", "reason")
    list_filter = ("at",)
    search_fields = ("=resource_id", "=request_id", "=actor")
    fields = ("id", "at", "actor", "action", "resource", "resource_id", "request_id", "reason", "changes")
    readonly_fields = ("changes",)
    ordering = ("-pk",)

    @admin.display(description="what")
    def summary(self, event: AuditEvent) -> str:
        """Say the event in words."""
        return summarize(event)

    @admin.display(description="changes")
    def changes(self, event: AuditEvent) -> Any:
        """List each changed column with what it was and became."""
        return format_html_join("", "<p>{}</p>", ((change.words,) for change in present_changes(event)))
