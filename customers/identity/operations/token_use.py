"""How tokens are used: counted in the process, and written down beside the requests, never by them.

A process gathers what its requests tell it, and one thread writes that: of each token at once when it was long
unused, then at most once a minute. What a process gathered and did not write is lost when it is killed; on an orderly
stop it is written. No request waits for it, or fails by it.
"""

from __future__ import annotations

import logging
import os
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import Error, connections, router, transaction

from config.foundation.errors import first_line
from customers.identity.models import ApiTokenTally, ApiTokenUse

INTERVAL_S = 60.0
GATHERING_S = 1.0  # how long the thread waits for more before it writes
STOP_PATIENCE_S = 5.0
TOKENS_MAX = 10_000  # gathered at a time; the calls of more are not counted
_AGENT = re.compile(r"([A-Za-z][A-Za-z-]{0,29})(/\d{1,4}(?:\.\d{1,4})?)?")
_USE = """
    INSERT INTO {use} AS kept (token_id, last_used_at, last_address, last_agent)
    SELECT t.id, %(at)s, %(address)s, %(agent)s FROM {token} t WHERE t.id = %(token)s
    ON CONFLICT (token_id) DO UPDATE SET
        last_used_at = EXCLUDED.last_used_at, last_address = EXCLUDED.last_address, last_agent = EXCLUDED.last_agent
    WHERE kept.last_used_at < EXCLUDED.last_used_at
"""
_TALLY = """
    INSERT INTO {tally} AS kept (token_id, day, code, count)
    SELECT t.id, %(day)s, %(code)s, %(count)s FROM {token} t WHERE t.id = %(token)s
    ON CONFLICT (token_id, day, code) DO UPDATE SET count = kept.count + EXCLUDED.count
"""
logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Gathered:
    """What a token did since it was last written down: calls by (day, code), and the last use, if it was let in."""

    counts: Counter[tuple[date, str]] = field(default_factory=Counter)
    at: datetime | None = None
    address: str | None = None
    agent: str = ""

    def add(self, later: Gathered) -> None:
        """Add what came later."""
        self.counts.update(later.counts)
        if later.at is not None:
            self.at, self.address, self.agent = later.at, later.address, later.agent


Write = Callable[[Mapping[UUID, Gathered]], None]


class TokenUses:
    """Gathers the uses of tokens of one process, and has them written."""

    def __init__(
        self, write: Write, *, interval_s: float = INTERVAL_S, gathering_s: float = GATHERING_S
    ) -> None:
        self._write = write
        self._interval_s = interval_s
        self._gathering_s = gathering_s
        self._handles_forks = False
        self._begin()

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._gathered: dict[UUID, Gathered] = {}
        self._written_at: dict[UUID, float] = {}
        self._is_told = threading.Event()
        self._is_stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def note(  # noqa: PLR0913 -- what is known of a call
        self,
        token_id: UUID,
        *,
        now: datetime,
        code: str = "",
        is_use: bool = True,
        address: Any = None,
        agent: str = "",
    ) -> None:
        """Note one call of a token that ended with this code ("": it was answered); no statement is sent for it.

        ``is_use`` is false for a token that was not accepted; of ``agent``, a ``User-Agent``, the first word is kept.
        """
        one = Gathered(Counter({(now.date(), code): 1}))
        if is_use:
            one.at, one.address, one.agent = now, str(address) if address else None, agent_of(agent)
        with self._lock:
            self._gather({token_id: one})
            is_first = token_id not in self._written_at
        if is_first:
            self._is_told.set()

    def flush(self, *, only_due: bool = False) -> None:
        """Write what was gathered, of all tokens or of those that were not written for a minute; what fails is kept."""
        due = self._take(only_due=only_due)
        if not due:
            return
        try:
            self._write(due)
        except Error as error:
            logger.warning("uses of tokens are not written yet: %s", first_line(error))
            with self._lock:
                newer, self._gathered = self._gathered, due
                self._gather(newer)

    def start(self) -> None:
        """Begin to write, in this process and in those that are forked from it; a second call changes nothing."""
        if self._thread is not None:
            return
        if not self._handles_forks:
            os.register_at_fork(after_in_child=self._start_again)
            self._handles_forks = True
        self._thread = threading.Thread(target=self._run, name="token uses", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread, and write what is left."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._is_stopping.set()
        self._is_told.set()
        thread.join(STOP_PATIENCE_S)
        self._is_stopping.clear()

    def _start_again(self) -> None:
        """Begin anew in a forked child: what its parent gathered is its parent's."""
        was_started = self._thread is not None
        self._begin()
        if was_started:
            self.start()

    def _run(self) -> None:
        while not self._is_stopping.is_set():
            if self._is_told.wait(self._interval_s):
                self._is_stopping.wait(self._gathering_s)
            self._is_told.clear()
            self._write_and_leave(only_due=True)
        self._write_and_leave(only_due=False)

    def _write_and_leave(self, *, only_due: bool) -> None:
        """Write on this thread's own connection, and keep none."""
        try:
            self.flush(only_due=only_due)
        finally:
            connections.close_all()

    def _take(self, *, only_due: bool) -> dict[UUID, Gathered]:
        now = time.monotonic()
        with self._lock:
            old = now - self._interval_s
            self._written_at = {token: at for token, at in self._written_at.items() if at > old}
            due = {
                token: one
                for token, one in self._gathered.items()
                if not (only_due and token in self._written_at)
            }
            for token in due:
                del self._gathered[token]
                self._written_at[token] = now
        return due

    def _gather(self, uses: Mapping[UUID, Gathered]) -> None:
        for token, one in uses.items():
            if token in self._gathered:
                self._gathered[token].add(one)
            elif len(self._gathered) < TOKENS_MAX:
                self._gathered[token] = one


def write_token_uses(uses: Mapping[UUID, Gathered]) -> None:
    """Add uses to what is kept of them, in one transaction; those of a token that is not there are left out."""
    using = router.db_for_write(ApiTokenUse)
    names = {
        "use": ApiTokenUse._meta.db_table,
        "tally": ApiTokenTally._meta.db_table,
        "token": ApiTokenUse._meta.get_field("token").related_model._meta.db_table,
    }
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        for token, one in sorted(
            uses.items()
        ):  # in one order, so that two processes do not wait for each other
            if one.at is not None:
                values: dict[str, Any] = {
                    "token": token,
                    "at": one.at,
                    "address": one.address,
                    "agent": one.agent,
                }
                cursor.execute(_USE.format(**names), values)
            for (day, code), count in sorted(one.counts.items()):
                counted: dict[str, Any] = {"token": token, "day": day, "code": code, "count": count}
                cursor.execute(_TALLY.format(**names), counted)


def agent_of(text: str) -> str:
    """Return the first product of a ``User-Agent``, like ``curl/8.5``; "" where it names none."""
    found = _AGENT.match(text)
    ends = (" ", "", ".") if found and found[2] else (" ", "")
    return found[0] if found and text[found.end() : found.end() + 1] in ends else ""


token_uses = TokenUses(write_token_uses)
