"""Pages of jobs: how far each is, and its end."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.decorators import display

from audit.requests.enums import JobState
from audit.requests.models import Job
from audit.requests.operations import cancel_job, start_job
from config.foundation.actor import Actor
from config.foundation.admin import ExportMixin, ReadOnlyAdmin
from config.foundation.jobs import JobKind, job_kinds
from customers.identity.presenters import name_actors

STATE_COLOURS = {
    JobState.QUEUED: "info",
    JobState.RUNNING: "primary",
    JobState.SUCCEEDED: "success",
    JobState.FAILED: "danger",
    JobState.CANCELLED: "warning",
}
REFRESH_S = 3
ERRORS_SHOWN_MAX = 100


class JobAdmin(ExportMixin, ReadOnlyAdmin):
    """Long work that was asked for, newest first; who sees the chain sees all of it."""

    view_privilege = manage_privilege = "view_audit"
    change_list_template = "admin/requests/jobs.html"
    change_form_template = "admin/requests/job.html"
    list_display = ("created_at", "title", "shown_state", "progress", "who", "started_at", "took")
    list_filter = (("state", ChoicesDropdownFilter), "kind", ("created_at", RangeDateTimeFilter))
    list_filter_submit = True
    list_fullwidth = True
    search_fields = ("kind", "actor", "request_id")
    ordering = ("-created_at", "-pk")
    readonly_fields = ("title", "shown_state", "progress", "took", "outcome", "faults", "who")
    fieldsets = (
        ("Job", {"fields": (("title", "shown_state"), ("progress", "message"), "outcome", "faults")}),
        (
            "Time",
            {
                "fields": (
                    ("created_at", "started_at"),
                    ("finished_at", "took"),
                    ("attempt", "cancel_asked_at"),
                )
            },
        ),
        ("Asked for by", {"fields": ("who", "request_id", "reason", "given")}),
    )

    def get_urls(self) -> list[URLPattern]:
        """Add the address that starts a job, and the page that asks before one is cancelled."""
        wrap = self.admin_site.admin_view
        own = [
            path("start/<slug:kind>/", wrap(self.start_view), name="requests_job_start"),
            path("<path:object_id>/cancel/", wrap(self.cancel_view), name="requests_job_cancel"),
        ]
        return [*own, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Job]:
        """Leave the errors out of the list: they can be a thousand a job. A download reads them at once."""
        jobs: QuerySet[Job] = super().get_queryset(request)
        return jobs.defer("errors", "result", "given") if request.method == "GET" else jobs

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Join the names of who asked."""
        changelist = super().get_changelist_instance(request)
        changelist.result_list = list(changelist.result_list)
        _join_names(changelist.result_list)
        return changelist

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Return the job, with the name of who asked."""
        job = super().get_object(request, *args, **kwargs)
        _join_names([job] if job else [])
        return job

    def has_cancel_permission(self, request: HttpRequest, job: Job) -> bool:
        """Tell whether the person may end the job: one of their own, or of a kind that they may start."""
        kind = job_kinds.get(job.kind)
        return job.created_by == request.user.pk or (kind is not None and self._may_do(request, kind))

    def startable(self, request: HttpRequest) -> list[tuple[str, str]]:
        """Return title and address of each kind that the person may start here."""
        site, is_platform = self.admin_site, self.admin_site.privileges_of(request) is None
        return [
            (kind.title, reverse(f"{site.name}:requests_job_start", args=[kind.name]))
            for kind in job_kinds.all()
            if (is_platform or not kind.is_of_platform) and self._may_do(request, kind)
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the list below what can be started."""
        further = {"startable": self.startable(request)} if self.has_view_permission(request) else {}
        return super().changelist_view(request, {**(extra_context or {}), **further})

    def start_view(self, request: HttpRequest, kind: str) -> HttpResponse:
        """Start a job of a kind, and lead to it; looked at, lead to the list."""
        self.require_some(request, "view")
        found = job_kinds.get(kind)
        if found is None or (found.is_of_platform and self.admin_site.privileges_of(request) is not None):
            raise Http404
        if not self._may_do(request, found):
            raise PermissionDenied(f"This needs the privilege {found.privilege}.")
        return self.performed(request, lambda: self._start(request, found))

    def _start(self, request: HttpRequest, kind: JobKind) -> HttpResponse:
        if request.method != "POST":
            return redirect(reverse(f"{self.admin_site.name}:requests_job_changelist"))
        job = start_job(actor=Actor.user(_id_of(request)), kind=kind)
        messages.success(request, f"{kind.title}: asked for.")
        return redirect(self._address("change", job))

    def _may_do(self, request: Any, kind: JobKind) -> bool:
        held = self.admin_site.privileges_of(request)
        return bool(request.user.has_perm(kind.permission)) if held is None else kind.privilege in held

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Show the job; while it has not ended, the page asks again by itself, and offers to cancel."""
        job: Job = kwargs.get("obj") or context["original"]
        may_cancel = job.is_open and job.cancel_asked_at is None and self.has_cancel_permission(request, job)
        further = {
            "title": str(self.title(job)),
            "refresh_s": REFRESH_S if job.is_open else 0,
            "cancel_url": self._address("cancel", job) if may_cancel else "",
        }
        return super().render_change_form(request, context | further, *args, **kwargs)

    def cancel_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask once more, then cancel."""
        self.require_some(request, "view")
        job = self.get_object(request, object_id)
        if job is None:
            raise Http404
        return self.performed(request, lambda: self._cancellation(request, job))

    def _cancellation(self, request: HttpRequest, job: Job) -> HttpResponse:
        if not self.has_cancel_permission(request, job):
            raise PermissionDenied("You may cancel your own jobs, and those of kinds that you may start.")
        back = self._address("change", job)
        if request.method == "POST":
            cancelled = cancel_job(actor=Actor.user(_id_of(request)), job_id=job.pk)
            done = cancelled.state == JobState.CANCELLED
            messages.success(request, "The job is cancelled." if done else "The job ends at its next step.")
            return redirect(back)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": job,
            "title": "Cancel this job?",
            "job": job,
            "job_title": self.title(job),
            "back": back,
        }
        return TemplateResponse(request, "admin/requests/cancellation.html", context)

    def _address(self, view: str, job: Job) -> str:
        return reverse(f"{self.admin_site.name}:requests_job_{view}", args=[job.pk])

    @admin.display(description="job", ordering="kind")
    def title(self, job: Job) -> str:
        """Name the kind of work."""
        return job.title

    @admin.display(description="who")
    def who(self, job: Job) -> str:
        """Name who asked for it."""
        shown: str = job.__dict__.get("actor_name", job.actor)
        return shown

    @display(description="state", ordering="state", label=STATE_COLOURS)  # type: ignore[untyped-decorator]
    def shown_state(self, job: Job) -> str:
        """Show the state as a coloured word."""
        return job.state

    @admin.display(description="progress")
    def progress(self, job: Job) -> SafeString:
        """Draw how far the job is."""
        return render_to_string("admin/directory/progress.html", {"percent": job.percent})

    @admin.display(description="took")
    def took(self, job: Job) -> str:
        """Show how long the job took."""
        if job.started_at is None or job.finished_at is None:
            return "-"
        return f"{(job.finished_at - job.started_at).total_seconds():.1f} s"

    @admin.display(description="what came of it")
    def outcome(self, job: Job) -> str:
        """Show the result, a line for each member."""
        if not job.result:
            return "-"
        lines = ((name.replace("_", " "), _in_words(value)) for name, value in sorted(job.result.items()))
        return format_html_join("", "<div>{}: {}</div>", lines)

    @admin.display(description="what went wrong")
    def faults(self, job: Job) -> str:
        """Show the first errors."""
        if not job.errors:
            return "-"
        shown = ((_place_of(error), error.get("detail", "")) for error in job.errors[:ERRORS_SHOWN_MAX])
        more = len(job.errors) - ERRORS_SHOWN_MAX
        rest = format_html("<div>… and {} more, over the API</div>", more) if more > 0 else ""
        return format_html("{}{}", format_html_join("", "<div>{}{}</div>", shown), rest)


def _join_names(jobs: list[Job]) -> None:
    """Put ``actor_name`` on each job."""
    names = name_actors(job.actor for job in jobs)
    for job in jobs:
        job.__dict__["actor_name"] = names[job.actor]


def _in_words(value: Any) -> Any:
    """Return a value of a result as people write it."""
    return (
        {None: "none", True: "yes", False: "no"}[value] if value is None or isinstance(value, bool) else value
    )


def _place_of(error: dict[str, Any]) -> str:
    if "row" in error:
        return f"row {error['row']}: "
    return f"{error['pointer']}: " if "pointer" in error else ""


def _id_of(request: Any) -> UUID:
    found: UUID = request.user.pk
    return found
