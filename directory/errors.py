"""Refusals of the directory."""

from config.foundation.errors import ErrorKind

ARTIFACT_NOT_DRAFT = "artifact_not_draft"
NOT_A_DRAFT = "This version is, or was, in force, and stays as it is. Make the change in a new version."

ERROR_KINDS = (
    ErrorKind(
        "source_unreadable",
        400,
        "The source cannot be read",
        "What an import reads is missing, no text, or not of the form it should have; nothing was changed.",
    ),
    ErrorKind(
        "import_running",
        409,
        "Another import is running",
        "A source is imported once at a time. Wait until the other run has ended.",
    ),
    ErrorKind(
        ARTIFACT_NOT_DRAFT,
        409,
        "The version is no draft",
        "A version that is, or was, in force is not edited or deleted, nor are its rules. Make a new version.",
    ),
)
