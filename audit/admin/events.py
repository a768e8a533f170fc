"""Pages of the audit chain: looked at, never written."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.timezone import localtime
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import display

from audit.admin.exports import batches_of, csv_lines, json_lines
from audit.admin.filters import (
    ActionFilter,
    ActorFilter,
    ObjectFilter,
    PersonFilter,
    RequestFilter,
    ResourceFilter,
)
from audit.admin.naming import LINK, join_names, name_row, person_of
from audit.filters import SEARCHED_EVENTS_MAX, searched_events
from audit.models import AuditEvent, ChainHead, Verification
from audit.presenters import PAST_TENSE, person_events_url, present_changes, summarize
from config.foundation.admin import EXPORTED_ROWS_MAX, ExportMixin, ReadOnlyAdmin
from config.foundation.display_ids import display_id
from customers.identity.models import User
from customers.identity.presenters import name_actors
from customers.tenants.models import Tenant

Lines = Callable[[Iterator[list[Any]]], Iterator[str]]

SUMMARY_MAX_LENGTH = 160
EXPORT_PRIVILEGE = "export_audit"
ACTION_COLOURS = {
    "create": "success",
    "update": "info",
    "delete": "danger",
    "activate": "primary",
    "refused": "warning",
    "login_failed": "warning",
}


class AuditEventAdmin(ExportMixin, ReadOnlyAdmin):
    """What happened, newest first, in words."""

    view_privilege = manage_privilege = "view_audit"
    change_form_template = "admin/audit/event.html"
    change_list_template = "admin/audit/events.html"
    list_display = ("id", "shown_at", "who", "shown_action", "what", "summary", "reason")
    list_filter = (
        ActionFilter, ResourceFilter, ActorFilter, PersonFilter, ("at", RangeDateTimeFilter), RequestFilter,
        ObjectFilter,
    )  # fmt: skip
    list_filter_submit = True
    list_fullwidth = True
    search_fields = ("payload",)
    search_help_text = f"Text in the change, among the newest {SEARCHED_EVENTS_MAX:,} events"
    ordering = ("-pk",)
    fieldsets = ((None, {"fields": ()}),)
    actions = ("export_csv", "export_jsonl")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Offer the export to who may take the chain away; in a tenant that is a privilege of its own."""
        actions: dict[str, Any] = super().get_actions(request)
        held = self.admin_site.privileges_of(request)
        if held is not None and EXPORT_PRIVILEGE not in held:
            return {name: action for name, action in actions.items() if not name.startswith("export_")}
        return actions

    @admin.action(description="Export as CSV", permissions=["view"])
    def export_csv(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponseBase:
        """Return the events as a table, in the order of the chain."""
        return self._exported(request, queryset, "csv", "text/csv; charset=utf-8", csv_lines)

    @admin.action(description="Export as JSON Lines, to be verified elsewhere", permissions=["view"])
    def export_jsonl(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponseBase:
        """Return the events with the bytes and hashes of the chain, one object a line."""
        return self._exported(request, queryset, "jsonl", "application/jsonl", json_lines)

    def _exported(
        self, request: HttpRequest, queryset: QuerySet[Any], name: str, media_type: str, lines: Lines
    ) -> HttpResponseBase:
        events = queryset.defer(None).order_by("pk")
        self.tell_exported(request, name, min(events.count(), EXPORTED_ROWS_MAX))
        response = StreamingHttpResponse(lines(batches_of(events)), content_type=media_type)
        response["Content-Disposition"] = f'attachment; filename="audit-events.{name}"'
        return response

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEvent]:
        """Leave the bytes that the chain is computed over to the pages that show them."""
        events: QuerySet[AuditEvent] = super().get_queryset(request)
        return events.defer("record", "leaf", "hash_prev", "hash")

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002 -- the signature is Django's
        queryset: QuerySet[Any],
        search_term: str,
    ) -> tuple[QuerySet[Any], bool]:
        """Search the text of changes, in a bounded number of events."""
        term = search_term.strip()
        if not term:
            return queryset, False
        return searched_events(queryset, term), False

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Join what the page's events name: their actors and the rows that still exist."""
        changelist = super().get_changelist_instance(request)
        join_names(changelist.result_list, site=self.admin_site)
        return changelist

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list below the state of its chain."""
        chain = {
            "chain_head": ChainHead.objects.order_by("pk").first(),
            "verification": Verification.objects.order_by("pk").first(),
        }
        return super().changelist_view(request, {**(extra_context or {}), **chain})

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Show one event: who, what, each changed column, and its place in the chain."""
        event = kwargs.get("obj") or context["original"]
        join_names([event], site=self.admin_site)
        return super().render_change_form(request, context | self._event_context(event), *args, **kwargs)

    @admin.display(description="time", ordering="pk")
    def shown_at(self, event: AuditEvent) -> str:
        """Show when it was."""
        return f"{localtime(event.at):%Y-%m-%d %H:%M:%S}"

    @admin.display(description="who")
    def who(self, event: Any) -> str:
        """Name who did it."""
        shown: str = event.__dict__.get("actor_name", event.actor)
        return shown

    @display(description="action", label=ACTION_COLOURS)  # type: ignore[untyped-decorator]
    def shown_action(self, event: AuditEvent) -> tuple[str, str] | str:
        """Show what was done as a word, coloured where the verb has a colour."""
        words = PAST_TENSE.get(event.action, event.action.replace("_", " "))
        return (event.action, words) if event.action in ACTION_COLOURS else words

    @admin.display(description="what")
    def what(self, event: Any) -> str:
        """Name the row, with a link where it still exists."""
        url, words = event.__dict__.get("row_url", ""), name_row(event)
        return format_html(LINK, url, words) if url else words

    @admin.display(description="change")
    def summary(self, event: AuditEvent) -> str:
        """Say the change in words."""
        words = summarize(event)
        return words if len(words) <= SUMMARY_MAX_LENGTH else words[: SUMMARY_MAX_LENGTH - 1] + "…"

    def _event_context(self, event: Any) -> dict[str, Any]:
        events = AuditEvent.objects
        beside = (
            events.filter(pk__in=(event.pk - 1, event.pk + 1)).order_by("pk").values_list("pk", flat=True)
        )
        neighbours = {pk - event.pk: reverse("admin:audit_auditevent_change", args=[pk]) for pk in beside}
        return {
            "title": f"Event {event.pk:,}",
            "event": event,
            "who": self.who(event),
            "row": name_row(event),
            "row_url": event.__dict__.get("row_url", ""),
            "summary": summarize(event),
            "changes": present_changes(event),
            "further": _further(event.payload),
            "previous_url": neighbours.get(-1, ""),
            "next_url": neighbours.get(1, ""),
            "hashes": [(label, bytes(value).hex()) for label, value in _hashes(event)],
            "alike": [*((label, _listed(**only)) for label, only in _alike(event)), *_of_person(event)],
            "tenant": Tenant.objects.filter(pk=event.tenant_id).first() if event.tenant_id else None,
        }


def _alike(event: AuditEvent) -> list[tuple[str, dict[str, str]]]:
    alike = [("All events by this actor", {"actor": event.actor})]
    if event.request_id:
        alike.insert(0, ("All events of this request", {"request_id": event.request_id}))
    if event.resource_id:
        alike.insert(
            0, ("All events of this object", {"resource": event.resource, "resource_id": event.resource_id})
        )
    return alike


def _of_person(event: AuditEvent) -> list[tuple[str, str]]:
    found = person_of(event)
    if found is None:
        return []
    person_id, actor = found
    url = person_events_url(display_id(User.display_prefix, UUID(person_id)))
    return [(f"All events by or about {name_actors([actor])[actor]}", url)]


def _listed(**only: str) -> str:
    return reverse("admin:audit_auditevent_changelist", query=only)


def _hashes(event: AuditEvent) -> list[tuple[str, Any]]:
    return [("Hash before", event.hash_prev), ("Leaf", event.leaf), ("Hash", event.hash)]


def _further(payload: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return what an event says besides before and after, such as the code of a refusal."""
    return [
        (key.replace("_", " "), payload[key]) for key in sorted(payload) if key not in ("before", "after")
    ]
