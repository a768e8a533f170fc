"""Who may give what: the authority that a change of access is made with, handed to the operation that makes it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import ValidationError

from config.foundation.actor import Actor
from config.foundation.admission import Admission
from config.foundation.errors import Refused
from customers.identity.models import Membership, Privilege, User
from customers.tenants.models import Tenant

MANAGE_MEMBERS = "members.manage"
MANAGE_OWNERS = "owners.manage"
MANAGE_ROLES = "roles.manage"


@dataclass(frozen=True, slots=True)
class Authority:
    """What the one who changes access holds in one tenant; nobody gives or takes more than that.

    ``privileges`` None stands for everything, everywhere: the platform's, for superusers and commands.
    """

    tenant_id: UUID | None
    privileges: frozenset[str] | None

    @classmethod
    def of(cls, admission: Admission) -> Authority:
        """Return the authority of a caller who was let in, as far as their token leaves it."""
        return cls(admission.tenant.pk if admission.tenant else None, admission.privileges)

    def missing(self, tenant_id: UUID | None, codes: Iterable[str]) -> list[str]:
        """Return those of these privileges that are not held in the tenant, by name."""
        if self.privileges is None:
            return []
        held = self.privileges if tenant_id is not None and tenant_id == self.tenant_id else frozenset()
        return sorted(set(codes) - held)

    def require(self, tenant_id: UUID | None, codes: Iterable[str]) -> None:
        """Let pass only who holds all these privileges in the tenant (None: in every tenant).

        Raises:
            Refused: ``permission_denied``; ``missing`` lists the privileges.
        """
        lacking = self.missing(tenant_id, codes)
        if lacking:
            raise Refused(
                "permission_denied",
                f"This needs privileges that you do not hold here: {', '.join(lacking)}.",
                missing=lacking,
            )

    def require_platform(self) -> None:
        """Let pass only the platform's authority.

        Raises:
            Refused: ``permission_denied``.
        """
        if self.privileges is not None:
            raise Refused("permission_denied", "What holds in every tenant is changed by the platform alone.")


PLATFORM = Authority(None, None)


def authority_in(user: User, tenant: Tenant | None) -> Authority:
    """Return a person's authority in a tenant: the platform's for a superuser, else what their roles hold there."""
    if user.is_superuser and user.is_active:
        return PLATFORM
    if tenant is None:
        return Authority(None, frozenset())
    held = Membership.objects.in_force().filter(user=user, tenant=tenant)
    codes = held.values_list("roles__privileges__code", flat=True)
    return Authority(tenant.pk, frozenset(code for code in codes if code))


def resolved(actor: Actor, authority: Authority | None) -> Authority:
    """Return the authority that was handed over, or the platform's for a command.

    Raises:
        TypeError: a person or a token acts and nobody said with what authority.
    """
    if authority is not None:
        return authority
    if actor.kind == "system":
        return PLATFORM
    raise TypeError(f"{actor.kind} changes access: pass authority=Authority.of(admission)")


def privileges_named(codes: Collection[str]) -> list[Privilege]:
    """Return the privileges of these codes.

    Raises:
        ValidationError: ``privilege_unknown``.
    """
    found = list(Privilege.objects.filter(code__in=codes).order_by("code", "pk"))
    unknown = sorted(set(codes) - {privilege.code for privilege in found})
    if unknown:
        raise ValidationError(
            {
                "privileges": ValidationError(
                    "There is no privilege %(codes)s.",
                    code="privilege_unknown",
                    params={"codes": ", ".join(unknown)},
                )
            }
        )
    return found
