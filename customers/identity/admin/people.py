"""Pages of people. No page shows a password's hash."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from unfold.widgets import UnfoldAdminSelect2MultipleWidget

from config.foundation.actor import Actor
from config.foundation.admin import AuditedAdmin, ExportMixin, ReadOnlyInline
from config.foundation.errors import Refused
from customers.identity.enums import UserStatus
from customers.identity.forms import PersonForm
from customers.identity.models import Membership, User
from customers.identity.operations import move_user

POWERS = ("is_staff", "is_superuser", "groups", "user_permissions")


class HeldMembershipInline(ReadOnlyInline):
    """Tenants that a person belongs to."""

    model = Membership
    fields = ("tenant", "status", "source")
    show_change_link = True


class UserAdmin(ExportMixin, AuditedAdmin):
    """People who sign in. None is deleted: who leaves is archived."""

    form = PersonForm
    list_display = ("email", "first_name", "last_name", "status", "is_staff", "is_superuser", "created_at")
    list_filter = ("status", "is_staff", "is_superuser")
    search_fields = ("email", "first_name", "last_name")
    inlines = (HeldMembershipInline,)
    actions = ("activate", "deactivate", "archive", "export_csv")
    readonly_fields = ("events",)
    ordering = ("email", "pk")
    fieldsets = (
        ("Person", {"fields": ("email", ("first_name", "last_name"), "mobile", ("time_zone", "locale"))}),
        ("Sign-in", {"fields": ("status", "new_password")}),
        ("Power over the platform", {"fields": POWERS}),
        ("Audit", {"fields": ("events",)}),
    )

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        """Let only superusers change superusers."""
        is_above = obj is not None and obj.is_superuser and not request.user.is_superuser
        return not is_above and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 -- the signature is Django's
        """Refuse."""
        return False

    def get_readonly_fields(self, request: Any, obj: Any = None) -> list[str]:
        """Let only superusers give power over the platform."""
        fields = super().get_readonly_fields(request, obj)
        return fields if request.user.is_superuser else [*fields, *POWERS]

    def formfield_for_manytomany(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """Choose groups and permissions in a field that is searched, and as wide as the page."""
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        if field is not None:
            field.widget = UnfoldAdminSelect2MultipleWidget(choices=field.choices)
            field.help_text = ""  # how to choose several is another thing here
        return field

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:  # noqa: FBT001 -- Django's
        """Save the person, with a password where one was given; another state is a move of its own."""
        wanted = UserStatus(obj.status)
        if change:
            obj.status = form.initial["status"]
        password = form.cleaned_data.get("new_password")
        if password:
            obj.set_password(password)
        elif not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)
        if change and wanted != obj.status:
            move_user(actor=Actor.user(request.user.pk), user=obj, status=wanted)  # type: ignore[arg-type] # signed in

    @admin.action(description="Activate", permissions=["change"])
    def activate(self, request: HttpRequest, queryset: Any) -> None:
        """Let people sign in again."""
        self._move(request, queryset, UserStatus.ACTIVE)

    @admin.action(description="Make inactive", permissions=["change"])
    def deactivate(self, request: HttpRequest, queryset: Any) -> None:
        """Stop people for a while."""
        self._move(request, queryset, UserStatus.INACTIVE)

    @admin.action(description="Archive: they left", permissions=["change"])
    def archive(self, request: HttpRequest, queryset: Any) -> None:
        """Note that people left."""
        self._move(request, queryset, UserStatus.ARCHIVED)

    @admin.display(description="events")
    def events(self, person: User) -> str:
        """Lead to what the person did and what was done to them."""
        if person._state.adding:
            return "—"
        page = f"{self.admin_site.name}:audit_auditevent_changelist"
        address = reverse(page, query={"person": person.display_id})
        return format_html('<a class="sb-link" href="{}">Events by or about this person</a>', address)

    def _move(self, request: Any, queryset: Any, status: UserStatus) -> None:
        moved = 0
        chosen = list(queryset.exclude(pk=request.user.pk).exclude(status=status).order_by("pk"))
        for person in chosen:
            if not self.has_change_permission(request, person):
                continue
            try:
                move_user(actor=Actor.user(request.user.pk), user=person, status=status)
            except Refused as refusal:
                messages.error(request, f"{person}: {refusal.detail}")
            else:
                moved += 1
        left = len(queryset) - moved
        messages.success(request, f"{moved} made {status.label.lower()}, {left} left as they were.")
