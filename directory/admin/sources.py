"""Pages of sources, their runs, and routing tests kept as data."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter, RelatedDropdownFilter
from unfold.decorators import display

from config.foundation.admin import ExportMixin, ReadOnlyAdmin
from directory.admin.base import DirectoryAdmin
from directory.enums import RunState
from directory.forms import MASK, SourceForm
from directory.models import Source, SourceRun

RUN_COLOURS = {RunState.RUNNING: "info", RunState.SUCCEEDED: "success", RunState.FAILED: "danger"}
COUNTS = ("read", "created", "updated", "unchanged", "superseded", "rejected")


class SourceAdmin(DirectoryAdmin):
    """Configurations of connectors; their settings are written, never shown."""

    form = SourceForm
    covered: ClassVar[dict[str, str]] = {"settings": "shown_settings"}
    list_display = ("name", "kind", "enabled", "failure_mode", "ttl_s", "max_stale_s", "updated_at")
    list_filter = (("kind", ChoicesDropdownFilter), "enabled")
    search_fields = ("name",)
    ordering = ("name", "pk")
    fieldsets = (
        ("Source", {"fields": (("name", "kind"), "enabled")}),
        ("Connection", {"fields": ("settings", "trust_anchors")}),
        (
            "How long its rows hold",
            {"classes": ["tab"], "fields": (("ttl_s", "jitter_s"), ("negative_ttl_s", "max_stale_s"))},
        ),
        (
            "When it fails",
            {
                "classes": ["tab"],
                "fields": (
                    "failure_mode",
                    ("timeout_ms", "retries"),
                    ("breaker_threshold", "breaker_cool_down_s"),
                ),
            },
        ),
    )

    @admin.display(description="settings")
    def shown_settings(self, row: Source) -> str:
        """Tell whether there are settings."""
        return MASK if row.settings else "-"


class SourceRunAdmin(ExportMixin, ReadOnlyAdmin):
    """What each run of a source read and wrote, and each row that it refused."""

    list_display = (
        "started_at", "source", "shown_state", "progress", "rows_read", "rows_created", "rows_updated",
        "rows_superseded", "rows_rejected", "took",
    )  # fmt: skip
    list_filter = (
        ("state", ChoicesDropdownFilter), ("source", RelatedDropdownFilter), ("started_at", RangeDateTimeFilter),
    )  # fmt: skip
    list_filter_submit = True
    list_fullwidth = True
    list_select_related = ("source",)
    search_fields = ("source__name",)
    ordering = ("-started_at", "pk")
    readonly_fields = ("progress", "took", "counts", "rejected_rows")
    fieldsets = (
        ("Run", {"fields": (("source", "state"), ("started_at", "finished_at"), ("took", "progress"))}),
        ("Rows", {"fields": ("counts", "rejected_rows")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[SourceRun]:
        """Leave the refused rows out of the list: they can be a thousand a run. A download reads them at once."""
        rows: QuerySet[SourceRun] = super().get_queryset(request)
        return rows.defer("errors") if request.method == "GET" else rows

    @display(description="state", ordering="state", label=RUN_COLOURS)  # type: ignore[untyped-decorator]
    def shown_state(self, row: SourceRun) -> tuple[str, str]:
        """Show the state as a coloured word."""
        return row.state, row.get_state_display()

    @admin.display(description="progress", ordering="progress_percent")
    def progress(self, row: SourceRun) -> SafeString:
        """Draw how far the run is."""
        return render_to_string("admin/directory/progress.html", {"percent": row.progress_percent})

    @admin.display(description="took")
    def took(self, row: SourceRun) -> str:
        """Show how long the run took."""
        return f"{(row.finished_at - row.started_at).total_seconds():.1f} s" if row.finished_at else "-"

    @admin.display(description="counted")
    def counts(self, row: SourceRun) -> SafeString:
        """Show what was done to how many rows."""
        counted = [f"{getattr(row, f'rows_{name}'):,}" for name in COUNTS]
        return _table([name.capitalize() for name in COUNTS], [counted])

    @admin.display(description="refused rows")
    def rejected_rows(self, row: SourceRun) -> Any:
        """Show each refused row that was kept, with the reason."""
        rows = [[error.get("row", ""), error.get("reason", "")] for error in row.errors]
        return _table(["Row", "Reason"], rows) if rows else "None."


class ProbeAdmin(DirectoryAdmin):
    """Routing tests: a request and what its answer must hold."""

    list_display = ("name", "last_run_at", "updated_at")
    list_filter = (("last_run_at", RangeDateTimeFilter),)
    search_fields = ("name",)
    ordering = ("name", "pk")
    readonly_fields = ("last_result", "last_run_at")
    fieldsets = (
        ("Probe", {"fields": ("name", "request", "expected")}),
        ("Last run", {"fields": ("last_run_at", "last_result")}),
    )


def _table(headers: list[str], rows: list[list[Any]]) -> SafeString:
    return render_to_string("admin/directory/table.html", {"headers": headers, "rows": rows})
