"""Consents: recorded for ever, and read as what holds now."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from audit.enums import ConsentAction, SubjectKind
from audit.models import Consent
from audit.operations.texts import consent_text, latest_text
from config.foundation.actor import Actor, operation


@dataclass(frozen=True, slots=True)
class CurrentConsent:
    """What holds of a subject and purpose: the last act, and whether it is to the latest text.

    ``is_current`` is true where consent holds and is to the latest version; an older version that was given
    and not withdrawn has ``is_given`` alone.
    """

    consent: Consent
    is_given: bool
    is_current: bool


@operation(verb="consent")
def record_consent(  # noqa: PLR0913 -- what an act of consent consists of
    *,
    actor: Actor,
    now: datetime,
    subject_kind: SubjectKind,
    subject_id: UUID,
    purpose: str,
    text_version: int,
    action: ConsentAction,
    evidence: dict[str, Any] | None = None,
    connection_id: UUID | None = None,
) -> Consent:
    """Record that a subject gave or withdrew a consent, or that it ran out, in the schema selected.

    ``evidence`` is of personal tier: a digest in the chain, erasable beside it.

    Raises:
        Refused: ``unknown_consent_text``, ``text_changed``.
        ValidationError: a value breaks a rule of the row.
    """
    text = consent_text(purpose, text_version)
    consent = Consent(
        subject_kind=subject_kind,
        subject_id=subject_id,
        purpose=purpose,
        text_version=text_version,
        text_digest=text.digest,
        action=action,
        by=str(actor),
        at=now,
        evidence=evidence or {},
        connection_id=connection_id,
    )
    consent.full_clean()
    consent.save(force_insert=True)
    return consent


def current_consent(*, subject_kind: SubjectKind, subject_id: UUID, purpose: str) -> CurrentConsent | None:
    """Return what holds of a subject and purpose in the schema selected, or None where nothing is recorded.

    Raises:
        Refused: ``unknown_consent_text`` for a purpose without a text.
    """
    latest = latest_text(purpose)
    consent = Consent.objects.of_subject(subject_kind, subject_id).filter(purpose=purpose).first()
    if consent is None:
        return None
    is_given = consent.action == ConsentAction.GIVEN
    return CurrentConsent(consent, is_given, is_given and consent.text_version == latest.version)
