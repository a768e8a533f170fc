"""Refusals of the audit app."""

from config.foundation.errors import ErrorKind

ERROR_KINDS = (
    ErrorKind(
        "unknown_consent_text",
        409,
        "There is no such text to consent to",
        "Consent is to one published version of a text. Name a purpose and a version that exist.",
    ),
    ErrorKind(
        "text_changed",
        500,
        "A published text was altered",
        "A text that people have agreed to is not what was published. It must be restored; changes are new versions.",
    ),
)
