"""Walks the operations of both documents as one caller."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.journeys.isolation.calls import Call, Seen
from tests.journeys.isolation.decisions import DECISIONS, Decision
from tests.journeys.isolation.documents import Operation, operations
from tests.journeys.isolation.estate import Estate
from tests.journeys.isolation.placing import addressed, declared, filtered, id_properties, known_by
from tests.journeys.isolation.watch import Watch


class Walk(Watch):
    """A watch, and each operation's calls with all that acme has."""

    def __init__(self, estate: Estate, others: Estate) -> None:
        super().__init__(estate, others)
        self._declared: dict[str, Call] = {}
        # Made before the walk begins: acme's owner reads for it, and what is confidential leaves an event.
        self._calls = {one.key: self._made_calls(one, decision) for one, decision in self.operations()}

    def operations(self, document: str = "") -> Iterator[tuple[Operation, Decision]]:
        """Yield each operation (of one document) with its decision."""
        for key, operation in sorted(operations().items()):
            if document in ("", operation.document):
                yield operation, DECISIONS[key]

    def calls_of(self, operation: Operation) -> list[tuple[Call, str]]:
        """Return the operation's calls with acme's ids and texts in each place, and the cursor that one holds."""
        return self._calls[operation.key]

    def call_with_all(self, operation: Operation) -> Call:
        """Return a list's call with every parameter of the query at once."""
        return self._declared[operation.key]

    def _made_calls(self, operation: Operation, decision: Decision) -> list[tuple[Call, str]]:
        plain = addressed(operation, decision, self.estate)
        calls = [(plain, "")]
        for name, prefix in id_properties(operation.body_schema or {}):
            if prefix in self.estate.rows:
                value = self.estate.id_of(prefix)
                calls.append((plain.having(body={**(plain.body or {}), name: value}), ""))
        for name, prefix, schema in operation.natural_properties():
            others = {key: value for key, value in (plain.body or {}).items() if key != f"{name}_id"}
            named = known_by(self.estate.rows[prefix], schema, self.estate.words.word)
            calls.append((plain.having(body=others | {name: named}), ""))
        if operation.is_list:
            row, cursor = self._row_and_cursor(operation, plain)
            everything = tuple(declared(operation, row, cursor, self.estate))
            self._declared[operation.key] = plain.having(query=everything)
            calls += [
                (call, cursor if name == "cursor" else "")
                for name, call in filtered(operation, plain, row, cursor)
            ]
        return calls

    def owner_sees(self, call: Call) -> Seen:
        """Return what acme's owner is answered at acme's address."""
        return self.seen(self.callers.get("acme_token"), self.at(call, self.estate.words.slug))

    def _row_and_cursor(self, operation: Operation, plain: Call) -> tuple[dict[str, Any], str]:
        """Return a row of acme's list as its owner is shown it, and a cursor of that list."""
        results: list[dict[str, Any]] = json.loads(self.owner_sees(plain).body)["results"]
        first = self.owner_sees(Call("GET", "/api/v1/directory/participants", (("limit", "1"),)))
        return max(results, key=lambda row: len(json.dumps(row))), parse_qs(
            urlsplit(json.loads(first.body)["next"]).query
        )["cursor"][0]
