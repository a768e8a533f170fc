"""Ids as people and programs see them: ``par_`` and 32 lower-case hex digits for a participant, and so on.

The database holds bare uuids. A wrong prefix or a malformed id is answered like an unknown one, so the two functions
here are the only place that knows the form.
"""

import re
from uuid import UUID

_FORM = re.compile(r"([a-z]{3})_([0-9a-f]{32})", re.ASCII)


def display_id(prefix: str, value: UUID) -> str:
    """Return ``prefix_`` + 32 lower-case hex digits."""
    return f"{prefix}_{value.hex}"


def parse_display_id(prefix: str, text: str) -> UUID | None:
    """Return the uuid of a display id of this very prefix, or None for anything else."""
    match = _FORM.fullmatch(text)
    if match is None or match.group(1) != prefix:
        return None
    return UUID(hex=match.group(2))
