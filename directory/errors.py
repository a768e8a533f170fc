"""Refusals of the directory."""

from config.foundation.errors import ErrorKind

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
)
