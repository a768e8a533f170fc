"""Bases of every admin page: changes are acted by the person who is signed in, and permissions follow the site."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin

from config.foundation.actor import Actor, acting
from config.foundation.rows import STAMPS


class PermittedAdmin(ModelAdmin):  # type: ignore[misc]
    """Asks the site which privileges a person holds; a site without any (the platform's) asks Django's permissions.

    ``view_privilege`` and ``change_privilege`` are codes of privileges, obeyed on a tenant's site.
    """

    view_privilege: ClassVar[str] = "directory.read"
    change_privilege: ClassVar[str] = "directory.manage"
    show_full_result_count = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether rows may be looked at."""
        held = self.admin_site.privileges_of(request)
        if held is None:
            return bool(super().has_view_permission(request, obj))
        return self.view_privilege in held or self.change_privilege in held

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Tell whether a row may be added."""
        held = self.admin_site.privileges_of(request)
        return bool(super().has_add_permission(request)) if held is None else self.change_privilege in held

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether rows may be changed."""
        held = self.admin_site.privileges_of(request)
        if held is None:
            return bool(super().has_change_permission(request, obj))
        return self.change_privilege in held

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether rows may be deleted."""
        held = self.admin_site.privileges_of(request)
        if held is None:
            return bool(super().has_delete_permission(request, obj))
        return self.change_privilege in held

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Tell whether the app is shown in the list of apps."""
        held = self.admin_site.privileges_of(request)
        if held is None:
            return bool(super().has_module_permission(request))
        return self.has_view_permission(request)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Write nothing: the audit chain has it."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Write nothing: the audit chain has it."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> None:
        """Write nothing: the audit chain has it."""


def _acted(request: Any) -> AbstractContextManager[None]:
    """Return the block that a submission runs in; looking at a page acts nothing."""
    return acting(Actor.user(request.user.pk)) if request.method == "POST" else nullcontext()


class AuditedAdmin(PermittedAdmin):
    """Pages of a domain table; each submission is one transaction whose audit events name the person."""

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Show the stamps of a row that exists."""
        return [*super().get_readonly_fields(request, obj), *(STAMPS if obj else ())]

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Add or change as the person who is signed in."""
        with _acted(request):
            response: HttpResponse = super().changeform_view(request, *args, **kwargs)
        return response

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Delete as the person who is signed in."""
        with _acted(request):
            response: HttpResponse = super().delete_view(request, *args, **kwargs)
        return response

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Run the actions of the list as the person who is signed in."""
        with _acted(request):
            response: HttpResponse = super().changelist_view(request, *args, **kwargs)
        return response


class ReadOnlyAdmin(PermittedAdmin):
    """Pages of a table that is written elsewhere."""

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 -- the signature is Django's
        """Refuse."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 -- the signature is Django's
        """Refuse."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 -- the signature is Django's
        """Refuse."""
        return False
