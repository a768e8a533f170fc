"""Log lines that name their request and hold no card number, whatever wrote them."""

import logging
import re

from config.foundation.actor import current_act

_KEPT_OR_LONG_NUMBER = re.compile(
    r"(?P<kept>[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|\b[a-z]{3}_[0-9a-f]{32}\b)"
    r"|\d{9,}|\d{4}(?:(?:[ -]|%20)\d{4}){2}(?:[ -]|%20)\d{1,7}",
    re.ASCII,
)


class CoveringFormatter(logging.Formatter):
    """Formats a record, its traceback included, and covers every number that may be a card's; ids stay."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; the format may name ``request_id``."""
        record.request_id = current_act().request_id or "-"
        return _KEPT_OR_LONG_NUMBER.sub(lambda found: found["kept"] or "•••", super().format(record))
