"""The audit chain of a schema: written by the triggers of the first migration, never by Django."""

from typing import Any, ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from config.foundation.rows import TenantManager, TenantQuerySet
from config.foundation.schemas import READ


class AuditEventQuerySet(TenantQuerySet):
    """Questions about many events."""

    def of_row(self, resource: str, resource_id: str) -> "AuditEventQuerySet":
        """Keep the events of one row, newest first."""
        return self.filter(resource=resource, resource_id=resource_id).newest_first()

    def of_request(self, request_id: str) -> "AuditEventQuerySet":
        """Keep the events of one request or command run, newest first."""
        return self.filter(request_id=request_id).newest_first()

    def newest_first(self) -> "AuditEventQuerySet":
        """Order by place in the chain, backwards."""
        return self.order_by("-pk")


class AuditEventManager(TenantManager.from_queryset(AuditEventQuerySet)):  # type: ignore[misc]
    """Manager of the events of the schema selected."""


class AuditEvent(models.Model):
    """One change, read or refusal, at its place in the schema's chain.

    Only ever added, by the seal at the end of a transaction: ``id`` counts from 1 without a gap, in the order
    of the commits. ``record`` is the event as exact bytes, ``leaf`` its SHA-256, and ``hash`` the SHA-256
    over ``hash_prev``, ``id`` (8 bytes, big-endian) and ``leaf``; the other columns repeat the record for
    searching, and verification compares them with it. ``payload`` is ``{"before": {column: value}, "after":
    {column: value}}`` of what changed.

    Rejected: foreign keys (the log outlives what it tells of and never stands in the way of it), and a
    canonical form that verification computes again (two implementations of it can disagree; stored bytes
    cannot).
    """

    id = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField("time", help_text="Start of the transaction.")
    actor = models.TextField(
        help_text="Who did it: user:<id>, token:<key id>, system:<command>, database:<role>."
    )
    action = models.TextField()
    resource = models.TextField()
    resource_id = models.TextField("resource id")
    payload = models.JSONField("change")
    request_id = models.TextField("request id", blank=True)
    reason = models.TextField(blank=True)
    tenant_id = models.UUIDField(
        "tenant id", null=True, help_text="In the platform's chain: the tenant that the event is about."
    )
    record = models.TextField()
    leaf = models.BinaryField()
    hash_prev = models.BinaryField("hash before")
    hash = models.BinaryField()

    application_may = READ
    objects: ClassVar[AuditEventManager] = AuditEventManager()

    class Meta:
        db_table = "audit_event"
        indexes = [
            models.Index(name="audit_event_actor", fields=["actor", "id"]),
            models.Index(name="audit_event_action", fields=["action", "id"]),
            models.Index(name="audit_event_resource", fields=["resource", "resource_id", "id"]),
            models.Index(
                name="audit_event_request", fields=["request_id", "id"], condition=~models.Q(request_id="")
            ),
            models.Index(
                name="audit_event_tenant",
                fields=["tenant_id", "id"],
                condition=models.Q(tenant_id__isnull=False),
            ),
            BrinIndex(name="audit_event_at", fields=["at"]),
        ]

    def __str__(self) -> str:
        return f"{self.id}: {self.action} {self.resource} {self.resource_id}"

    @property
    def before(self) -> dict[str, Any]:
        """Return the changed columns as they were; empty for a creation."""
        before: dict[str, Any] = self.payload.get("before", {})
        return before

    @property
    def after(self) -> dict[str, Any]:
        """Return the changed columns as they became; empty for a deletion."""
        after: dict[str, Any] = self.payload.get("after", {})
        return after


class PendingEvent(models.Model):
    """An event of a transaction that still runs; the seal moves it into the chain before the commit.

    Whoever writes one says only action, resource, resource_id, tenant_id and payload; a trigger writes the
    rest.
    """

    seq = models.BigAutoField(primary_key=True)
    transaction_id = models.BigIntegerField()
    at = models.DateTimeField()
    actor = models.TextField()
    action = models.TextField()
    resource = models.TextField()
    resource_id = models.TextField()
    payload = models.JSONField()
    request_id = models.TextField()
    reason = models.TextField()
    tenant_id = models.UUIDField(null=True)
    record = models.TextField()
    leaf = models.BinaryField()

    application_may = ("SELECT", "INSERT")
    objects: ClassVar[TenantManager] = TenantManager()

    class Meta:
        db_table = "audit_pending"
        indexes = [models.Index(name="audit_pending_transaction", fields=["transaction_id", "seq"])]

    def __str__(self) -> str:
        return f"{self.action} {self.resource} {self.resource_id}, not sealed"


class SealMarker(models.Model):
    """Says that a running transaction has pending events here; its deferred trigger seals them."""

    transaction_id = models.BigIntegerField(primary_key=True)

    application_may = READ
    objects: ClassVar[TenantManager] = TenantManager()

    class Meta:
        db_table = "audit_marker"

    def __str__(self) -> str:
        return f"transaction {self.transaction_id}"


class ChainHead(models.Model):
    """The end of the chain, in one row: the last event's id and hash (0 and 32 zero bytes at first)."""

    id = models.BigIntegerField(primary_key=True)
    last_id = models.BigIntegerField()
    last_hash = models.BinaryField()

    application_may = READ
    objects: ClassVar[TenantManager] = TenantManager()

    class Meta:
        db_table = "audit_head"
        constraints = [models.CheckConstraint(name="audit_head_single", condition=models.Q(id=1))]

    def __str__(self) -> str:
        return f"head at {self.last_id}"


class ConfidentialSalt(models.Model):
    """The key of the digests of confidential values, in one row: random, never changed."""

    id = models.BigIntegerField(primary_key=True)
    salt = models.BinaryField()

    application_may = ()
    objects: ClassVar[TenantManager] = TenantManager()

    class Meta:
        db_table = "audit_salt"
        constraints = [models.CheckConstraint(name="audit_salt_single", condition=models.Q(id=1))]

    def __str__(self) -> str:
        return "salt"


class PrivateValue(models.Model):
    """A personal value that the chain holds as a digest: SHA-256 over a random salt and the JSON text.

    Deleting the row erases the value, and leaves a digest that nobody can guess backwards; the chain stays
    valid.
    """

    id = models.BigAutoField(primary_key=True)
    digest = models.BinaryField(unique=True)
    salt = models.BinaryField()
    value = models.JSONField()
    resource = models.TextField()
    resource_id = models.TextField()
    field = models.TextField()
    created_at = models.DateTimeField()

    application_may = READ
    objects: ClassVar[TenantManager] = TenantManager()

    class Meta:
        db_table = "audit_private"
        indexes = [models.Index(name="audit_private_resource", fields=["resource", "resource_id"])]

    def __str__(self) -> str:
        return f"{self.field} of {self.resource} {self.resource_id}"
