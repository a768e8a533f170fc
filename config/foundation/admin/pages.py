"""Pages of a table: nothing in Django's own log, each submission one act of the person who is signed in."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.formats import localize
from django.utils.http import urlencode
from django.utils.timezone import localtime
from unfold.admin import ModelAdmin, TabularInline
from unfold.views import ChangeList

from config.foundation.actor import REASON_MAX_LENGTH, Actor, acting
from config.foundation.admin.api import ShownByApi
from config.foundation.admin.forbidden import row_id_of
from config.foundation.admin.forms import ROW_VERSION_FIELD, careful
from config.foundation.admin.lists import BoundedChangeList, EstimatingPaginator
from config.foundation.admin.permissions import PermittedBySite
from config.foundation.admin.refused import code_of, refusing, sentence_of
from config.foundation.constraints import translated
from config.foundation.errors import Refused
from config.foundation.refusals import tell_refused_page
from config.foundation.rows import STAMPS, Row

REASON_FIELD = "_reason"
REFUSAL = "switchboard_refusal"  # on a request whose submission was refused

View = Callable[[], HttpResponse]


class PermittedAdmin(ShownByApi, PermittedBySite, ModelAdmin):  # type: ignore[misc]
    """Base of all pages: nothing in Django's own log, bounded counts, history from the audit chain.

    Without ``deletes_many`` the list offers no deletion: rows end by operations, on pages of their own.
    """

    deletes_many = True

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

    def get_actions(self, request: HttpRequest) -> Any:
        """Return what can be done with the chosen rows."""
        actions = super().get_actions(request)
        if not self.deletes_many:
            actions.pop("delete_selected", None)
        return actions

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

    def get_form(self, request: Any, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002 -- Django's
        """Return the form; of a submission that was refused, one that shows the refusal."""
        form = careful(super().get_form(request, obj, change=change, **kwargs))
        refusal = getattr(request, REFUSAL, None)
        return form if refusal is None else refusing(form, refusal)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001 -- Django's
        """Save the rows of the inlines; what is refused of one is about no field of the page's own row.

        Raises:
            ValidationError: the faults, without the names of their columns.
        """
        try:
            super().save_related(request, form, formsets, change)
        except ValidationError as error:
            raise ValidationError(error.messages) from error

    def performed(self, request: HttpRequest, view: View, *, has_form: bool = False) -> HttpResponse:
        """Run a submission as one act of the person; what was refused is said at the form, or as a message.

        The view runs again where it has a form: that finds the refusal now, and keeps what was typed.
        """
        if request.method != "POST":
            return view()
        reason = request.POST.get(REASON_FIELD, "").strip()[:REASON_MAX_LENGTH]
        try:
            with translated(), acting(Actor.user(request.user.pk), reason=reason):  # type: ignore[arg-type]  # signed in
                return view()
        except (Refused, ValidationError) as error:
            refusal = error
        tell_refused_page(
            request,
            code=code_of(refusal),
            resource=self.model._meta.label_lower,
            resource_id=row_id_of(request, self.model),
        )
        if has_form:
            setattr(request, REFUSAL, refusal)
            return view()
        messages.error(request, sentence_of(refusal))
        return redirect(request.get_full_path())

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
                self.require_some(request, *(("change",) if request.method == "POST" else ("view", "change")))
            page: HttpResponse = parent(request, object_id, *args, **kwargs)
            return page

        return self.performed(request, view, has_form=True)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Delete as the person who is signed in; who may delete none is refused before the row is looked up."""
        parent = super().delete_view

        def view() -> HttpResponse:
            self.require_some(request, "delete")
            page: HttpResponse = parent(request, *args, **kwargs)
            return page

        return self.performed(request, view)

    def require_some(self, request: HttpRequest, *acts: str) -> None:
        """Refuse who may do none of the acts to any row: that the row exists would show in the work of its look-up.

        Raises:
            PermissionDenied: none of them is permitted.
        """
        if not any(getattr(self, f"has_{act}_permission")(request) for act in acts):
            raise PermissionDenied


class AuditedAdmin(PermittedAdmin):
    """Pages of a domain table; each submission is one transaction whose audit events name the person and the reason."""

    change_form_after_template = "switchboard/reason.html"

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Show the form; one that was refused keeps the reason that was typed, and the version that was seen."""
        typed = {
            "typed_reason": request.POST.get(REASON_FIELD, ""),
            "seen_version": request.POST.get(ROW_VERSION_FIELD, ""),
        }
        return super().render_change_form(request, context | typed, *args, **kwargs)


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


def _when_and_who(at: Any, name: str | None) -> str:
    when = localize(localtime(at))
    return f"{when} by {name}" if name else f"{when}"
