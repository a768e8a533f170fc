"""People."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models

from config.foundation.rows import Row
from config.foundation.tiers import Tiers
from customers.identity.enums import UserStatus
from customers.identity.validators import validate_time_zone


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

    States: active ↔ inactive; active or inactive → archived → active. ``email_key`` carries the uniqueness among live
    people (null once deleted): a partial unique constraint on the sign-in field is refused by Django's checks
    (auth.E003).
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
