"""What a token may do, and that none makes another that may do more."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from config.foundation.actor import Actor
from config.foundation.addresses import is_covered, networks_of
from config.foundation.errors import Refused
from customers.identity.models import ApiToken, Membership, User
from customers.tenants.models import Tenant


@dataclass(frozen=True, slots=True)
class TokenRights:
    """What a token may do, where, from where and until when; ``networks`` empty means from anywhere.

    Of a token that calls, until when its secret is good: one that was replaced has less time than the token.
    """

    privileges: frozenset[str]
    tenant_id: UUID | None
    networks: tuple[str, ...]
    may_write: bool
    expires_at: datetime

    @classmethod
    def of(cls, token: ApiToken) -> TokenRights:
        """Return the rights of a token, its privileges read where its look-up did not read them along."""
        codes = getattr(token, "privilege_codes", None)
        if codes is None:
            codes = token.privileges.values_list("code", flat=True)
        networks = tuple(token.allowed_networks)
        expires_at = token.secret_until or token.expires_at
        return cls(frozenset(codes), token.tenant_id, networks, token.may_write, expires_at)

    def exceeding(self, other: TokenRights) -> list[str]:
        """Return in what the other rights go beyond these, by the names of columns."""
        beyond = {
            "privileges": not other.privileges <= self.privileges,
            "tenant_id": self.tenant_id is not None and other.tenant_id != self.tenant_id,
            "allowed_networks": not self._covers(other.networks),
            "may_write": other.may_write and not self.may_write,
            "expires_at": other.expires_at > self.expires_at,
        }
        return [name for name, is_beyond in beyond.items() if is_beyond]

    def _covers(self, networks: tuple[str, ...]) -> bool:
        if not self.networks:
            return True
        own = networks_of(self.networks)
        return bool(networks) and all(is_covered(one, own) for one in networks_of(networks))


def require_within(actor: Actor, within: TokenRights | None, rights: TokenRights) -> None:
    """Let pass a person, and a token that may do all of that itself.

    Raises:
        Refused: ``beyond_own_token``; ``exceeds`` lists the columns.
        TypeError: a token acts, and nobody said with what rights.
    """
    if within is None:
        if actor.kind == "token":
            raise TypeError("a token changes tokens: pass within=TokenRights.of(token)")
        return
    exceeds = within.exceeding(rights)
    if exceeds:
        raise Refused(
            "beyond_own_token",
            f"A token acts on none that may do more than itself: here {', '.join(exceeds)}.",
            exceeds=exceeds,
        )


def grantable_codes(user: User, tenant: Tenant | None, wanted: Collection[str]) -> frozenset[str]:
    """Return those of the privileges that the person may put into a token of this tenant, or of none.

    Into one that is bound to no tenant go those held in any. Who operates the platform may name any for it: when it is
    used, Django's permissions are asked for.
    """
    if user.is_superuser or (user.is_staff and tenant is None):
        return frozenset(wanted)
    held = Membership.objects.in_force().filter(user=user)
    if tenant is not None:
        held = held.filter(tenant=tenant)
    codes = held.filter(roles__privileges__code__in=wanted).values_list("roles__privileges__code", flat=True)
    return frozenset(codes)
