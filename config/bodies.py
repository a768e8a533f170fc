"""Bodies of requests: all of one within a time, or none of it, and never every thread waiting for one.

The server hands a request over when it has its headers, and reading its body holds the thread that answers it for as
long as the caller likes; one that is cut off passes for a whole one. Both are refused here.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from config.foundation.rest.errors import BodyCutOff, BodyTooSlow

AT_ONCE_S = 0.25  # what has come by then was not waited for
BODY_TIME_MAX_S = 15.0
WAITING_MAX = 2  # threads of a process that wait at a time; the others answer meanwhile

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Source(Protocol):
    """What the server reads a body by."""

    def read(self, size: int, /) -> bytes:
        """Return as many bytes, once they have come; fewer where no more will."""


class Body:
    """The body of one request, ``wsgi.input`` of the application."""

    def __init__(self, source: Source, size_bytes: int, waiting: threading.Semaphore) -> None:
        self._source, self._left, self._waiting = source, size_bytes, waiting
        self._deadline: float | None = None

    def read(self, size: int | None = -1) -> bytes:
        """Return the next bytes, all of the rest without a size.

        Raises:
            BodyCutOff: the connection ended before as much came as was declared.
            BodyTooSlow: they did not come in time, or too many wait already.
        """
        wanted = self._left if size is None or size < 0 else min(size, self._left)
        data = self._within_time(wanted) if wanted else b""
        if len(data) < wanted:
            raise BodyCutOff(f"{self._left - len(data)} bytes are missing")
        self._left -= wanted
        return data

    def readline(self, size: int | None = -1) -> bytes:
        """Return the next line, of so many bytes at most."""
        line = bytearray()
        while (size is None or size < 0 or len(line) < size) and (byte := self.read(1)):
            line += byte
            if byte == b"\n":
                break
        return bytes(line)

    def _within_time(self, wanted: int) -> bytes:
        now = time.monotonic()
        self._deadline = self._deadline or now + BODY_TIME_MAX_S
        arrived: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        # A thread of its own, for nothing ends the wait but the caller: it is left behind until the connection ends.
        threading.Thread(
            target=lambda: arrived.put(self._source.read(wanted)), name="body", daemon=True
        ).start()
        try:
            return arrived.get(timeout=AT_ONCE_S)
        except queue.Empty:
            pass
        if not self._waiting.acquire(blocking=False):
            raise BodyTooSlow("others are waited for")
        try:
            return arrived.get(timeout=max(self._deadline - time.monotonic(), 0))
        except queue.Empty:
            raise BodyTooSlow(f"it takes more than {BODY_TIME_MAX_S:g} s") from None
        finally:
            self._waiting.release()


def with_whole_bodies(application: Application) -> Application:
    """Return the application, which reads bodies whole and in time."""
    waiting = threading.Semaphore(WAITING_MAX)

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        length = environ.get("CONTENT_LENGTH", "")
        size_bytes = int(length) if length.isascii() and length.isdigit() else 0
        environ["wsgi.input"] = Body(environ["wsgi.input"], size_bytes, waiting)
        return application(environ, start_response)

    return answer
