"""Bases of every admin page: permissions follow the site, changes are acted by the person who is signed in."""

import csv
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db import connections
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.formats import localize
from django.utils.functional import cached_property
from django.utils.http import urlencode
from django.utils.timezone import localtime
from unfold.admin import ModelAdmin, TabularInline
from unfold.views import ChangeList

from config.foundation.actor import REASON_MAX_LENGTH, Actor, acting
from config.foundation.constraints import translated
from config.foundation.errors import Refused
from config.foundation.refusals import Export, tell_exported, tell_refused_page
from config.foundation.rows import STAMPS, Row

REASON_FIELD = "_reason"
CONFIDENTIAL_PRIVILEGE = "view_confidential"
CONFIDENTIAL_FROM_TIER = 2
COUNTED_ROWS_MAX = (
    10_000  # rows beyond are estimated: counting a million of them takes longer than reading a page
)
EXPORTED_ROWS_MAX = 100_000
HIDDEN = "•••"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")

View = Callable[[], HttpResponse]


class EstimatingPaginator(Paginator):  # type: ignore[type-arg]
    """Counts up to a bound, and asks the planner beyond it."""

    @cached_property
    def count(self) -> int:
        """Return the number of rows: exact below the bound, the planner's for a whole table, else the bound."""
        rows: Any = self.object_list
        counted: int = rows.order_by()[: COUNTED_ROWS_MAX + 1].count()
        if counted <= COUNTED_ROWS_MAX:
            return counted
        return COUNTED_ROWS_MAX if rows.query.has_filters() else max(counted, estimate_rows(rows))


def estimate_rows(rows: Any) -> int:
    """Return how many rows the planner believes a queryset's table to have; -1 where it never looked."""
    connection = connections[rows.db]
    statement = (
        "SELECT c.reltuples::bigint FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = %s AND c.relname = %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [connection.schema_name, rows.model._meta.db_table])  # type: ignore[attr-defined]
        found = cursor.fetchone()
    return int(found[0]) if found else -1


class BoundedChangeList(ChangeList):  # type: ignore[misc]
    """A list that does not count the whole table besides what it shows."""

    def get_results(self, request: HttpRequest) -> None:
        """Find the rows of the page; an unfiltered list has just what it counted."""
        super().get_results(request)
        if not self.query and not self.has_active_filters:
            self.full_result_count = self.result_count


class PermittedBySite:
    """Asks the site which privileges a person holds; where it says None (the platform's), Django's permissions count.

    ``view_privilege`` and ``manage_privilege`` are codes of privileges, obeyed on a tenant's site.
    """

    view_privilege: ClassVar[str] = "directory.read"
    manage_privilege: ClassVar[str] = "directory.manage"

    admin_site: Any

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether rows may be looked at."""
        return self._holds(request, self.view_privilege, "has_view_permission", obj)

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        """Tell whether a row may be added."""
        return self._holds(request, self.manage_privilege, "has_add_permission", *args)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether rows may be changed."""
        return self._holds(request, self.manage_privilege, "has_change_permission", obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether rows may be deleted."""
        return self._holds(request, self.manage_privilege, "has_delete_permission", obj)

    def _holds(self, request: HttpRequest, privilege: str, question: str, *args: Any) -> bool:
        held = self.admin_site.privileges_of(request)
        if held is not None:
            return privilege in held
        return bool(getattr(super(), question)(request, *args))


class PermittedAdmin(PermittedBySite, ModelAdmin):  # type: ignore[misc]
    """Base of all pages: nothing in Django's own log, bounded counts, history from the audit chain."""

    show_full_result_count = False
    paginator = EstimatingPaginator
    list_per_page = 50
    list_filter_sheet = True
    warn_unsaved_form = True

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Tell whether the app is shown in the list of apps."""
        if self.admin_site.privileges_of(request) is None:
            return bool(super().has_module_permission(request))
        return self.has_view_permission(request)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:  # noqa: ARG002 -- Django's
        """Return the kind of list."""
        return BoundedChangeList

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Add who made and last changed the row, once there is one."""
        fields = list(super().get_readonly_fields(request, obj))
        return (
            [*fields, "stamps"] if obj and issubclass(self.model, Row) and "stamps" not in fields else fields
        )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Show the stamps below everything else."""
        fieldsets = [
            (name, {**options, "fields": tuple(f for f in options["fields"] if f not in (*STAMPS, "stamps"))})
            for name, options in super().get_fieldsets(request, obj)
        ]
        is_stamped = obj is not None and issubclass(self.model, Row)
        return [*fieldsets, ("Record", {"fields": ("stamps",)})] if is_stamped else fieldsets

    @admin.display(description="history")
    def stamps(self, row: Row) -> str:
        """Say who made and last changed the row, and its version."""
        ids = [who for who in (row.created_by, row.updated_by) if who]
        people = get_user_model()._default_manager  # noqa: SLF001 -- Django's own name for it
        names: dict[Any, str] = {person.pk: str(person) for person in people.filter(pk__in=ids)}
        made = _when_and_who(row.created_at, names.get(row.created_by))
        changed = _when_and_who(row.updated_at, names.get(row.updated_by))
        return f"Created {made} · last changed {changed} · version {row.row_version} · {row.display_id}"

    def history_view(self, request: HttpRequest, object_id: str, *_args: Any, **_kwargs: Any) -> HttpResponse:  # noqa: ARG002 -- Django's
        """Go to the events of this row in the audit chain."""
        events = reverse(f"{self.admin_site.name}:audit_auditevent_changelist")
        return HttpResponseRedirect(f"{events}?{urlencode({'resource_id': object_id})}")

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Write nothing: the audit chain has it."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Write nothing: the audit chain has it."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> None:
        """Write nothing: the audit chain has it."""

    def performed(self, request: HttpRequest, view: View) -> HttpResponse:
        """Run a submission as one act of the person; what only the database could refuse becomes a message."""
        if request.method != "POST":
            return view()
        reason = request.POST.get(REASON_FIELD, "").strip()[:REASON_MAX_LENGTH]
        try:
            with translated(), acting(Actor.user(request.user.pk), reason=reason):  # type: ignore[arg-type]  # signed in
                return view()
        except Refused as refusal:
            code, sentence = refusal.code, refusal.detail
        except ValidationError as error:  # an operation's own rule, of several rows
            code = getattr(error, "code", None) or "validation_failed"
            sentence = " ".join(error.messages)
        except PermissionDenied:
            self._tell_refused(request, "permission_denied")
            raise
        self._tell_refused(request, code)
        messages.error(request, sentence)
        return redirect(request.get_full_path())

    def _tell_refused(self, request: Any, code: str) -> None:
        """Have the refusal recorded, now that what it refused is rolled back."""
        row_id = request.resolver_match.kwargs.get("object_id", "") if request.resolver_match else ""
        tell_refused_page(request, code=code, resource=self.model._meta.label_lower, resource_id=row_id)

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Run the actions of the list as the person who is signed in."""
        parent = super().changelist_view
        return self.performed(request, lambda: parent(request, *args, **kwargs))

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add or change as the person who is signed in; who may change none is refused before the row is looked up."""
        parent = super().changeform_view

        def view() -> HttpResponse:
            if object_id is not None:
                self._require_some(
                    request, *(("change",) if request.method == "POST" else ("view", "change"))
                )
            page: HttpResponse = parent(request, object_id, *args, **kwargs)
            return page

        return self.performed(request, view)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Delete as the person who is signed in; who may delete none is refused before the row is looked up."""
        parent = super().delete_view

        def view() -> HttpResponse:
            self._require_some(request, "delete")
            page: HttpResponse = parent(request, *args, **kwargs)
            return page

        return self.performed(request, view)

    def _require_some(self, request: HttpRequest, *acts: str) -> None:
        """Refuse who may do none of the acts to any row: that the row exists would show in the work of its look-up.

        Raises:
            PermissionDenied: none of them is permitted.
        """
        if not any(getattr(self, f"has_{act}_permission")(request) for act in acts):
            raise PermissionDenied


class AuditedAdmin(PermittedAdmin):
    """Pages of a domain table; each submission is one transaction whose audit events name the person and the reason."""

    change_form_after_template = "switchboard/reason.html"


class AuditedInline(PermittedBySite, TabularInline):  # type: ignore[misc]
    """Rows that belong to the page's row, with the permissions of the site."""

    extra = 0


class _NeverWritten:
    """Refuses every change."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:  # noqa: ARG002 -- the signature is Django's
        """Refuse."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 -- the signature is Django's
        """Refuse."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 -- the signature is Django's
        """Refuse."""
        return False


class ReadOnlyAdmin(_NeverWritten, PermittedAdmin):
    """Pages of a table that is written elsewhere; a submission is refused, and that is recorded."""


class ReadOnlyInline(_NeverWritten, AuditedInline):
    """Rows that belong to the page's row and are written elsewhere."""

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Show every column as text, also one that no form may hold."""
        return list(self.get_fields(request, obj))


class ExportMixin:
    """An action that downloads the chosen rows as CSV.

    Columns are those declared plain. Personal ones are added, read in clear, for who holds ``view_confidential``;
    confidential and secret ones never leave. A row's own tier hides its ``by_row`` columns from the confidential up.
    """

    actions: Any = ("export_csv",)
    model: Any
    admin_site: Any

    @admin.action(description="Export as CSV", permissions=["view"])
    def export_csv(self, request: HttpRequest, queryset: Any) -> HttpResponseBase:
        """Return the rows as a file."""
        response = HttpResponse(content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{self.model._meta.model_name}.csv"'
        lines = list(self._lines(request, queryset))
        csv.writer(response).writerows(lines)
        self.tell_exported(request, "csv", len(lines) - 1)
        return response

    def tell_exported(self, request: Any, format_name: str, row_count: int) -> None:
        """Have the export recorded: which table, how it was narrowed, how many rows."""
        actor, resource = Actor.user(request.user.pk), self.model._meta.label_lower
        tell_exported(Export(actor, resource, format_name, tuple(sorted(request.GET)), row_count))

    def _lines(self, request: HttpRequest, queryset: Any) -> Iterator[list[str]]:
        tiers = self.model.tiers
        columns = ["display_id", *tiers.plain, *tiers.by_row, *STAMPS[::2]]
        if self._may_see_personal(request):
            columns[1:1] = tiers.personal
        names = [self._attribute(column) for column in columns]
        yield names
        for row in queryset[:EXPORTED_ROWS_MAX].iterator(chunk_size=2000):
            is_covered = getattr(row, "tier", 0) >= CONFIDENTIAL_FROM_TIER
            yield [
                HIDDEN if is_covered and column in tiers.by_row else safe_cell(getattr(row, name))
                for column, name in zip(columns, names, strict=True)
            ]

    def _attribute(self, column: str) -> str:
        if column == "display_id":
            return column
        return str(self.model._meta.get_field(column).attname)

    def _may_see_personal(self, request: Any) -> bool:
        held = self.admin_site.privileges_of(request)
        return bool(request.user.is_superuser) if held is None else CONFIDENTIAL_PRIVILEGE in held


def safe_cell(value: Any) -> str:
    """Return a value as text that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _when_and_who(at: Any, name: str | None) -> str:
    when = localize(localtime(at))
    return f"{when} by {name}" if name else f"{when}"
