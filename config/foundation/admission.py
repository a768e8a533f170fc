"""Who is let in where: what tenancy decides about a request, in the words that views, admin and operations use."""

from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from config.foundation.actor import Actor
from config.foundation.errors import Refused


@dataclass(frozen=True, slots=True)
class Admission:
    """A caller who was let into one tenant (or, without one, the platform), and what they may do there."""

    actor: Actor
    user_id: UUID
    tenant: Any
    privileges: frozenset[str]
    roles: tuple[str, ...] = ()
    may_write: bool = True
    token_key_id: str = ""

    def require(self, privilege: str) -> None:
        """Let pass only who holds the privilege.

        Raises:
            Refused: ``permission_denied``, naming the privilege.
        """
        if privilege not in self.privileges:
            raise Refused("permission_denied", f"This needs the privilege {privilege}.", needed=privilege)


class Selection(Protocol):
    """The tenant that a request names, before anybody was let in; middleware puts it on ``request.selection``.

    ``is_platform`` tells that the request is for the platform and names no tenant.
    """

    is_platform: bool

    def admit(self, user: Any, token: Any) -> Admission:
        """Let an authenticated caller in and select the tenant's schema on the connection, or refuse.

        Raises:
            Refused: ``tenant_mismatch``, ``not_found``, ``tenant_not_ready``, ``tenant_inactive``, ``ip_not_allowed``.
        """
