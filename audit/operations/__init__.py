"""What the triggers cannot know: events of no row, refusals, consents, and the order of sealing several chains."""

from audit.operations.consents import CurrentConsent, current_consent, record_consent
from audit.operations.events import lock_chains, newest_event, record
from audit.operations.refusals import Pruned, prune_refusals, record_refusal
from audit.operations.requests import rows_created_by, rows_updated_by
from audit.operations.texts import ConsentText, consent_text, latest_text
from audit.operations.verifications import note_verification

__all__ = [
    "ConsentText",
    "CurrentConsent",
    "Pruned",
    "consent_text",
    "current_consent",
    "latest_text",
    "lock_chains",
    "newest_event",
    "note_verification",
    "prune_refusals",
    "record",
    "record_consent",
    "record_refusal",
    "rows_created_by",
    "rows_updated_by",
]
