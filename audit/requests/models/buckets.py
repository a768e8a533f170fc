"""Buckets that quotas are leased from."""

from typing import ClassVar

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import F
from django.db.models.functions import Cast, Now

from config.foundation.rows import TenantManager, TenantQuerySet
from config.foundation.tiers import Tiers


class RateBucketQuerySet(TenantQuerySet):
    """Questions about many buckets."""

    def live(self) -> "RateBucketQuerySet":
        """Keep those whose window has not ended, by the database's clock."""
        return self.filter(ends_at__gt=Now())

    def with_share(self) -> "RateBucketQuerySet":
        """Add ``share``: how much of the quota is leased, 0.0 to 1.0."""
        shared: RateBucketQuerySet = self.annotate(share=Cast("used", models.FloatField()) / F("quota"))
        return shared


class RateBucketManager(TenantManager.from_queryset(RateBucketQuerySet)):  # type: ignore[misc]
    """Manager of the buckets; those of the public schema are the ones that are filled."""


class RateBucket(models.Model):
    """What is left of one subject's quota for one window: bookkeeping, without version or audit.

    Filled is the table of the public schema alone, which all processes of an installation share: how often somebody
    may ask is decided before a tenant's schema is selected. A row begins anew with the first lease after ``ends_at``.
    ``used`` counts what was leased, spent or not, and ``granted`` is what the latest lease took. A subject is
    ``token:<key id>``, ``user:<id>``, a tenant's id, or an address: that is why ended rows are pruned.

    Rejected: an unlogged table. A tenant's schema is copied as DDL that knows ordinary tables, and leases are few.
    """

    tiers = Tiers(
        plain=("policy", "quota", "starts_at", "ends_at", "used", "granted"),
        personal=("subject",),
    )

    id = models.UUIDField(primary_key=True, db_default=RandomUUID(), editable=False)
    policy = models.CharField(max_length=16)
    subject = models.CharField(max_length=64)
    quota = models.PositiveIntegerField(help_text="Requests in a window.")
    starts_at = models.DateTimeField("begins")
    ends_at = models.DateTimeField("ends")
    used = models.PositiveIntegerField("leased")
    granted = models.PositiveIntegerField("latest lease")

    application_may = ("SELECT", "INSERT", "UPDATE")
    objects: ClassVar[RateBucketManager] = RateBucketManager()

    class Meta:
        db_table = "rate_bucket"
        verbose_name = "rate bucket"
        constraints = [
            models.UniqueConstraint(
                name="rate_bucket_once",
                fields=["policy", "subject"],
                violation_error_message="There is a bucket for this subject already.",
                violation_error_code="duplicate",
            )
        ]

    def __str__(self) -> str:
        return f"{self.policy} of {self.subject}"
