"""The one permission of the API: the caller was admitted and holds the privilege that the view declares."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request


class HoldsPrivilege(BasePermission):
    """Lets pass who holds ``view.required_privilege``; asked before any object is looked up."""

    def has_permission(self, request: Request, view: Any) -> bool:  # noqa: ARG002 -- DRF's signature
        """Ask the admission.

        Raises:
            Refused: ``permission_denied``, naming the privilege.
        """
        view.admission.require(view.required_privilege)
        return True
