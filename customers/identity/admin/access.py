"""Pages of memberships, roles and privileges, through the operations that ask who may give what."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest

from config.foundation.actor import Actor
from config.foundation.admin import AuditedAdmin, ExportMixin, ReadOnlyAdmin
from config.foundation.errors import Refused
from customers.identity.enums import MembershipStatus
from customers.identity.forms import MembershipForm, RoleForm
from customers.identity.models import Membership, Role
from customers.identity.operations import (
    add_membership,
    authority_in,
    create_role,
    delete_role,
    move_membership,
    update_role,
)


class MembershipAdmin(ExportMixin, AuditedAdmin):
    """Who belongs to which tenant, in which roles. None is deleted: one that ended is archived, with the reason."""

    form = MembershipForm
    list_display = ("user", "tenant", "held", "status", "source", "created_at")
    list_filter = ("status", "source", "roles")
    search_fields = ("user__email", "user__last_name", "tenant__slug", "tenant__name")
    list_select_related = ("user", "tenant")
    autocomplete_fields = ("user", "tenant")
    ordering = ("tenant__name", "user__email", "pk")
    actions = ("activate", "export_csv")
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

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:  # noqa: FBT001 -- Django's
        """Map the person, or move the membership, with what the one who is signed in may give."""
        granted = form.cleaned_data["granted"]
        said: dict[str, Any] = {
            "actor": Actor.user(request.user.pk),  # type: ignore[arg-type] # somebody is signed in
            "status": MembershipStatus(obj.status),
            "reason": obj.reason,
            "authority": authority_in(request.user, obj.tenant),  # type: ignore[arg-type] # likewise
        }
        if change and obj.status != form.initial["status"] and "granted" not in form.changed_data:
            move_membership(membership=obj, **said)
        else:
            obj.pk = add_membership(user=obj.user, tenant=obj.tenant, roles=granted, **said).pk

    @admin.action(description="Put in force", permissions=["change"])
    def activate(self, request: Any, queryset: Any) -> None:
        """Put each membership in force, or say why not."""
        for membership in queryset.order_by("pk"):
            try:
                move_membership(
                    actor=Actor.user(request.user.pk),
                    membership=membership,
                    status=MembershipStatus.ACTIVE,
                    authority=authority_in(request.user, membership.tenant),
                )
            except Refused as refusal:
                messages.error(request, f"{membership}: {refusal.detail}")
            else:
                messages.success(request, f"{membership}: active.")

    @admin.display(description="roles")
    def held(self, membership: Membership) -> str:
        """List the roles."""
        return ", ".join(sorted(role.title for role in membership.roles.all())) or "—"


class RoleAdmin(ExportMixin, AuditedAdmin):
    """Named sets of privileges; those built in are written by migrations."""

    deletes_many = False
    list_display = ("title", "code", "tenant", "is_admin", "is_builtin", "privilege_count")
    list_filter = ("is_builtin", "is_admin")
    list_select_related = ("tenant",)
    search_fields = ("title", "code")
    autocomplete_fields = ("tenant",)
    form = RoleForm
    readonly_fields = ("listed",)
    actions = ("delete_by_force", "export_csv")
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

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Offer privileges where the role may be changed, and list them where not."""
        may_write = self.has_change_permission(request, obj)
        shown = ("title", "tenant", "is_admin", "granted" if may_write else "listed")
        stamps = [one for one in super().get_fieldsets(request, obj) if one[0] == "Record"]
        return [("Role", {"fields": shown}), *stamps]

    def save_model(self, request: HttpRequest, obj: Role, form: Any, change: bool) -> None:  # noqa: FBT001 -- Django's
        """Make or change the role out of what the one who is signed in holds."""
        said: dict[str, Any] = {
            "actor": Actor.user(request.user.pk),  # type: ignore[arg-type] # somebody is signed in
            "title": obj.title,
            "is_admin": obj.is_admin,
            "privileges": [privilege.code for privilege in form.cleaned_data["granted"]],
            "authority": authority_in(request.user, obj.tenant),  # type: ignore[arg-type] # likewise
        }
        if change:
            update_role(role=obj, **said)
        else:
            obj.pk = create_role(tenant=obj.tenant, **said).pk

    def delete_model(self, request: Any, obj: Role) -> None:
        """Delete a role that nobody carries."""
        actor, may = Actor.user(request.user.pk), authority_in(request.user, obj.tenant)
        delete_role(actor=actor, role=obj, authority=may)

    @admin.action(description="Delete, and take it from those who carry it", permissions=["delete"])
    def delete_by_force(self, request: Any, queryset: Any) -> None:
        """Delete each role, or say why not."""
        for role in queryset.select_related("tenant").order_by("pk"):
            actor, may = Actor.user(request.user.pk), authority_in(request.user, role.tenant)
            try:
                count = delete_role(actor=actor, role=role, force=True, authority=may)
            except Refused as refusal:
                messages.error(request, f"{role}: {refusal.detail}")
            else:
                messages.success(request, f"{role}: deleted, taken from {count} memberships.")

    @admin.display(description="privileges")
    def listed(self, role: Role) -> str:
        """List the privileges."""
        return ", ".join(sorted(privilege.code for privilege in role.privileges.all())) or "—"

    @admin.display(description="privileges")
    def privilege_count(self, role: Role) -> int:
        """Count the privileges."""
        return len(role.privileges.all())


class PrivilegeAdmin(ExportMixin, ReadOnlyAdmin):
    """What may be allowed."""

    list_display = ("code", "description")
    list_filter = ("roles",)
    search_fields = ("code", "description")
    fields = ("code", "description")
    ordering = ("code", "pk")


def _is_builtin(role: Any = None) -> bool:
    return isinstance(role, Role) and role.is_builtin
