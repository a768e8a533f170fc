"""Pages of people and access, for operators. Written by operations; no page shows a hash."""

from unfold.admin import TabularInline

from config.foundation.admin import ReadOnlyAdmin
from customers.identity.models import ApiTokenPrivilege, MembershipRole, RolePrivilege


class HeldPrivilegeInline(TabularInline):  # type: ignore[misc]
    """Privileges of a role."""

    model = RolePrivilege
    fields = ("privilege",)
    extra = 0


class HeldRoleInline(TabularInline):  # type: ignore[misc]
    """Roles of a member."""

    model = MembershipRole
    fields = ("role",)
    extra = 0


class TokenPrivilegeInline(TabularInline):  # type: ignore[misc]
    """Privileges of a token."""

    model = ApiTokenPrivilege
    fields = ("privilege",)
    extra = 0


class UserAdmin(ReadOnlyAdmin):
    """People who sign in."""

    list_display = ("email", "first_name", "last_name", "status", "is_staff", "is_superuser")
    list_filter = ("status", "is_staff")
    search_fields = ("email", "first_name", "last_name")
    fields = ("email", "first_name", "last_name", "time_zone", "status", "is_staff", "is_superuser")
    ordering = ("email", "pk")


class MembershipAdmin(ReadOnlyAdmin):
    """Who belongs to which tenant."""

    list_display = ("user", "tenant", "status", "source", "created_at")
    list_filter = ("status", "source")
    search_fields = ("user__email", "tenant__slug")
    list_select_related = ("user", "tenant")
    inlines = (HeldRoleInline,)
    ordering = ("pk",)


class RoleAdmin(ReadOnlyAdmin):
    """Named sets of privileges."""

    list_display = ("title", "code", "tenant", "is_admin", "is_builtin")
    list_select_related = ("tenant",)
    search_fields = ("title", "code")
    fields = ("title", "code", "tenant", "is_admin", "is_builtin")
    inlines = (HeldPrivilegeInline,)
    ordering = ("code", "pk")


class PrivilegeAdmin(ReadOnlyAdmin):
    """What may be allowed."""

    list_display = ("code", "description")
    search_fields = ("code", "description")
    ordering = ("code", "pk")


class ApiTokenAdmin(ReadOnlyAdmin):
    """Keys of programs; never their secrets."""

    list_display = ("name", "key_id", "user", "tenant", "is_enabled", "expires_at", "revoked_at")
    list_filter = ("is_enabled",)
    search_fields = ("name", "key_id")
    list_select_related = ("user", "tenant")
    fields = (
        "name",
        "key_id",
        "user",
        "tenant",
        "may_write",
        "allowed_networks",
        "is_enabled",
        "expires_at",
        "revoked_at",
    )
    inlines = (TokenPrivilegeInline,)
    ordering = ("pk",)
