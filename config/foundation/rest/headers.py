"""Headers that decide what a request does: one without a value is refused, never read as if it were not there."""

from __future__ import annotations

from collections.abc import Mapping

from config.foundation.rest.errors import Faults

DECIDING = ("Audit-Reason", "If-Match", "X-Tenant")


def collect_empty_headers(headers: Mapping[str, str], faults: Faults) -> None:
    """Add a fault for each that is empty: also one whose value the server dropped, which takes ASCII alone."""
    for name in DECIDING:
        if not headers.get(name, "given").strip():
            faults.at_header(name, "Give a value in ASCII, or leave the header out.", "invalid_text")
