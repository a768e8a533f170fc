"""Who may look at, add, change and delete what, by the site that a page stands on."""

from typing import Any, ClassVar

from django.http import HttpRequest


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
