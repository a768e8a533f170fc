"""What the import commands share: arguments, progress, one summary line, one line for whatever goes wrong."""

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Protocol

from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from config.foundation.actor import Actor, request_context
from config.foundation.errors import Refused, first_line
from config.foundation.rows import public_schema
from directory.connectors.base import rehearse_import, run_import
from directory.connectors.records import Connector
from directory.connectors.runs import Outcome
from directory.management.progress import end_of_progress, progress_on

INTERRUPTED = 130  # 128 + SIGINT, as shells count
REJECTED_SHOWN = 10


class ConnectorOfFile(Protocol):
    """A connector's class: made for a file, or for the data it ships with."""

    def __call__(self, file: Path | None) -> Connector:
        """Return the connector."""
        ...


class ImportCommand(BaseCommand):
    """Runs one connector into the global directory."""

    connector: ConnectorOfFile
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the file and the rehearsal."""
        parser.add_argument(
            "--file", type=Path, help="a JSON file of the same form instead of the data shipped"
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would be done, and write nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 -- the signature of Django
        """Import, and say in one line what became of the rows."""
        started = time.monotonic()
        try:
            outcome = self._import(options["file"], is_rehearsal=options["dry_run"])
        except Refused as error:
            raise CommandError(error.detail) from None
        except (OperationalError, InterfaceError) as error:
            raise CommandError(f"The database failed and nothing was changed: {first_line(error)}") from None
        except KeyboardInterrupt:
            raise CommandError("Stopped; nothing was changed.", returncode=INTERRUPTED) from None
        self._show(outcome, time.monotonic() - started, is_rehearsal=options["dry_run"])

    def _import(self, file: Path | None, *, is_rehearsal: bool) -> Outcome:
        name = self.__module__.rpartition(".")[2]
        connector = type(self).connector(file)
        work = rehearse_import if is_rehearsal else run_import
        report = progress_on(self.stdout, connector.name)
        try:
            with public_schema(), request_context(request_id=f"{name} {timezone.now():%Y-%m-%dT%H:%M:%SZ}"):
                return work(actor=Actor.system(name), connector=connector, now=timezone.now(), report=report)
        finally:
            end_of_progress(self.stdout)

    def _show(self, outcome: Outcome, elapsed_s: float, *, is_rehearsal: bool) -> None:
        for rejected in outcome.errors[:REJECTED_SHOWN]:
            self.stderr.write(f"row {rejected['row']}: {rejected['reason']}")
        if outcome.rows_rejected > REJECTED_SHOWN:
            self.stderr.write(
                f"… and {outcome.rows_rejected - REJECTED_SHOWN:,} more; see the run in the administration"
            )
        ending = " (nothing was written)" if is_rehearsal else ""
        self.stdout.write(f"{outcome} in {elapsed_s:.1f} s{ending}")
