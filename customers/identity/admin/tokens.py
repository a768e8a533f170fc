"""Pages of tokens. No page shows a secret or a hash."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils import timezone

from config.foundation.actor import Actor
from config.foundation.admin import ExportMixin, ReadOnlyAdmin, ReadOnlyInline
from customers.identity.models import ApiToken, ApiTokenPrivilege
from customers.identity.operations import revoke_token


class TokenPrivilegeInline(ReadOnlyInline):
    """Privileges of a token."""

    model = ApiTokenPrivilege
    fields = ("privilege",)


class ApiTokenAdmin(ExportMixin, ReadOnlyAdmin):
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
    actions = ("revoke", "export_csv")

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
