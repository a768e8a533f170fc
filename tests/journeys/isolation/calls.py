"""A call, the same call with what does not exist instead, and all that can be seen of an answer."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlencode

from django.contrib.messages import get_messages
from django.db import connection, transaction
from django.test import Client

REQUEST_ID = (
    "8e03978e-40d5-43e8-bc93-6894a57f9324"  # given with each call, so that answers can be equal to the byte
)
LITERALS = re.compile(r"'(?:[^']|'')*'|\b\d+\b|\bs\d+_x\d+\b")
NEW = re.compile(
    r"[a-z]{3}_[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[0-9:.]+Z|\\?\"[0-9a-zA-Z_-]{20,64}\\?\""
)  # of a row just made: its id, moments, tag
FRESH = re.compile(r'(?<=name="csrfmiddlewaretoken" value=")\w{64}')  # what a page's forms are signed with
COUNTED = re.compile(
    r'(?<="remaining":)(\d+|null)|(?<="resets_in_s":)(\d+|null)'
)  # what is left of the caller's own quota
UNSEEN = ("Set-Cookie", "Expires", "RateLimit")  # a session, and when; what is left of the caller's own quota
READS = re.compile(r"SELECT |SAVEPOINT |RELEASE SAVEPOINT |ROLLBACK TO SAVEPOINT |SET (LOCAL )?search_path ")
USE = "INSERT INTO identity_apitokenuse "  # that a token is used is noted once a minute, whatever it asks for
SAFE = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True)
class Call:
    """One request, with nothing of its caller in it."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    host: str = "localhost"
    is_form: bool = False

    def text(self) -> str:
        """Return everything that is sent, as text."""
        return json.dumps(asdict(self))

    def having(self, **changes: Any) -> "Call":
        """Return the call with other parts."""
        return replace(self, **changes)

    def with_instead(self, pairs: Sequence[tuple[str, str]]) -> "Call":
        """Return the same call with the second of each pair instead of the first."""
        parts = json.loads(exchanged(self.text(), pairs))
        parts["query"] = tuple((name, value) for name, value in parts["query"])
        return Call(**parts)


@dataclass(frozen=True)
class Caller:
    """Who calls: a browser that is signed in, or not, or a token."""

    name: str
    client: Client
    token: str = ""

    def send(self, call: Call) -> Any:
        """Return the answer; what it says to a browser's cookies is forgotten, so that no call changes the next."""
        kept = dict(self.client.cookies)
        try:
            return self._send(call)
        finally:
            self.client.cookies.clear()
            self.client.cookies.update(kept)

    def _send(self, call: Call) -> Any:
        headers = {"Host": call.host, "X-Request-ID": REQUEST_ID, "If-Match": "*", **call.headers}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        path = quote(call.path, safe="/%")
        if call.query:
            path += "?" + urlencode(call.query)
        if call.is_form:
            return self.client.post(path, call.body, headers=headers)
        body = b"" if call.body is None else json.dumps(call.body).encode()
        media_type = "application/json"
        return self.client.generic(call.method, path, body, content_type=media_type, headers=headers)


@dataclass(frozen=True)
class Seen:
    """What can be seen of an answer from outside, and the statements that it took."""

    status: int
    headers: str
    body: str
    statements: tuple[str, ...]

    @property
    def text(self) -> str:
        """Return headers and body."""
        return f"{self.headers}\n{self.body}"

    @property
    def cost(self) -> tuple[int, str]:
        """Return how many statements it took, and a digest of their texts."""
        return len(self.statements), sha256("\n".join(self.statements).encode()).hexdigest()

    @property
    def code(self) -> str:
        """Return the code of a problem; nothing for an answer that is none."""
        return str(json.loads(self.body).get("code", "")) if "problem+json" in self.headers else ""


def look(caller: Caller, call: Call, *, before_undo: Any = None) -> Seen:
    """Make a call and return what was seen; a write that succeeded is undone, after ``before_undo``.

    What asked the database for no write is left as it is: whatever it did besides shows when the walk ends.
    """
    with transaction.atomic(), _statements() as statements:
        response = caller.send(call)
        seen = tuple(statements)
        if call.method not in SAFE and response.status_code < 400 and not all(map(READS.match, seen)):
            if before_undo is not None:
                before_undo()
            transaction.set_rollback(True)
    body = response.getvalue() if response.streaming else response.content
    told = [str(message) for message in get_messages(response.wsgi_request)]
    # A list's tag is a digest of its address too, in which what is compared differs: of it, only that there is one.
    is_list = body.startswith(b'{"results":')
    shown = {"ETag": "of a list"} if is_list and "ETag" in response else {}
    headers = sorted(({**dict(response.items()), **shown}).items())
    headers = [(name, value) for name, value in headers if name not in UNSEEN]
    text = COUNTED.sub("", FRESH.sub("", body.decode()))
    return Seen(response.status_code, json.dumps(headers), text + "\n".join(told), seen)


def exchanged(text: str, pairs: Sequence[tuple[str, str]]) -> str:
    """Return the text with the second of each pair instead of the first."""
    for first, second in pairs:
        text = text.replace(first, second)
    return text


@lru_cache(maxsize=10_000)
def _without_literals(statement: str) -> str:
    return LITERALS.sub("?", statement)


@contextmanager
def _statements() -> Iterator[list[str]]:
    found: list[str] = []

    def note(execute: Any, statement: Any, parameters: Any, many: bool, context: Any) -> Any:
        if not str(statement).lstrip().startswith(USE):
            found.append(_without_literals(str(statement)))
        return execute(statement, parameters, many, context)

    with connection.execute_wrapper(note):
        yield found
