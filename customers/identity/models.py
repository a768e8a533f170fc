"""People, what they may do in which tenant, and the tokens that act for them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from config.foundation.rows import Row
from config.foundation.tiers import Tiers
from customers.identity.enums import MembershipSource, MembershipStatus, UserStatus
from customers.identity.validators import validate_networks, validate_time_zone
from customers.tenants.models import Tenant

TOKEN_LIFETIME_MAX = timedelta(days=365)


def email_key_of(email: str) -> str:
    """Return the form in which e-mail addresses are compared: trimmed and case-folded."""
    return email.strip().casefold()


class UserManager(BaseUserManager["User"]):
    """Finds people by the address they sign in with."""

    def get_by_natural_key(self, username: str | None) -> User:
        """Return the live person with this e-mail address, in whatever case it was typed."""
        return self.get(email_key=email_key_of(username or ""))


class User(Row, AbstractBaseUser, PermissionsMixin):
    """A person.

    States: active ↔ inactive; any → archived. ``email_key`` carries the uniqueness among live people (null once
    deleted): a partial unique constraint on the sign-in field is refused by Django's checks (auth.E003).
    """

    display_prefix = "usr"
    tiers = Tiers(
        plain=(
            "email_verified_at", "time_zone", "locale", "status", "is_staff", "is_superuser", "deleted_at",
            "deleted_by", "erased_at",
        ),
        personal=("username", "email", "email_key", "first_name", "last_name", "mobile"),
        secret=("password",),
    )  # fmt: skip
    last_login = None  # sign-ins are audit events; a column here would make each one a change of the person

    username = models.CharField(max_length=150, unique=True, null=True, blank=True)
    email = models.EmailField()
    email_key = models.CharField(  # noqa: DJ001 -- null once deleted, so that the address is free again
        max_length=254,
        unique=True,
        null=True,
        editable=False,
        error_messages={"unique": "Somebody with this e-mail address exists."},
    )
    email_verified_at = models.DateTimeField(null=True, blank=True)
    first_name = models.CharField(max_length=150, blank=True)
    last_name = models.CharField(max_length=150, blank=True)
    mobile = models.CharField(max_length=32, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    locale = models.CharField(max_length=16, blank=True)
    status = models.CharField(max_length=16, choices=UserStatus, default=UserStatus.ACTIVE)
    is_staff = models.BooleanField(
        "operator", default=False, help_text="May enter the platform's administration."
    )
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)
    deleted_by = models.UUIDField(null=True, blank=True, editable=False)
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email_key"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["email"]

    def __str__(self) -> str:
        return self.get_full_name() or self.email

    @property
    def is_active(self) -> bool:  # type: ignore[override]
        """Tell whether the person may sign in."""
        return self.status == UserStatus.ACTIVE and self.deleted_at is None

    def get_full_name(self) -> str:
        """Return first and last name."""
        return f"{self.first_name} {self.last_name}".strip()

    def clean(self) -> None:
        """Derive the key the address is compared by."""
        super().clean()
        self.email_key = None if self.deleted_at else email_key_of(self.email)


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


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    """Questions about many tokens."""

    def usable(self, now: datetime) -> ApiTokenQuerySet:
        """Return tokens that are enabled, not revoked and not expired."""
        return self.filter(is_enabled=True, revoked_at__isnull=True, expires_at__gt=now)


class ApiToken(Row):
    """A secret by which a program acts as its user, narrowed to privileges and, if set, to one tenant.

    Stored are the key id (public, shown in lists) and an HMAC of the secret under a numbered pepper; the secret itself
    is shown once. During a rotation the earlier secret stays good until ``previous_until``.
    """

    display_prefix = "tok"
    tiers = Tiers(
        plain=(
            "user", "tenant", "name", "key_id", "pepper_number", "previous_pepper_number", "previous_until",
            "may_write", "allowed_networks", "is_enabled", "expires_at", "revoked_at",
        ),
        secret=("secret_hash", "previous_secret_hash"),
    )  # fmt: skip

    user = models.ForeignKey(User, models.PROTECT, related_name="api_tokens")
    tenant = models.ForeignKey(Tenant, models.PROTECT, null=True, blank=True, related_name="api_tokens")
    name = models.CharField(max_length=100)
    key_id = models.CharField("key id", max_length=12, unique=True, editable=False)
    secret_hash = models.BinaryField(max_length=32)
    pepper_number = models.PositiveSmallIntegerField(editable=False)
    previous_secret_hash = models.BinaryField(max_length=32, null=True)
    previous_pepper_number = models.PositiveSmallIntegerField(null=True, editable=False)
    previous_until = models.DateTimeField(null=True, blank=True, editable=False)
    may_write = models.BooleanField(
        "write", default=False, help_text="Without it the token only reads and resolves."
    )
    allowed_networks = models.JSONField(
        default=list,
        blank=True,
        validators=[validate_networks],
        help_text="CIDR list; empty means from anywhere.",
    )
    is_enabled = models.BooleanField("enabled", default=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    privileges = models.ManyToManyField(Privilege, through="ApiTokenPrivilege", related_name="api_tokens")

    objects: ClassVar[models.Manager[ApiToken]] = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = "API token"
        constraints = [
            models.CheckConstraint(
                name="api_token_lifetime",
                condition=Q(expires_at__lte=models.F("created_at") + TOKEN_LIFETIME_MAX),
                violation_error_message="A token lives at most 365 days.",
                violation_error_code="lifetime_exceeded",
            ),
            models.CheckConstraint(
                name="api_token_key_id_length",
                condition=Q(key_id__regex=r"^[a-z2-7]{12}$"),
                violation_error_message="A key id has 12 characters of base32.",
                violation_error_code="key_id_invalid",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.key_id})"


class ApiTokenPrivilege(Row):
    """That a token may use a privilege of its user."""

    display_prefix = "tpv"
    tiers = Tiers(plain=("token", "privilege"))

    token = models.ForeignKey(ApiToken, models.CASCADE, related_name="held_privileges")
    privilege = models.ForeignKey(Privilege, models.PROTECT, related_name="token_holders")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="api_token_privilege_once",
                fields=["token", "privilege"],
                violation_error_message="The token holds this privilege already.",
                violation_error_code="duplicate",
            )
        ]

    def __str__(self) -> str:
        return f"{self.token}: {self.privilege}"


class ApiTokenUse(models.Model):
    """When a token was last used: bookkeeping beside the token, without version, audit or notification."""

    token = models.OneToOneField(ApiToken, models.CASCADE, primary_key=True, related_name="use")
    last_used_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.token} at {self.last_used_at}"
