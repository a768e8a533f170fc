"""Shapes of events and consents."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from audit.enums import SUBJECT_PREFIXES, ConsentAction
from audit.models import AuditEvent, Consent
from audit.operations import latest_text
from config.foundation.display_ids import display_id
from config.foundation.rest.serializers import STAMP_FIELDS, RowSerializer

_PREFIX_OF: dict[str, str] = {kind.value: prefix for prefix, kind in SUBJECT_PREFIXES.items()}
_COLUMNS: tuple[str, ...] = (
    "id", "url", "at", "actor", "action", "resource", "resource_id", "summary", "payload", "request_id", "reason",
    "tenant_id",
)  # fmt: skip


class AuditEventSerializer(serializers.ModelSerializer[AuditEvent]):
    """An event as lists show it."""

    id = serializers.IntegerField(read_only=True, help_text="Place in the chain, from 1 without a gap.")
    url = serializers.SerializerMethodField(help_text="Address of this event.")
    summary = serializers.SerializerMethodField(help_text="The event in words; not for programs.")
    payload = serializers.DictField(
        read_only=True,
        help_text="`before` and `after` of the changed columns; of other events what they say. What is not shown in "
        "clear is a digest.",
    )

    class Meta:
        model = AuditEvent
        fields: tuple[str, ...] = _COLUMNS
        read_only_fields: tuple[str, ...] = _COLUMNS

    def get_url(self, event: AuditEvent) -> str:
        """Return the event's address."""
        return f"{self.context['collection_url']}/{event.pk}"

    def get_summary(self, event: AuditEvent) -> str:
        """Return the event in words."""
        words: str = self.context["summarize"](event)
        return words


class HexField(serializers.Field[Any, Any, str, Any]):
    """Bytes as lower-case hex."""

    def to_representation(self, value: Any) -> str:
        """Return the digits."""
        return bytes(value).hex()


class HashField(HexField, serializers.CharField):
    """32 bytes as 64 hex digits."""


class AuditEventDetailSerializer(AuditEventSerializer):
    """An event with all that it takes to verify it elsewhere."""

    leaf = HashField(read_only=True, help_text="SHA-256 of the bytes of `record`, in hex.")
    hash_prev = HashField(read_only=True, help_text="Hash of the event before; zeros for the first.")
    hash = HashField(read_only=True, help_text="SHA-256 over hash_prev, id (8 bytes, big-endian) and leaf.")

    class Meta(AuditEventSerializer.Meta):
        fields = (*_COLUMNS, "record", "leaf", "hash_prev", "hash")
        read_only_fields = fields


class ConsentSerializer(RowSerializer[Consent]):
    """One act of consent; what holds of a subject and purpose is the one that is the latest."""

    subject = serializers.SerializerMethodField(help_text="Who gave or withdrew it.")
    is_latest = serializers.BooleanField(
        read_only=True, help_text="Nothing later is recorded of this purpose."
    )
    is_current = serializers.SerializerMethodField(
        help_text="The latest, given, and to the latest version of the text."
    )

    class Meta:
        model = Consent
        fields = (
            "id", "url", "subject", "purpose", "text_version", "text_digest", "action", "by", "at", "connection_id",
            "is_latest", "is_current", *STAMP_FIELDS,
        )  # fmt: skip

    def get_subject(self, consent: Consent) -> str:
        """Return the subject's display id."""
        return display_id(_PREFIX_OF[consent.subject_kind], consent.subject_id)

    def get_is_current(self, consent: Any) -> bool:
        """Tell whether the consent holds, to the text of today."""
        is_given: bool = consent.is_latest and consent.action == ConsentAction.GIVEN
        return is_given and bool(consent.text_version == latest_text(consent.purpose).version)
