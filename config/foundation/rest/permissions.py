"""The one permission of the API: the caller was admitted, holds the privileges needed, and may write where they do."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from config.foundation.errors import Refused


class HoldsPrivilege(BasePermission):
    """Lets pass who holds ``view.needed_privileges()``; asked before an object is looked up or a body is read."""

    def has_permission(self, request: Request, view: Any) -> bool:  # noqa: ARG002 -- DRF's signature
        """Ask the admission.

        Raises:
            Refused: ``permission_denied``, naming the privilege; ``write_not_allowed``, a token without the write flag.
        """
        for privilege in view.needed_privileges():
            view.admission.require(privilege)
        if view.is_write and not view.admission.may_write:
            raise Refused(
                "write_not_allowed", "This token only reads. Use one that was made with the write flag."
            )
        return True
