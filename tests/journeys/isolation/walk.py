"""Walks operations as one caller, and gathers what must not have been seen."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

from directory.resolution.cache import AnswerCache
from directory.rest import resolve
from tests.journeys.isolation.callers import Callers
from tests.journeys.isolation.calls import NEW, SAFE, Call, Caller, Seen, exchanged, look
from tests.journeys.isolation.decisions import DECISIONS, Decision
from tests.journeys.isolation.digests import digest_of
from tests.journeys.isolation.documents import Operation, operations
from tests.journeys.isolation.estate import Estate
from tests.journeys.isolation.placing import addressed, filtered, id_properties, pairs_of
from tests.sealing import seal

REFUSAL_TABLES = ("audit_event", "audit_head", "audit_refusal")


class Walk:
    """Acme's estate, everybody who calls, and the leaks that were found, each in words."""

    def __init__(self, estate: Estate, globex: Any) -> None:
        self.estate = estate
        self.callers = Callers(estate.tenant, globex)
        self.texts = sorted(estate.texts())
        self.leaks: list[str] = []
        self.leaves_refusals = False  # set where acme's own people are refused: acme's chain tells of it
        # Made before the walk begins: acme's owner reads for it, and what is confidential leaves an event.
        self._calls = {one.key: self._made_calls(one, decision) for one, decision in self.operations()}
        self._before: dict[str, Any] | None = None

    def operations(self, document: str = "") -> Iterator[tuple[Operation, Decision]]:
        """Yield each operation (of one document) with its decision."""
        for key, operation in sorted(operations().items()):
            if document in ("", operation.document):
                yield operation, DECISIONS[key]

    def calls_of(self, operation: Operation) -> list[tuple[Call, str]]:
        """Return the operation's calls with acme's ids and texts in each place, and the cursor that one holds."""
        return self._calls[operation.key]

    def _made_calls(self, operation: Operation, decision: Decision) -> list[tuple[Call, str]]:
        plain = addressed(operation, decision, self.estate)
        calls = [(plain, "")]
        for name, prefix in id_properties(operation.body_schema or {}):
            if prefix in self.estate.rows:
                value = self.estate.id_of(prefix)
                calls.append((plain.having(body={**(plain.body or {}), name: value}), ""))
        if operation.is_list:
            row, cursor = self._row_and_cursor(operation, plain)
            calls += [
                (call, cursor if name == "cursor" else "")
                for name, call in filtered(operation, plain, row, cursor)
            ]
        return calls

    def owner_sees(self, call: Call) -> Seen:
        """Return what acme's owner is answered at acme's address."""
        return self.seen(self.callers.get("acme_token"), self.at(call, self.estate.words.slug))

    def at(self, call: Call, slug: str) -> Call:
        """Return the call at a tenant's address; what belongs to no tenant keeps its own."""
        return call.having(path=f"/t/{slug}{call.path}") if call.path.startswith("/api/v1/") else call

    def seen(self, caller: Caller, call: Call) -> Seen:
        """Make the call."""
        resolve.ANSWERS = AnswerCache()  # an answer that is kept costs fewer statements, to whomever
        return look(caller, call, before_undo=lambda: self._tell_changes(caller, call))

    def compare(self, caller: Caller, call: Call, *, cursor: str = "", keeps_address: bool = False) -> Seen:
        """Make a call, and the same call with what does not exist; note what tells them apart."""
        pairs = pairs_of(self.estate, cursor)
        if keeps_address:
            pairs = [pair for pair in pairs if pair[0] != self.estate.words.slug]
        seen, unknown = self.seen(caller, call), self.seen(caller, call.with_instead(pairs))
        self.note_read(caller, call, seen)
        if seen.status != unknown.status:
            self.note(caller, call, f"answers {seen.status}, for what does not exist {unknown.status}")
        elif self._plain(call, seen, pairs) != self._plain(call, unknown, pairs):
            self.note(caller, call, f"differs from what does not exist:\n{seen.text}\n{unknown.text}")
        if seen.statements != unknown.statements:
            self.note(caller, call, f"takes other statements:\n{seen.statements}\n{unknown.statements}")
        return seen

    def _plain(self, call: Call, seen: Seen, pairs: list[tuple[str, str]]) -> str:
        """Return an answer without what was sent, and without what is new in each answer about a row just made."""
        is_made = call.method not in SAFE and seen.status < 400
        text = exchanged(seen.text, pairs)
        return NEW.sub("", text) if is_made else text

    def expect(self, caller: Caller, call: Call, seen: Seen, wanted: tuple[int, str]) -> None:
        """Note an answer other than the refusal that was decided."""
        if (seen.status, seen.code) != wanted:
            self.note(caller, call, f"is answered {seen.status} {seen.code}, decided is {wanted}")

    def note_read(self, caller: Caller, call: Call, seen: Seen) -> None:
        """Note each text of acme's in an answer that was not in the call."""
        sent = call.text()
        read = [
            text
            for text in self.texts
            if text in seen.text and text.replace("-", "") not in sent.replace("-", "")
        ]
        if read:
            self.note(caller, call, f"reads {read}")

    def note(self, caller: Caller, call: Call, what: str) -> None:
        """Note a leak."""
        place = f"{call.method} {call.host}{call.path} {call.query or ''} {call.headers or ''}"
        self.leaks.append(f"{caller.name}: {place} {what}")

    def begin(self) -> None:
        """Remember what there is; whoever calls later has been made by now."""
        seal()
        self._before = digest_of(self.estate.schema, self.estate.tenant.pk)

    def changes(self) -> list[str]:
        """Return the tables that are no more as they were when the walk began."""
        if self._before is None:
            return []
        now = digest_of(self.estate.schema, self.estate.tenant.pk)
        kept = {f"{self.estate.schema}.{name}" for name in REFUSAL_TABLES} if self.leaves_refusals else set()
        return [name for name in self._before if self._before[name] != now.get(name) and name not in kept]

    def _tell_changes(self, caller: Caller, call: Call) -> None:
        changed = self.changes() if caller.name != "acme_token" else []
        if changed:
            self.note(caller, call, f"changes {changed}")

    def _row_and_cursor(self, operation: Operation, plain: Call) -> tuple[dict[str, Any], str]:
        """Return a row of acme's list as its owner is shown it, and a cursor of that list."""
        results: list[dict[str, Any]] = json.loads(self.owner_sees(plain).body)["results"]
        first = self.owner_sees(Call("GET", "/api/v1/directory/participants", (("limit", "1"),)))
        return max(results, key=lambda row: len(json.dumps(row))), parse_qs(
            urlsplit(json.loads(first.body)["next"]).query
        )["cursor"][0]
