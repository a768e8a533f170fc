"""The audit chain of a schema: written by the triggers of the first migration, never by Django."""

from typing import Any, ClassVar
from uuid import UUID

from django.contrib.postgres.functions import RandomUUID
from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from audit.enums import ConsentAction, SubjectKind
from config.foundation.rows import TenantManager, TenantQuerySet, TenantRow
from config.foundation.schemas import READ
from config.foundation.tiers import Tiers

APPEND = ("SELECT", "INSERT")
UPSERT = ("SELECT", "INSERT", "UPDATE")


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
        return f"event {self.id:,}"

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


class RefusalTally(models.Model):
    """How often one caller was refused one thing: bookkeeping beside the chain, without version or audit.

    The first refusal of a minute writes an event, which says how many were left out before (``earlier``);
    ``left_out`` counts those since. ``resource_id`` is "" but for failed logins.
    """

    id = models.UUIDField(primary_key=True, db_default=RandomUUID(), editable=False)
    actor = models.TextField()
    action = models.TextField()
    code = models.TextField()
    resource_id = models.TextField()
    minute = models.DateTimeField()
    left_out = models.BigIntegerField(default=0)
    earlier = models.BigIntegerField(default=0)

    application_may = UPSERT
    objects: ClassVar[TenantManager] = TenantManager()

    class Meta:
        db_table = "audit_refusal"
        constraints = [
            models.UniqueConstraint(
                name="audit_refusal_once",
                fields=["actor", "action", "code", "resource_id"],
                violation_error_message="These refusals are counted already.",
                violation_error_code="duplicate",
            )
        ]

    def __str__(self) -> str:
        return f"{self.left_out} more {self.code} of {self.actor}"


class Verification(models.Model):
    """Outcome of the last verification of the schema's chain, in one row; ``flaw`` is "" where none was found."""

    id = models.BigIntegerField(primary_key=True)
    through_id = models.BigIntegerField()
    at = models.DateTimeField()
    flaw = models.TextField(blank=True)

    application_may = UPSERT
    objects: ClassVar[TenantManager] = TenantManager()

    class Meta:
        db_table = "audit_verification"
        constraints = [models.CheckConstraint(name="audit_verification_single", condition=models.Q(id=1))]

    def __str__(self) -> str:
        return self.flaw or f"verified through {self.through_id}"


class ConsentQuerySet(TenantQuerySet):
    """Questions about many consents."""

    def of_subject(self, kind: str, subject_id: UUID) -> "ConsentQuerySet":
        """Keep what one subject gave and withdrew, newest first."""
        return self.filter(subject_kind=kind, subject_id=subject_id).order_by("-at", "-created_at", "-pk")

    def with_latest(self) -> "ConsentQuerySet":
        """Annotate ``is_latest``: nothing later is recorded of the same subject and purpose."""
        same = Consent.objects.filter(
            subject_kind=models.OuterRef("subject_kind"),
            subject_id=models.OuterRef("subject_id"),
            purpose=models.OuterRef("purpose"),
        ).order_by("-at", "-created_at", "-pk")
        latest = models.Subquery(same.values("pk")[:1])
        is_latest = models.ExpressionWrapper(models.Q(pk=latest), output_field=models.BooleanField())
        annotated: ConsentQuerySet = self.annotate(is_latest=is_latest)
        return annotated


class ConsentManager(TenantManager.from_queryset(ConsentQuerySet)):  # type: ignore[misc]
    """Manager of the consents of the schema selected."""


class Consent(TenantRow):
    """One act of consent: a subject agreed to one version of a text, took that back, or it ran out.

    Rows are only added; the latest of a subject and purpose says what holds. ``text_digest`` is the SHA-256
    of the text's bytes, so that it can be shown later what was agreed to; ``by`` is the actor, as the chain
    writes it; ``evidence`` says how it was given, such as the address it came from.

    Rejected: a column "current" that is overwritten: what held on a day could no longer be told.
    """

    display_prefix = "csn"
    tiers = Tiers(
        plain=(
            "subject_kind", "subject_id", "purpose", "text_version", "text_digest", "action", "by", "at",
            "connection_id",
        ),
        personal=("evidence",),
    )  # fmt: skip

    subject_kind = models.CharField("kind of subject", max_length=16, choices=SubjectKind)
    subject_id = models.UUIDField("subject id")
    purpose = models.CharField(max_length=64)
    text_version = models.PositiveIntegerField("version of the text")
    text_digest = models.CharField(
        "digest of the text", max_length=64, help_text="SHA-256 of its bytes, in hex."
    )
    action = models.CharField(max_length=16, choices=ConsentAction)
    by = models.TextField(help_text="Who recorded it: user:<id>, token:<key id>, system:<command>.")
    at = models.DateTimeField("time")
    evidence = models.JSONField(default=dict, blank=True, help_text="How it was given.")
    connection_id = models.UUIDField("connection id", null=True, blank=True)

    application_may = APPEND
    objects: ClassVar[ConsentManager] = ConsentManager()

    class Meta:
        indexes = [
            models.Index(name="audit_consent_subject", fields=["subject_kind", "subject_id", "purpose", "at"])
        ]
        constraints = [
            models.CheckConstraint(
                name="audit_consent_digest",
                condition=models.Q(text_digest__regex=r"^[0-9a-f]{64}$"),
                violation_error_message="A digest is 64 hex digits in lower case.",
                violation_error_code="digest_invalid",
            ),
            models.CheckConstraint(
                name="audit_consent_action",
                condition=models.Q(action__regex=f"^({'|'.join(ConsentAction.values)})$"),
                violation_error_message="A consent is given, withdrawn or expired.",
                violation_error_code="invalid_choice",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.text_version} {self.action} by {self.subject_kind} {self.subject_id}"
