"""Regular expressions that callers send: compiled by the database before they are matched."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import DataError, connection

from config.foundation.rest.errors import Faults
from config.foundation.rest.time_limits import (
    PATTERN_TIME_MAX_MS,
    StatementTooSlow,
    add_slow_pattern,
    statements_within,
)


def collect_pattern_faults(patterns: Mapping[str, str], faults: Faults) -> None:
    """Add a fault for each pattern, by parameter, that the database does not compile, or not in time."""
    for name, pattern in patterns.items():
        try:
            with statements_within(PATTERN_TIME_MAX_MS), connection.cursor() as cursor:
                cursor.execute("SELECT '' ~ %s", [pattern])
        except DataError as error:
            reason = str(error).strip().splitlines()[0].rpartition(": ")[2]
            detail = f"PostgreSQL cannot read this regular expression ({reason}). Correct it."
            faults.at_parameter(name, detail, "invalid_regex")
        except StatementTooSlow:
            add_slow_pattern(name, faults)
