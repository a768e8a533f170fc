"""``manage.py work``: does the jobs that are asked for, until told to stop."""

import asyncio
import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connections
from procrastinate import PsycopgConnector
from procrastinate.connector import Notify
from procrastinate.contrib.django import app
from procrastinate.exceptions import ConnectorException

from audit.requests.tasks import QUEUE, requeue_abandoned, worker_parameters
from config import postgres
from config.foundation.errors import first_line
from config.foundation.schemas import OWNER_ALIAS
from config.sessions import refuse_pooler

LOOK_EVERY_S = 5.0  # after jobs that were left by a worker that was killed
POLL_EVERY_S = 2.0  # after jobs of which no notification came
LISTEN_AGAIN_AFTER_S = 1.0  # when the database was gone
STOP_PATIENCE_S = 3.0  # that a job has to reach its next step
ORPHANED = 3  # exit code of one whose parent is gone

logger = logging.getLogger(__name__)


class ListeningConnector(PsycopgConnector):
    """Listens again after the database was gone; the library's own gives up, unnoticed, and only polls from then on."""

    async def listen_notify(self, on_notification: Notify, channels: Iterable[str]) -> None:
        """Listen until cancelled."""
        names = tuple(channels)
        while True:
            try:
                await super().listen_notify(on_notification, names)
            except ConnectorException as error:
                logger.warning("the database does not tell of new jobs: %s", _reason(error))
            await asyncio.sleep(LISTEN_AGAIN_AFTER_S)


class Command(BaseCommand):
    """Work in the foreground, as the owner of the schemas; each job itself is done with the application's rights."""

    help = "Do jobs (verifications, imports) until Ctrl-C. Any number of these may run, on any machine."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--concurrency", type=int, default=2, help="jobs at a time (2)")
        parser.add_argument("--once", action="store_true", help="stop when there is nothing left to do")
        parser.add_argument(
            "--until-eof", action="store_true", help="stop as well when the standard input ends"
        )

    def handle(self, *, concurrency: int, once: bool, until_eof: bool, **options: Any) -> None:  # noqa: ARG002 -- Django's
        """Refuse a pooler, take up what was left, and work."""
        if not 1 <= concurrency <= 64:
            raise CommandError(f"the number of jobs at a time must be from 1 to 64, not {concurrency}")
        if until_eof:
            threading.Thread(target=_end_with_input, name="parent", daemon=True).start()
        try:
            refuse_pooler(OWNER_ALIAS)
            requeue_abandoned()
            connections.close_all()
            with _looking_after_abandoned(), app.replace_connector(_connector(concurrency)):
                app.run_worker(
                    queues=[QUEUE],
                    concurrency=concurrency,
                    wait=not once,
                    fetch_job_polling_interval=POLL_EVERY_S,
                    shutdown_graceful_timeout=STOP_PATIENCE_S,
                    delete_jobs="always",
                )
        except postgres.PostgresError as error:
            raise CommandError(str(error)) from error
        except (DatabaseError, psycopg.Error, ConnectorException) as error:
            raise CommandError(f"no answer from the database: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    """Return what went wrong in one line; the queue's library says nothing itself."""
    cause = error.__cause__
    return first_line(
        cause if isinstance(error, ConnectorException) and isinstance(cause, Exception) else error
    )


def _connector(concurrency: int) -> ListeningConnector:
    return ListeningConnector(kwargs=worker_parameters(), min_size=1, max_size=concurrency + 2)


@contextlib.contextmanager
def _looking_after_abandoned() -> Iterator[None]:
    """Look every few seconds, while the block runs, after jobs of workers that were killed."""
    is_over = threading.Event()

    def look() -> None:
        while not is_over.wait(LOOK_EVERY_S):
            try:
                requeue_abandoned()
            except DatabaseError as error:
                logger.warning("jobs that were left behind were not looked for: %s", first_line(error))
            finally:
                connections.close_all()

    thread = threading.Thread(target=look, name="abandoned", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join(LOOK_EVERY_S)


def _end_with_input() -> None:
    """Stop this process when whoever started it is gone, in whatever way: the pipe between them is closed."""
    while os.read(
        sys.stdin.fileno(), 1
    ):  # not through a buffer, whose lock the interpreter waits for when it ends
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(STOP_PATIENCE_S * 2)
    os._exit(ORPHANED)
