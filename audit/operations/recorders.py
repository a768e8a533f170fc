"""What the foundation hands over to be recorded, and a check of the texts that people consent to."""

import logging
from typing import Any

from django.core.checks import Error
from django.db import DatabaseError

from audit.enums import Verb
from audit.operations.events import record
from audit.operations.refusals import record_refusal
from audit.operations.texts import text_faults
from config.foundation.refusals import Export, Refusal

logger = logging.getLogger(__name__)


def record_refused(refusal: Refusal) -> None:
    """Record a refused write in a transaction of its own.

    The write has been undone already, so a database that cannot record it changes nothing of the answer: that is
    logged.
    """
    try:
        record_refusal(
            actor=refusal.actor,
            code=refusal.code,
            resource=refusal.resource,
            resource_id=refusal.resource_id,
            schema=refusal.schema,
        )
    except DatabaseError:
        logger.exception("a refusal (%s) was not recorded", refusal.code)


def record_export(export: Export) -> None:
    """Record that rows were taken away, in the schema that they were read in."""
    record(
        actor=export.actor,
        action=Verb.EXPORT.value,
        resource=export.resource,
        resource_id="",
        payload={"format": export.format, "filters": list(export.filters), "rows": export.row_count},
    )


def check_texts(**_options: Any) -> list[Error]:
    """Report texts that are not what was published."""
    return [Error(fault, id="audit.E001") for fault in text_faults()]
