"""Whoever sends or takes slowly holds a connection, and none of the threads that answer.

The server gives each connection a thread, which waits here for the whole body and, of a file, for its taker. The
application is called by a few threads of its own, each with its connection to the database.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.conf import settings
from django.http import FileResponse

from config.foundation.rest.errors import BodyCutOff

THREADS = 4  # of each process; each may hold a connection to the database
PART_BYTES = 65_536  # of a file, made at a time

Application = Callable[[dict[str, Any], Any], Any]


class CutOffBody(io.RawIOBase):
    """A body that did not come to its end, or was not waited for because it is too large: reading it is refused."""

    def read(self, size: int = -1, /) -> bytes:  # noqa: ARG002 -- the signature of a stream
        """Refuse.

        Raises:
            BodyCutOff: always.
        """
        raise BodyCutOff("fewer bytes came than Content-Length says")


class SentFile:
    """A file that is made while it is sent: each part by one of the threads that answer, when it can be taken."""

    def __init__(self, response: Any, pool: ThreadPoolExecutor) -> None:
        self._response, self._pool = response, pool
        self._parts = iter(response)
        self._error: Exception | None = None

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        """Return the next part, of some size where more is at hand."""
        if part := self._pool.submit(self._part).result():
            return part
        raise StopIteration

    def _part(self) -> bytes:
        if self._error:
            raise self._error
        parts, size_bytes = [], 0
        try:
            while size_bytes < PART_BYTES and (one := next(self._parts, None)) is not None:
                parts.append(one)
                size_bytes += len(one)
        except Exception as error:  # noqa: BLE001 -- raised when what came before it is sent
            self._error = error
        return b"".join(parts) or self._ended()

    def _ended(self) -> bytes:
        if self._error:
            raise self._error
        return b""

    def close(self) -> None:
        """End the request; also where its taker has gone."""
        self._pool.submit(self._response.close).result()


def patient(application: Application, threads: int = THREADS) -> Application:
    """Return the application, called by so many threads at a time, and only with whole bodies."""
    pool = ThreadPoolExecutor(threads, thread_name_prefix="answer")

    def answer(environ: dict[str, Any], start_response: Any) -> Any:
        response = application(environ, start_response)
        if getattr(response, "streaming", False):
            return response
        try:
            return [b"".join(response)]
        finally:
            response.close()

    def wait_and_answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ["wsgi.input"] = _whole(environ)
        response: Any = pool.submit(answer, environ, start_response).result()
        return response if isinstance(response, list | FileResponse) else SentFile(response, pool)

    return wait_and_answer


def _whole(environ: dict[str, Any]) -> io.RawIOBase | io.BytesIO:
    declared = environ.get("CONTENT_LENGTH") or "0"
    size_bytes = int(declared) if declared.isascii() and declared.isdigit() and len(declared) < 19 else 0
    if size_bytes > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        return CutOffBody()
    body = environ["wsgi.input"].read(size_bytes) if size_bytes else b""
    return io.BytesIO(body) if len(body) == size_bytes else CutOffBody()
