"""Every operation of both documents, called by everybody who must learn nothing of acme, with all that acme has."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from directory.resolution.cache import AnswerCache
from directory.rest import resolve
from tests.journeys.isolation.callers import make_callers
from tests.journeys.isolation.calls import Call, Caller, Seen, exchanged, look
from tests.journeys.isolation.decisions import DECISIONS, LACKING, STRANGERS, Decision
from tests.journeys.isolation.documents import Operation, operations
from tests.journeys.isolation.estate import Estate
from tests.journeys.isolation.placing import addressed, at_acme, beside, filtered, pairs_of

GLOBEX_CALLERS = ("globex_owner", "globex_token", "globex_unbound_token")
MISMATCH = (403, "tenant_mismatch")


class Journey:
    """One operation, acme's estate, and everybody who calls."""

    def __init__(self, key: str, estate: Estate, globex: Any, unchanged: Any) -> None:
        self.operation: Operation = operations()[key]
        self.decision: Decision = DECISIONS[key]
        self.estate = estate
        self.unchanged = unchanged
        self.callers = make_callers(estate.tenant, globex, lacking=self.decision.privilege)
        self.plain = addressed(self.operation, self.decision, estate, base="")
        self.cursor = self._cursor()
        self.pairs = pairs_of(estate, self.cursor)
        self.texts = estate.texts()

    @property
    def base(self) -> str:
        return f"/t/{self.estate.words.slug}" if self.operation.document == "tenant" else ""

    def owner_sees(self, call: Call) -> Seen:
        return look(self.callers["acme_token"], call)

    def calls(self) -> Iterator[tuple[str, Call]]:
        """Yield the operation with each of its places filled, without a base."""
        yield "plain", self.plain
        yield from filtered(self.operation, self.plain, self.row(), self.cursor)

    def row(self) -> dict[str, Any]:
        """Return a row of the list as acme's owner is shown it; nothing where the operation is no list."""
        if not self.is_list:
            return {}
        results: list[dict[str, Any]] = json.loads(self.owner_sees(self.at_base(self.plain)).body)["results"]
        return results[0]

    @property
    def is_list(self) -> bool:
        return "limit" in self.operation.places("query")

    def at_base(self, call: Call) -> Call:
        return call.having(path=f"{self.base}{call.path}")

    def _cursor(self) -> str:
        return ""

    def compare(self, name: str, call: Call, other: Call | None = None, *, counts: bool = True) -> Seen:
        """Make a call and the same with what does not exist; nothing may tell them apart."""
        caller = self.callers[name]
        seen = self._seen(caller, call)
        unknown = self._seen(caller, other or call.with_instead(self.pairs))
        said = f"{name}: {call.method} {call.host}{call.path} {call.query} {call.headers}"
        self.assert_unread(call, seen, said)
        if other is None:
            assert exchanged(seen.text, self.pairs) == exchanged(unknown.text, self.pairs), said
        else:
            assert (seen.status, seen.code) == (unknown.status, unknown.code), said
        assert seen.status == unknown.status, said
        if counts:
            assert seen.statements == unknown.statements, said
        return seen

    def assert_unread(self, call: Call, seen: Seen, said: str) -> None:
        sent = call.text()
        assert [text for text in self.texts if text in seen.text and text not in sent] == [], said

    def _seen(self, caller: Caller, call: Call) -> Seen:
        resolve.ANSWERS = AnswerCache()  # an answer that is kept costs fewer statements, to whomever
        return look(caller, call, before_undo=self.unchanged)


@pytest.fixture
def journey(request: Any, estate: Estate, globex: Any, unchanged: Any) -> Journey:
    return Journey(request.param, estate, globex, unchanged)


every_operation = pytest.mark.parametrize("journey", sorted(DECISIONS), indirect=True)
