"""Pages of people and access, for operators. No page shows a secret or a hash."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils import timezone

from config.foundation.actor import Actor
from config.foundation.admin import AuditedAdmin, AuditedInline, ReadOnlyAdmin, ReadOnlyInline
from customers.identity.enums import UserStatus
from customers.identity.forms import MembershipForm, PersonForm
from customers.identity.models import ApiToken, ApiTokenPrivilege, Membership, Role, RolePrivilege, User
from customers.identity.operations import add_membership, revoke_token

POWERS = ("is_staff", "is_superuser", "groups", "user_permissions")


class HeldPrivilegeInline(AuditedInline):
    """Privileges of a role."""

    model = RolePrivilege
    fields = ("privilege",)
    autocomplete_fields = ("privilege",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse for what is built in: migrations write it."""
        return not _is_builtin(obj) and super().has_change_permission(request, obj)

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        """Refuse for what is built in."""
        return not _is_builtin(*args) and super().has_add_permission(request, *args)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse for what is built in."""
        return not _is_builtin(obj) and super().has_delete_permission(request, obj)


class TokenPrivilegeInline(ReadOnlyInline):
    """Privileges of a token."""

    model = ApiTokenPrivilege
    fields = ("privilege",)


class HeldMembershipInline(ReadOnlyInline):
    """Tenants that a person belongs to."""

    model = Membership
    fields = ("tenant", "status", "source")
    show_change_link = True


class UserAdmin(AuditedAdmin):
    """People who sign in. None is deleted: who leaves is archived."""

    form = PersonForm
    list_display = ("email", "first_name", "last_name", "status", "is_staff", "is_superuser", "created_at")
    list_filter = ("status", "is_staff", "is_superuser")
    search_fields = ("email", "first_name", "last_name")
    filter_horizontal = ("groups", "user_permissions")
    inlines = (HeldMembershipInline,)
    actions = ("activate", "deactivate")
    ordering = ("email", "pk")
    fieldsets = (
        ("Person", {"fields": ("email", ("first_name", "last_name"), "mobile", ("time_zone", "locale"))}),
        ("Sign-in", {"fields": ("status", "new_password")}),
        ("Power over the platform", {"fields": POWERS}),
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

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:  # noqa: FBT001 -- Django's
        """Save the person, with a password where one was given."""
        password = form.cleaned_data.get("new_password")
        if password:
            obj.set_password(password)
        elif not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)

    @admin.action(description="Activate", permissions=["change"])
    def activate(self, request: HttpRequest, queryset: Any) -> None:
        """Let people sign in again."""
        self._move(request, queryset, UserStatus.ACTIVE)

    @admin.action(description="Make inactive", permissions=["change"])
    def deactivate(self, request: HttpRequest, queryset: Any) -> None:
        """Stop people for a while."""
        self._move(request, queryset, UserStatus.INACTIVE)

    def _move(self, request: Any, queryset: Any, status: UserStatus) -> None:
        movable = [
            person
            for person in queryset.exclude(pk=request.user.pk).exclude(status=status).order_by("pk")
            if self.has_change_permission(request, person)
        ]
        for person in movable:
            person.status = status
            person.full_clean(exclude=["password"])
            person.save()
        left = len(queryset) - len(movable)
        messages.success(request, f"{len(movable)} made {status.label.lower()}, {left} left as they were.")


class MembershipAdmin(AuditedAdmin):
    """Who belongs to which tenant, in which roles. None is deleted: one that ended is archived, with the reason."""

    form = MembershipForm
    list_display = ("user", "tenant", "held", "status", "source", "created_at")
    list_filter = ("status", "source", "roles")
    search_fields = ("user__email", "user__last_name", "tenant__slug", "tenant__name")
    list_select_related = ("user", "tenant")
    autocomplete_fields = ("user", "tenant")
    ordering = ("tenant__name", "user__email", "pk")
    fieldsets = (("Membership", {"fields": ("user", "tenant", "granted", "status", "reason")}),)

    def get_queryset(self, request: HttpRequest) -> Any:
        """Read the roles along."""
        return super().get_queryset(request).prefetch_related("roles")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Keep person and tenant of a membership that exists."""
        fields = super().get_readonly_fields(request, obj)
        return [*fields, "user", "tenant"] if obj else fields

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 -- the signature is Django's
        """Refuse."""
        return False

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:  # noqa: ARG002, FBT001 -- Django's
        """Map the person by the operation, which keeps the tenant's last owner."""
        made = add_membership(
            actor=Actor.user(request.user.pk),  # type: ignore[arg-type] # somebody is signed in
            user=obj.user,
            tenant=obj.tenant,
            roles=form.cleaned_data["granted"],
            status=obj.status,  # type: ignore[arg-type] # a column of choices
            reason=obj.reason,
        )
        obj.pk = made.pk

    @admin.display(description="roles")
    def held(self, membership: Membership) -> str:
        """List the roles."""
        return ", ".join(sorted(role.title for role in membership.roles.all())) or "—"


class RoleAdmin(AuditedAdmin):
    """Named sets of privileges; those built in are written by migrations."""

    list_display = ("title", "code", "tenant", "is_admin", "is_builtin", "privilege_count")
    list_filter = ("is_builtin", "is_admin")
    list_select_related = ("tenant",)
    search_fields = ("title", "code")
    autocomplete_fields = ("tenant",)
    fields = ("title", "tenant", "is_admin")
    inlines = (HeldPrivilegeInline,)
    ordering = ("tenant__name", "code", "pk")

    def get_queryset(self, request: HttpRequest) -> Any:
        """Read the privileges along."""
        return super().get_queryset(request).prefetch_related("privileges")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse for what is built in."""
        return not _is_builtin(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse for what is built in."""
        return not _is_builtin(obj) and super().has_delete_permission(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Keep the tenant of a role that exists."""
        fields = super().get_readonly_fields(request, obj)
        return [*fields, "tenant"] if obj else fields

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Leave out deletion in bulk, which would not spare what is built in."""
        return {
            name: action for name, action in super().get_actions(request).items() if name != "delete_selected"
        }

    @admin.display(description="privileges")
    def privilege_count(self, role: Role) -> int:
        """Count the privileges."""
        return len(role.privileges.all())


class PrivilegeAdmin(ReadOnlyAdmin):
    """What may be allowed."""

    list_display = ("code", "description")
    search_fields = ("code", "description")
    fields = ("code", "description")
    ordering = ("code", "pk")


class ApiTokenAdmin(ReadOnlyAdmin):
    """Keys of programs; never their secrets, which are shown once to whom they are made for."""

    list_display = (
        "name",
        "key_id",
        "user",
        "tenant",
        "may_write",
        "is_enabled",
        "expires_at",
        "last_used",
        "revoked_at",
    )
    list_filter = ("is_enabled", "may_write")
    search_fields = ("name", "key_id", "user__email", "tenant__slug")
    list_select_related = ("user", "tenant", "use")
    fields = (
        ("name", "key_id"),
        ("user", "tenant"),
        ("may_write", "is_enabled"),
        "allowed_networks",
        ("expires_at", "revoked_at"),
    )
    inlines = (TokenPrivilegeInline,)
    ordering = ("-created_at", "pk")
    actions = ("revoke",)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Tell whether the person may change tokens."""
        return bool(request.user.has_perm("identity.change_apitoken"))

    @admin.display(description="last used")
    def last_used(self, token: ApiToken) -> Any:
        """Return when a program last used the token."""
        return token.use.last_used_at if hasattr(token, "use") else None

    @admin.action(description="Revoke at once and for good", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: Any) -> None:
        """End each token."""
        now = timezone.now()
        for token in queryset.order_by("pk"):
            revoke_token(actor=Actor.user(request.user.pk), token=token, now=now)  # type: ignore[arg-type]
        messages.success(request, f"{len(queryset)} revoked.")


def _is_builtin(role: Any = None) -> bool:
    return isinstance(role, Role) and role.is_builtin
