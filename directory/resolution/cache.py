"""Step 9: answers kept per process, served while the version stands and no boundary has passed."""

import json
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import astuple, dataclass
from datetime import datetime
from threading import Lock
from typing import NamedTuple, cast

from directory.resolution.documents import ResolveResponse
from directory.resolution.records import Caller, Request


class CacheKey(NamedTuple):
    """What an answer depends on besides time and version; the tenant comes first, so none is shared."""

    tenant: str
    request: Hashable
    caller: Caller | None
    settings: str


class Kept(NamedTuple):
    """An answer, as the caller's own copy, and until when it holds."""

    response: ResolveResponse
    until: datetime | None


@dataclass(frozen=True, slots=True)
class _Entry:
    body: str
    version: str
    since: datetime
    until: datetime | None


def canonical_request(request: Request) -> Hashable:
    """Return a request less what its answer does not depend on: correlation id and instant.

    Two bodies that mean the same (identifiers in another order, written in another way) are equal here.
    """
    return (
        request.parties,
        astuple(request.service),
        astuple(request.constraints),
        request.as_of is not None,
        request.limit,
        request.is_explained,
    )


class AnswerCache:
    """A bounded cache, safe for threads; the entry not used for longest leaves first.

    An entry is made under the caller, or under nobody when no policy read the caller.
    """

    def __init__(self, *, most_entries: int = 4096, most_bytes: int = 16 * 1024 * 1024) -> None:
        self._most_entries, self._most_bytes = most_entries, most_bytes
        self._entries: OrderedDict[CacheKey, _Entry] = OrderedDict()
        self._size_bytes = 0
        self._lock = Lock()

    def get(self, key: CacheKey, *, version: str, at: datetime) -> Kept | None:
        """Return an answer of this version that holds at this moment, its own copy, or None."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None or entry.version != version:
                return None
            if at < entry.since or (entry.until is not None and at >= entry.until):
                return None
            self._entries.move_to_end(key)
        return Kept(cast("ResolveResponse", json.loads(entry.body)), entry.until)

    def put(
        self,
        key: CacheKey,
        response: ResolveResponse,
        *,
        version: str,
        since: datetime,
        until: datetime | None,
    ) -> None:
        """Keep an answer that holds from ``since`` until before ``until``; one too large is not kept."""
        entry = _Entry(json.dumps(response, separators=(",", ":"), ensure_ascii=False), version, since, until)
        if len(entry.body) > self._most_bytes:
            return
        with self._lock:
            self._forget(key)
            self._entries[key] = entry
            self._size_bytes += len(entry.body.encode())
            while len(self._entries) > self._most_entries or self._size_bytes > self._most_bytes:
                self._forget(next(iter(self._entries)))

    def _forget(self, key: CacheKey) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._size_bytes -= len(entry.body.encode())

    def __len__(self) -> int:
        return len(self._entries)
