"""Puts acme's ids and texts into every place of an operation that takes one."""

import json
import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.conf import settings

from config.foundation.display_ids import display_id
from tests.journeys.isolation.calls import Call
from tests.journeys.isolation.decisions import Decision
from tests.journeys.isolation.documents import PATTERN_SUFFIXES, SUFFIXES, Operation, prefix_of
from tests.journeys.isolation.estate import NOBODY, Estate

ID = re.compile(r"\b([a-z]{3})_[0-9a-f]{32}\b")
ABSENT = "0a" * 16  # hex digits of ids of nothing: as long as any other
ABSENT_DASHED = str(UUID(ABSENT))


def addressed(operation: Operation, decision: Decision, estate: Estate) -> Call:
    """Return a call that gets an answer where it may: acme's ids in path and body, and no tenant's address yet."""
    path = operation.path
    for name, prefix in operation.path_prefixes().items():
        path = path.replace(f"{{{name}}}", estate.id_of(prefix))
    for name in operation.path_texts():
        path = path.replace(f"{{{name}}}", estate.keys[name])
    body = decision.body if decision.body is not None else operation.body_example
    return Call(operation.method, path, decision.query, with_ids(body, estate))


def with_ids(body: Any, estate: Estate) -> Any:
    """Return a body with acme's row of the kind wherever it has an id."""

    def own(found: re.Match[str]) -> str:
        return estate.id_of(found[1]) if found[1] in estate.rows else found[0]

    return None if body is None else json.loads(ID.sub(own, json.dumps(body)))


def at_acme(call: Call, estate: Estate) -> Iterator[tuple[str, Call]]:
    """Yield the call, which has no base yet, at acme by path, host and header, each with the name of the way."""
    slug, named = estate.words.slug, display_id("ten", estate.tenant.pk)
    below = f"{slug}.{settings.BASE_DOMAIN}"
    at_path = call.having(path=f"/t/{slug}{call.path}")
    yield "path", at_path
    yield "path and header", at_path.having(headers={"X-Tenant": slug})
    yield "path and id in the header", at_path.having(headers={"X-Tenant": named})
    yield "host", call.having(host=below)
    yield "host and path", at_path.having(host=below)
    yield "header alone", call.having(headers={"X-Tenant": slug})


def beside(call: Call, estate: Estate) -> Iterator[tuple[str, Call]]:
    """Yield a call at another tenant's address, with acme named besides."""
    slug, named = estate.words.slug, display_id("ten", estate.tenant.pk)
    at_own = call
    yield "slug in the header", at_own.having(headers={"X-Tenant": slug})
    yield "id in the header", at_own.having(headers={"X-Tenant": named})
    yield "host below the base domain", at_own.having(host=f"{slug}.{settings.BASE_DOMAIN}")


def filtered(
    operation: Operation, call: Call, row: dict[str, Any], cursor: str
) -> Iterator[tuple[str, Call]]:
    """Yield the call with each parameter of the query that takes an id or a text, filled from a row of acme."""
    for name in operation.texts():
        value = cursor if name == "cursor" else value_of(name, row)
        if value:
            yield name, call.having(query=((name, value),))


def declared(
    operation: Operation, row: dict[str, Any], cursor: str, estate: Estate
) -> Iterator[tuple[str, str]]:
    """Yield every parameter of the query with a value of acme's row, or one that it takes; a text is never missing."""
    for name in operation.texts():
        yield name, cursor if name == "cursor" else value_of(name, row) or estate.words.word
    yield from operation.choices()


def value_of(parameter: str, row: dict[str, Any]) -> str:
    """Return what a row, as its owner is shown it, holds for a filter; nothing where it holds no text."""
    if PATTERN_SUFFIXES.search(parameter):
        return re.escape(value_of(PATTERN_SUFFIXES.sub("", parameter), row))
    name = SUFFIXES.sub("", parameter)
    if name == "q":
        return next((v for v in _texts(row) if v and ("zq7bank" in v or "47009173" in v)), "")
    value: Any = row.get(name)
    if isinstance(value, dict):
        value = value.get("name")
    if value is None and "__" in name:
        outer, _, inner = name.partition("__")
        value = (row.get(outer) or {}).get(inner)
    if isinstance(value, list):
        value = value[0] if value else ""
    return value if isinstance(value, str) else ""


def pairs_of(estate: Estate, cursor: str = "") -> list[tuple[str, str]]:
    """Return acme's words and ids, each with one of nothing that is as long."""
    words = estate.words
    pairs = [(words.word, NOBODY.word), (words.digits, NOBODY.digits), (words.slug, NOBODY.slug)]
    if cursor:
        pairs.insert(0, (cursor, cursor[:-6] + cursor[-6:][::-1]))
    pairs.append((f"/events/{estate.event_id}", f"/events/{'9' * len(str(estate.event_id))}"))
    for row in estate.rows.values():
        pairs += [(row.pk.hex, ABSENT), (str(row.pk), ABSENT_DASHED)]
    return pairs


def known_by(row: Any, schema: dict[str, Any], word: str) -> dict[str, str]:
    """Return the attributes of a row that mark whose it is, of those that it may be named by."""
    values = {name: getattr(row, name, None) for name in schema["properties"]}
    return {name: value for name, value in values.items() if isinstance(value, str) and word in value}


def id_properties(schema: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each property of a body that holds an id, with the prefix of the rows that it names."""
    for name, one in schema.get("properties", {}).items():
        options = [one, *one.get("anyOf", ()), *one.get("oneOf", ())]
        prefix = next((found for option in options if (found := prefix_of(option))), "")
        if prefix:
            yield name, prefix


def _texts(row: dict[str, Any]) -> Iterator[str]:
    for value in row.values():
        if isinstance(value, str):
            yield value
