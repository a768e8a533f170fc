"""Imports as jobs: what the packages ship, into the global directory, beside which the run is linked."""

from collections.abc import Callable
from uuid import UUID

from django.utils import timezone

from config.foundation.display_ids import display_id
from config.foundation.jobs import JobError, JobKind, Running
from directory.connectors.base import run_import
from directory.connectors.bic import BicConnector
from directory.connectors.numbering import NumberingConnector
from directory.connectors.records import Connector
from directory.connectors.runs import Outcome
from directory.models import SourceRun


def importing(make: Callable[[], Connector]) -> Callable[[Running], None]:
    """Return the work of a job that runs a connector.

    Shape of its result: ``{"source_run_id": "run_…", "rows_read": int, "rows_created": int, …}``.
    """

    def perform(running: Running) -> None:
        def tell(percent: int, doing: str) -> None:
            running.tick(percent, 100, doing)

        def finish(outcome: Outcome, run_id: UUID) -> None:
            running.finish(_result_of(outcome, run_id), _errors_of(outcome))

        run_import(actor=running.actor, connector=make(), now=timezone.now(), report=tell, finish=finish)

    return perform


def _result_of(outcome: Outcome, run_id: UUID) -> dict[str, object]:
    names = ("read", "created", "updated", "unchanged", "superseded", "rejected")
    counts = {f"rows_{name}": getattr(outcome, f"rows_{name}") for name in names}
    return {"source_run_id": display_id(SourceRun.display_prefix, run_id), **counts}


def _errors_of(outcome: Outcome) -> list[JobError]:
    return [
        {"code": "row_rejected", "detail": error["reason"], "row": error["row"]} for error in outcome.errors
    ]


KINDS = tuple(
    JobKind(
        name,
        title,
        "directory.manage",
        importing(connector),
        "directory.add_source",
        commits_itself=True,
        is_of_platform=True,
    )
    for name, title, connector in (
        ("import_bic", "Import bank registries", BicConnector),
        ("import_numbering", "Import numbering plans", NumberingConnector),
    )
)
