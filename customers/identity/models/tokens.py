"""Tokens by which programs act for people."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Q

from config.foundation.rows import Row
from config.foundation.tiers import Tiers
from customers.identity.errors import TOKEN_DISABLED, TOKEN_EXPIRED, TOKEN_REVOKED
from customers.identity.models.access import Privilege
from customers.identity.models.people import User
from customers.identity.validators import validate_networks
from customers.tenants.models import Tenant

TOKEN_LIFETIME_MAX = timedelta(days=365)
AGENT_MAX_LENGTH = 40
CODE_MAX_LENGTH = 64


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
    secret_until: datetime | None = None  # of the secret that was presented, where one was

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

    def fault_at(self, now: datetime) -> str:
        """Return the code of why the token is not good now; "" while it is."""
        if self.revoked_at is not None:
            return TOKEN_REVOKED
        if self.expires_at <= now:
            return TOKEN_EXPIRED
        return "" if self.is_enabled else TOKEN_DISABLED


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
    """When, whence and by what a token was last used: bookkeeping beside it, without version, audit or notification."""

    token = models.OneToOneField(ApiToken, models.CASCADE, primary_key=True, related_name="use")
    last_used_at = models.DateTimeField()
    last_address = models.GenericIPAddressField(null=True)
    last_agent = models.CharField(max_length=AGENT_MAX_LENGTH, blank=True, db_default="")

    def __str__(self) -> str:
        return f"{self.token} at {self.last_used_at}"


class ApiTokenTally(models.Model):
    """How many calls of one day (UTC) a token made that ended in one way: bookkeeping, as the last use is.

    ``code`` is that of the refusal; "" stands for calls that were answered.
    """

    id = models.UUIDField(primary_key=True, db_default=RandomUUID(), editable=False)
    token = models.ForeignKey(ApiToken, models.CASCADE, related_name="tallies")
    day = models.DateField()
    code = models.CharField(max_length=CODE_MAX_LENGTH, blank=True)
    count = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "API token tallies"
        constraints = [
            models.UniqueConstraint(
                name="api_token_tally_once",
                fields=["token", "day", "code"],
                violation_error_message="These calls are counted already.",
                violation_error_code="duplicate",
            )
        ]

    def __str__(self) -> str:
        return f"{self.token} on {self.day}: {self.count} {self.code or 'answered'}"
