"""Answers of calls, for their repetitions."""

from datetime import timedelta
from typing import ClassVar

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models.functions import Now

from config.foundation.rows import TenantManager, TenantQuerySet
from config.foundation.tiers import Tiers

LIFETIME = timedelta(hours=24)


class IdempotencyKeyQuerySet(TenantQuerySet):
    """Questions about many keys."""

    def live(self) -> "IdempotencyKeyQuerySet":
        """Keep what holds, by the database's clock."""
        return self.filter(created_at__gt=Now() - LIFETIME)


class IdempotencyKeyManager(TenantManager.from_queryset(IdempotencyKeyQuerySet)):  # type: ignore[misc]
    """Manager of the keys of the schema selected."""


class IdempotencyKey(models.Model):
    """The answer that one call was given, for its repetitions: bookkeeping, without version or audit.

    Written with the effect, in one transaction; it holds for 24 hours, and is then written over by the next call with
    the same key, or deleted. ``key`` and ``fingerprint`` (of the body) are digests under a key of the schema's: a
    caller may write anything into either, and a plain digest gives short values away. ``body`` is encrypted for the
    schema; ``revealed`` are the ids of the rows whose confidential values it shows in clear.

    Rejected: a row that says "still running": a crash would leave it behind, and an advisory lock says the same.
    """

    tiers = Tiers(
        plain=("principal", "method", "path", "key", "fingerprint", "status", "headers", "revealed"),
        confidential=("body",),
    )

    id = models.UUIDField(primary_key=True, db_default=RandomUUID(), editable=False)
    principal = models.TextField(help_text="Who called: user:<id> or token:<key id>.")
    method = models.CharField(max_length=8)
    path = models.CharField(max_length=255)
    key = models.CharField(max_length=64)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField()
    body = models.TextField()
    revealed = models.JSONField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    application_may = ("SELECT", "INSERT", "UPDATE")
    objects: ClassVar[IdempotencyKeyManager] = IdempotencyKeyManager()

    class Meta:
        db_table = "idempotency_key"
        constraints = [
            models.UniqueConstraint(
                name="idempotency_key_once",
                fields=["principal", "method", "path", "key"],
                violation_error_message="This call was answered already.",
                violation_error_code="duplicate",
            )
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path} of {self.principal}"
