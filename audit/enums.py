"""Words of the audit chain."""

from django.db.models import TextChoices


class FlawKind(TextChoices):
    """What is wrong at the first bad place of a chain."""

    RECORD = "record", "the record's bytes are not those that were hashed"
    COLUMNS = "columns", "a column says other than the record"
    ORDER = "order", "the event does not follow the one before it: moved, swapped or inserted"
    HASH = "hash", "the event is not the one that was chained at this place"
    MISSING = "missing", "an event is gone from the middle or the end"
    FORGED_TAIL = "forged_tail", "events stand behind the end of the chain"
    HEAD = "head", "the head does not belong to the last event"
    UNSEALED = "unsealed", "committed events were never sealed into the chain"
