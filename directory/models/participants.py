"""Who can be reached: participants, their identifiers, endpoints, capabilities and credential references."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from config.foundation.keys import is_encrypted
from config.foundation.tiers import Tiers
from config.foundation.trigrams import words_index
from directory.enums import CredentialType, EndpointStatus, ParticipantKind, SensitivityTier
from directory.models.base import DirectoryRow
from directory.validators import (
    check_credential,
    check_endpoint,
    check_identifier,
    validate_constraints,
    validate_country,
    validate_qos,
    validate_tags,
)

INTERNAL_SOURCE = "internal"
PROVENANCE = ("source", "external_id", "verified_at", "confidence", "superseded_at")


class SourcedRow(DirectoryRow):
    """A row that says where it comes from and how far it is to be believed.

    ``source`` is the name of a Source; ``external_id`` is the row's key there; ``superseded_at`` is set when a later
    import of the same source no longer holds it (nothing is deleted silently).
    """

    source = models.CharField(max_length=64, default=INTERNAL_SOURCE)
    external_id = models.CharField(max_length=255, blank=True)
    verified_at = models.DateTimeField(null=True, blank=True)
    confidence = models.FloatField(
        default=1.0, validators=[MinValueValidator(0.0), MaxValueValidator(1.0)], help_text="From 0 to 1."
    )
    superseded_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True


def _confidence_constraint(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        name=name,
        condition=Q(confidence__gte=0, confidence__lte=1),
        violation_error_message="Confidence is a number from 0 to 1.",
        violation_error_code="confidence_out_of_range",
    )


def _window_constraint(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        name=name,
        condition=Q(valid_from__isnull=True) | Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")),
        violation_error_message="The end of validity lies after its beginning.",
        violation_error_code="validity_reversed",
    )


class Participant(SourcedRow):
    """An organization, node, service or range of numbers that can be reached."""

    display_prefix = "par"
    tiers = Tiers(plain=("name", "kind", "country", "tags", "notes", *PROVENANCE))

    name = models.CharField(max_length=255)
    kind = models.CharField(max_length=16, choices=ParticipantKind, default=ParticipantKind.ORGANIZATION)
    country = models.CharField(
        max_length=2, blank=True, validators=[validate_country], help_text="ISO 3166-1 alpha-2, like SE."
    )
    tags = ArrayField(models.CharField(max_length=64), default=list, blank=True, validators=[validate_tags])
    notes = models.TextField(blank=True, max_length=4000)

    class Meta:
        constraints = [
            _confidence_constraint("participant_confidence"),
            models.UniqueConstraint(
                name="participant_source_external_id",
                fields=["source", "external_id"],
                condition=~Q(external_id=""),
                violation_error_message="A participant with this id from this source exists.",
                violation_error_code="duplicate",
            ),
        ]
        indexes = [
            models.Index(fields=["name", "id"], name="participant_name"),
            words_index("participant_words", "name", "notes"),
        ]

    def __str__(self) -> str:
        return self.name


class Identifier(SourcedRow):
    """A name by which a participant is known on some rail.

    ``value`` is shown, ``normalized`` is looked up. From tier 2 up ``value`` is ciphertext and ``normalized`` a blind
    index, so neither the table nor the audit chain holds the clear value.
    """

    display_prefix = "idf"
    sealed_value = ""  # what this row has sealed itself
    tiers = Tiers(
        plain=("participant", "identifier_type", "scope", "tier", "priority", *PROVENANCE),
        by_row=("value", "normalized"),
    )

    participant = models.ForeignKey(Participant, models.CASCADE, related_name="identifiers")
    identifier_type = models.CharField("type", max_length=64)
    value = models.CharField(max_length=512)
    normalized = models.CharField(max_length=512, editable=False)
    scope = models.CharField(max_length=128, blank=True)
    tier = models.PositiveSmallIntegerField(
        choices=SensitivityTier, default=SensitivityTier.INTERNAL, editable=False
    )
    priority = models.IntegerField(default=0, help_text="The higher is preferred.")

    class Meta:
        constraints = [
            _confidence_constraint("identifier_confidence"),
            models.UniqueConstraint(
                name="identifier_once",
                fields=["identifier_type", "scope", "normalized", "participant"],
                violation_error_message="The participant has this identifier already.",
                violation_error_code="duplicate",
            ),
        ]
        indexes = [
            models.Index(fields=["identifier_type", "normalized", "scope"], name="identifier_lookup"),
            words_index(
                "identifier_words",
                "value",
                "normalized",
                condition=Q(tier__lt=SensitivityTier.CONFIDENTIAL),  # beyond it there is ciphertext
            ),
        ]

    def __str__(self) -> str:
        shown = "•••" if self.tier >= SensitivityTier.CONFIDENTIAL else self.value
        return f"{self.identifier_type} {shown}"

    @classmethod
    def from_db(cls, *args: Any, **kwargs: Any) -> Identifier:
        """Build a row as stored, and remember a sealed value: of all sealed texts it alone may be kept."""
        row: Identifier = super().from_db(*args, **kwargs)
        row._remember_sealed()
        return row

    def refresh_from_db(
        self,
        using: str | None = None,
        fields: Iterable[str] | None = None,
        from_queryset: models.QuerySet[Identifier] | None = None,
    ) -> None:
        """Read the row again, and remember a sealed value."""
        named = None if fields is None else list(fields)
        super().refresh_from_db(using, named, from_queryset)
        if named is None or "value" in named:
            self._remember_sealed()

    def _remember_sealed(self) -> None:
        stored = self.__dict__.get("value", "")  # absent where it was deferred
        self.sealed_value = stored if is_encrypted(stored) else ""

    def clean(self) -> None:
        """Normalize by the rules of the type, and seal a confidential value.

        Raises:
            ValidationError: what the type's rules refuse, with the field.
        """
        super().clean()
        check_identifier(self)


class Endpoint(SourcedRow):
    """An address at which a participant takes traffic of one protocol.

    States: active ↔ draining ↔ inactive.
    """

    display_prefix = "ept"
    tiers = Tiers(
        plain=(
            "participant", "protocol", "address", "profile", "priority", "status", "valid_from", "valid_to", "qos",
            "published", *PROVENANCE,
        )
    )  # fmt: skip

    participant = models.ForeignKey(Participant, models.CASCADE, related_name="endpoints")
    protocol = models.CharField(max_length=32)
    address = models.CharField(max_length=1024)
    profile = models.CharField(max_length=128, blank=True)
    priority = models.IntegerField(default=0, help_text="The higher is preferred.")
    status = models.CharField(max_length=16, choices=EndpointStatus, default=EndpointStatus.ACTIVE)
    valid_from = models.DateTimeField(null=True, blank=True)
    valid_to = models.DateTimeField(null=True, blank=True)
    qos = models.JSONField("quality of service", default=dict, blank=True, validators=[validate_qos])
    published = models.BooleanField(default=False, help_text="May be shown to connected tenants.")

    class Meta:
        constraints = [
            _confidence_constraint("endpoint_confidence"),
            _window_constraint("endpoint_window"),
            models.UniqueConstraint(
                name="endpoint_once",
                fields=["participant", "protocol", "address", "profile"],
                violation_error_message="The participant has this endpoint already.",
                violation_error_code="duplicate",
            ),
        ]
        indexes = [words_index("endpoint_words", "address")]

    def __str__(self) -> str:
        return f"{self.protocol} {self.address}"

    def clean(self) -> None:
        """Check protocol, address and profile against the registered rails.

        Raises:
            ValidationError: what the protocol's rules refuse, with the field.
        """
        super().clean()
        check_endpoint(self)


class Capability(SourcedRow):
    """What a participant declares it can do; an empty column stands for anything, ``x.*`` for all that begins so."""

    display_prefix = "cap"
    tiers = Tiers(
        plain=(
            "participant", "endpoint", "service", "action", "process", "document_type", "constraints_json", *PROVENANCE,
        )
    )  # fmt: skip

    participant = models.ForeignKey(Participant, models.CASCADE, related_name="capabilities")
    endpoint = models.ForeignKey(
        Endpoint,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="capabilities",
        help_text="Set: the capability holds for this endpoint alone.",
    )
    service = models.CharField(max_length=255, blank=True)
    action = models.CharField(max_length=255, blank=True)
    process = models.CharField(max_length=512, blank=True)
    document_type = models.CharField(max_length=512, blank=True)
    constraints_json = models.JSONField(
        "constraints",
        default=dict,
        blank=True,
        validators=[validate_constraints],
        help_text='Like {"mpc": ["urgent"]}.',
    )

    class Meta:
        verbose_name_plural = "capabilities"
        constraints = [_confidence_constraint("capability_confidence")]
        indexes = [words_index("capability_words", "service", "action", "process", "document_type")]

    def __str__(self) -> str:
        named = [part for part in (self.service, self.action, self.process, self.document_type) if part]
        return " / ".join(named) or "anything"

    def clean(self) -> None:
        """Refuse an endpoint of another participant.

        Raises:
            ValidationError: ``endpoint_of_another_participant``.
        """
        super().clean()
        refuse_foreign_endpoint(self)


class Credential(SourcedRow):
    """A reference to key material in a vault, with the public certificate where there is one; never a private key."""

    display_prefix = "crd"
    tiers = Tiers(
        plain=(
            "participant", "endpoint", "credential_type", "fingerprint", "certificate", "valid_from", "valid_to",
            *PROVENANCE,
        ),
        confidential=("vault_ref",),
    )  # fmt: skip

    participant = models.ForeignKey(Participant, models.CASCADE, related_name="credentials")
    endpoint = models.ForeignKey(
        Endpoint,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="credentials",
        help_text="Set: the credential is used for this endpoint alone.",
    )
    credential_type = models.CharField("type", max_length=16, choices=CredentialType)
    vault_ref = models.CharField(
        "vault reference",
        max_length=512,
        blank=True,
        help_text="vault://, arn:aws:kms:, azurekv://, gcpkms:// or pkcs11:",
    )
    fingerprint = models.CharField(
        max_length=64, blank=True, help_text="SHA-256 of the certificate, 64 hex digits."
    )
    certificate = models.TextField(
        blank=True, max_length=65536, help_text="Public PEM; fingerprint and validity follow from it."
    )
    valid_from = models.DateTimeField(null=True, blank=True)
    valid_to = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            _confidence_constraint("credential_confidence"),
            _window_constraint("credential_window"),
            models.CheckConstraint(
                name="credential_refers",
                condition=~Q(vault_ref="") | ~Q(fingerprint=""),
                violation_error_message="A credential needs a vault reference, a certificate or a fingerprint.",
                violation_error_code="credential_empty",
            ),
            models.CheckConstraint(
                name="credential_no_private_key",
                condition=~Q(certificate__contains="PRIVATE KEY") & ~Q(vault_ref__contains="PRIVATE KEY"),
                violation_error_message="A private key is never kept here: store it in a vault and give its reference.",
                violation_error_code="private_key_refused",
            ),
        ]
        indexes = [words_index("credential_words", "fingerprint")]

    def __str__(self) -> str:
        return f"{self.get_credential_type_display()} {self.fingerprint[:16] or 'by reference'}"

    def clean(self) -> None:
        """Refuse private keys, derive fingerprint and validity from the certificate, check the reference's form.

        Raises:
            ValidationError: ``private_key_refused``, ``certificate_invalid``, ``vault_ref_invalid``…, with the field.
        """
        super().clean()
        refuse_foreign_endpoint(self)
        check_credential(self)


def refuse_foreign_endpoint(row: Any) -> None:
    """Refuse a row whose endpoint belongs to another participant than the row's own.

    Raises:
        ValidationError: ``endpoint_of_another_participant``.
    """
    if row.endpoint is not None and row.endpoint.participant_id != row.participant_id:
        raise ValidationError(
            {
                "endpoint": ValidationError(
                    "This endpoint belongs to another participant.", code="endpoint_of_another_participant"
                )
            }
        )
