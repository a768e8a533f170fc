"""The ``Audit-Reason`` header: why a request is made, written into every audit event of it."""

from __future__ import annotations

from collections.abc import Mapping

from config.foundation.actor import REASON_MAX_LENGTH
from config.foundation.rest.errors import Faults

AUDIT_REASON = "Audit-Reason"


def reason_of(headers: Mapping[str, str]) -> str:
    """Return the reason that a request gives; "" where it gives none, or one that is refused.

    Headers arrive as Latin-1; a reason in UTF-8 is read as such.
    """
    reason = _given(headers)
    return "" if _fault(reason) else reason


def collect_reason_faults(headers: Mapping[str, str], faults: Faults) -> None:
    """Add a fault where the reason is too long or no plain text."""
    fault = _fault(_given(headers))
    if fault:
        detail, code = fault
        faults.at_header(AUDIT_REASON, detail, code)


def _given(headers: Mapping[str, str]) -> str:
    text = headers.get(AUDIT_REASON, "")
    try:
        return text.encode("latin-1").decode("utf-8").strip()
    except UnicodeError:
        return text.strip()


def _fault(reason: str) -> tuple[str, str] | None:
    if len(reason) > REASON_MAX_LENGTH:
        return f"A reason has at most {REASON_MAX_LENGTH} characters.", "too_long"
    if not reason.isprintable():
        return "A reason is one line of plain text.", "invalid_text"
    return None
