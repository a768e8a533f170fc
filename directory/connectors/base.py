"""The importer: runs a connector, so that its source and the directory agree, or nothing has changed.

A run is one transaction over all data. Its SourceRun row is written beside it, on a connection of its own, so
that others see the progress while the data is not yet committed; a run whose process was killed is found
by the next one.
"""

from datetime import datetime

from django.db import DEFAULT_DB_ALIAS, transaction

from config.foundation.actor import Actor, acting
from config.foundation.beside import connection_beside
from config.foundation.errors import Refused
from config.foundation.rows import selected_schema
from directory.connectors.records import Connector, PrefixTable
from directory.connectors.runs import (
    PROGRESS_CONNECTION,
    VERB,
    Finish,
    Outcome,
    Report,
    RunLog,
    source_locked,
)
from directory.connectors.staging import Staging
from directory.models import RoutingArtifact
from directory.operations import activate_artifact, save_row

PROGRESS_EVERY_ROWS = 2_000
_READ, _MERGED_PARTIES, _MERGED_IDENTIFIERS = 40, 60, 85  # percent; measured shares of an import's time


def run_import(
    *,
    actor: Actor,
    connector: Connector,
    now: datetime,
    report: Report | None = None,
    finish: Finish | None = None,
) -> Outcome:
    """Import a source into the selected directory. The same input twice changes nothing.

    Args:
        actor: who the audit chain names.
        connector: the source.
        now: stamps ``verified_at``, ``superseded_at`` and the run.
        report: called with percent done and what is being done.
        finish: called at the end, in the transaction of the data, with what was done and the key of the run.

    Raises:
        Refused: ``import_running`` while another run of the source goes on, ``source_unreadable`` for a
            source that cannot be read or holds no valid row. Nothing is written then but the failed run.
    """
    schema = selected_schema(DEFAULT_DB_ALIAS)
    with source_locked(schema, connector.name), connection_beside(PROGRESS_CONNECTION) as beside:
        log = RunLog(actor, connector, now, beside, report or _unreported)
        try:
            with acting(actor, verb=VERB):
                outcome = _transfer(actor, connector, Staging(connector, schema=schema, now=now), log.note)
                log.succeed(outcome)
                if finish:
                    finish(outcome, log.run_id)
        except BaseException as error:
            log.fail(error)
            raise
    return outcome


def rehearse_import(
    *, actor: Actor, connector: Connector, now: datetime, report: Report | None = None
) -> Outcome:
    """Return what ``run_import`` would do; nothing is written, not even a run.

    Raises:
        Refused: as ``run_import``.
    """
    schema = selected_schema(DEFAULT_DB_ALIAS)
    with source_locked(schema, connector.name), acting(actor, verb=VERB):
        staging = Staging(connector, schema=schema, now=now)
        outcome = _transfer(actor, connector, staging, report or _unreported)
        transaction.set_rollback(True)
    return outcome


def _transfer(actor: Actor, connector: Connector, staging: Staging, note: Report) -> Outcome:
    outcome = Outcome(connector.name)
    staging.create()
    _stage(connector, staging, outcome, note)
    if not staging.party_count:
        raise Refused("source_unreadable", f"{connector.name} holds no valid row; nothing was changed.")
    note(_READ, "writing participants")
    outcome.count(*staging.merge_parties())
    note(_MERGED_PARTIES, "writing identifiers")
    outcome.count(*staging.merge_identifiers())
    note(_MERGED_IDENTIFIERS, "writing prefix tables")
    if connector.table:
        _publish(actor, connector, connector.table, staging, outcome)
    staging.drop()
    return outcome


def _stage(connector: Connector, staging: Staging, outcome: Outcome, note: Report) -> None:
    reading = connector.read()
    outcome.rows_read = reading.row_count
    for count, record in enumerate(reading.records):
        if count % PROGRESS_EVERY_ROWS == 0:
            note(_READ * record.row // max(reading.row_count, 1), "reading")
        if refused := staging.add(record):
            outcome.reject(refused)
    staging.flush()


def _publish(
    actor: Actor, connector: Connector, table: PrefixTable, staging: Staging, outcome: Outcome
) -> None:
    """Make the staged prefixes a new version in force, unless the latest version was made of the same.

    The latest, not the active one: where somebody went back to an earlier version, only other data ends that.
    """
    digest = staging.prefix_digest()
    latest = (
        RoutingArtifact.objects.filter(kind=table.kind, name=table.name).order_by("-version", "pk").first()
    )
    if latest is not None and latest.payload.get("sha256") == digest:
        outcome.count(0, 0, staging.prefix_count, 0)
        return
    draft = RoutingArtifact(
        kind=table.kind,
        name=table.name,
        version=latest.version + 1 if latest else 1,
        source=connector.name,
        payload={**table.payload, "sha256": digest, "rule_count": staging.prefix_count},
    )
    save_row(actor=actor, row=draft)
    outcome.count(staging.insert_rules(draft.pk), 0, 0, 0)
    activate_artifact(actor=actor, artifact=draft)


def _unreported(_percent: int, _doing: str) -> None:
    """Take a report that nobody asked for."""
