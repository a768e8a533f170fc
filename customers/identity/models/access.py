"""What people may do in which tenant: privileges, roles that bundle them, and memberships that carry roles."""

from __future__ import annotations

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from config.foundation.rows import Row
from config.foundation.tiers import Tiers
from customers.identity.enums import MembershipSource, MembershipStatus, UserStatus
from customers.identity.models.people import User
from customers.tenants.models import Tenant


class Privilege(Row):
    """One thing a role may allow; written by migrations, not by people."""

    display_prefix = "prv"
    tiers = Tiers(plain=("code", "description"))

    code = models.CharField(max_length=64, unique=True)
    description = models.CharField(max_length=255)

    class Meta:
        verbose_name_plural = "privileges"

    def __str__(self) -> str:
        return self.code


class RoleQuerySet(models.QuerySet["Role"]):
    """Questions about many roles."""

    def usable_in(self, tenant: Tenant) -> RoleQuerySet:
        """Return the built-in roles and the tenant's own."""
        return self.filter(Q(tenant__isnull=True) | Q(tenant=tenant))


class Role(Row):
    """A named set of privileges; without a tenant it is built in and usable everywhere."""

    display_prefix = "rol"
    tiers = Tiers(plain=("tenant", "code", "title", "is_admin", "is_builtin"))

    tenant = models.ForeignKey(Tenant, models.PROTECT, null=True, blank=True, related_name="roles")
    code = models.CharField(max_length=64, editable=False)
    title = models.CharField(max_length=64)
    is_admin = models.BooleanField(default=False)
    is_builtin = models.BooleanField(default=False, editable=False)
    privileges = models.ManyToManyField(Privilege, through="RolePrivilege", related_name="roles")

    objects: ClassVar[models.Manager[Role]] = RoleQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="role_code_in_tenant",
                fields=["tenant", "code"],
                nulls_distinct=False,
                violation_error_message="A role with this title exists.",
                violation_error_code="duplicate",
            )
        ]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        """Derive the code from the title: lower case, spaces as underscores."""
        super().clean()
        self.code = "_".join(self.title.lower().split())


class RolePrivilege(Row):
    """That a role holds a privilege."""

    display_prefix = "rpv"
    tiers = Tiers(plain=("role", "privilege"))

    role = models.ForeignKey(Role, models.CASCADE, related_name="held_privileges")
    privilege = models.ForeignKey(Privilege, models.PROTECT, related_name="holders")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="role_privilege_once",
                fields=["role", "privilege"],
                violation_error_message="The role holds this privilege already.",
                violation_error_code="duplicate",
            )
        ]

    def __str__(self) -> str:
        return f"{self.role}: {self.privilege}"


class MembershipQuerySet(models.QuerySet["Membership"]):
    """Questions about many memberships."""

    def in_force(self) -> MembershipQuerySet:
        """Return active memberships of people who may sign in, in tenants that are not deleted."""
        return self.filter(
            status=MembershipStatus.ACTIVE,
            user__status=UserStatus.ACTIVE,
            user__deleted_at__isnull=True,
            tenant__deleted_at__isnull=True,
        )

    def owning(self) -> MembershipQuerySet:
        """Return memberships that carry the built-in role of the owner."""
        carried = MembershipRole.objects.filter(
            membership=models.OuterRef("pk"), role__tenant__isnull=True, role__code="owner"
        )
        return self.filter(models.Exists(carried))

    def with_privilege(self, code: str) -> MembershipQuerySet:
        """Return memberships one of whose roles holds the privilege."""
        return self.filter(roles__privileges__code=code).distinct()


class Membership(Row):
    """That a person belongs to a tenant, and in which roles.

    States: pending → active or archived; active ↔ inactive; active or inactive → archived → active. Inactive and
    archived need a reason. One row for each person and tenant for ever: a second mapping is the same row.
    """

    display_prefix = "mem"
    tiers = Tiers(plain=("user", "tenant", "status", "reason", "source", "account_settings"))

    user = models.ForeignKey(User, models.PROTECT, related_name="memberships")
    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="memberships")
    status = models.CharField(max_length=16, choices=MembershipStatus, default=MembershipStatus.PENDING)
    reason = models.CharField(max_length=500, blank=True)
    source = models.CharField(max_length=16, choices=MembershipSource, default=MembershipSource.ADMIN)
    account_settings = models.JSONField(default=dict, blank=True)
    roles = models.ManyToManyField(Role, through="MembershipRole", related_name="memberships")

    objects: ClassVar[models.Manager[Membership]] = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="membership_once",
                fields=["user", "tenant"],
                violation_error_message="This person is mapped to the tenant already.",
                violation_error_code="duplicate",
            ),
            models.CheckConstraint(
                name="membership_reason_given",
                condition=~Q(status__in=[MembershipStatus.INACTIVE, MembershipStatus.ARCHIVED])
                | ~Q(reason=""),
                violation_error_message="Say why the membership is made inactive or archived.",
                violation_error_code="reason_required",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.tenant}"


class MembershipRole(Row):
    """That a membership carries a role; the role is built in or of the membership's own tenant."""

    display_prefix = "mro"
    tiers = Tiers(plain=("membership", "role"))

    membership = models.ForeignKey(Membership, models.CASCADE, related_name="held_roles")
    role = models.ForeignKey(Role, models.PROTECT, related_name="holders")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="membership_role_once",
                fields=["membership", "role"],
                violation_error_message="The membership carries this role already.",
                violation_error_code="duplicate",
            )
        ]

    def __str__(self) -> str:
        return f"{self.membership}: {self.role}"

    def clean(self) -> None:
        """Refuse a role of another tenant.

        Raises:
            ValidationError: ``role_not_allowed``.
        """
        super().clean()
        if self.role.tenant_id not in (None, self.membership.tenant_id):
            raise ValidationError(
                {"role": ValidationError("This role belongs to another tenant.", code="role_not_allowed")}
            )
