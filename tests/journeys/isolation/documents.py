"""The operations of both OpenAPI documents, and where each takes an id or a text."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from config import urls_platform, urls_tenant
from config.openapi import document_bytes
from tests.openapi import resolved

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
SUFFIXES = re.compile(r"__(n|any|n?(ic|isw|iew|ie))$")
PATTERN_SUFFIXES = re.compile(r"__i?regex$")
NEGATED = re.compile(r"__n[a-z]*$")
PREFIX = re.compile(r"\^\(?(?P<prefixes>[a-z|]{3,})\)?_")


@dataclass(frozen=True)
class Operation:
    """One operation; ``document`` is ``tenant`` or ``platform``."""

    document: str
    id: str
    method: str
    path: str
    parameters: tuple[dict[str, Any], ...]
    body_schema: dict[str, Any] | None
    body_example: Any

    @property
    def key(self) -> str:
        """Return what names the operation in the table of decisions."""
        return f"{self.document}:{self.id}"

    @property
    def is_list(self) -> bool:
        """Tell whether it answers pages."""
        return any(one["name"] == "cursor" for one in self.parameters)

    def texts(self) -> Iterator[str]:
        """Yield the names of the query parameters that take an id or a free text."""
        for one in self.queries():
            schema = _of_one(one)
            is_text = schema.get("type") == "string" and "enum" not in schema and "$ref" not in schema
            if is_text and "format" not in schema and one["name"] != "ordering":
                yield one["name"]

    def queries(self) -> Iterator[dict[str, Any]]:
        """Yield the parameters of the query."""
        return (one for one in self.parameters if one["in"] == "query")

    def choices(self) -> Iterator[tuple[str, str]]:
        """Yield the query parameters that take no text of a tenant's, each with a value that it takes."""
        texts = set(self.texts())
        for one in self.queries():
            if one["name"] not in texts:
                yield one["name"], _value_for(one["name"], _of_one(one))

    def path_prefixes(self) -> dict[str, str]:
        """Return which kind of id each parameter of the path takes; nothing stands for a number."""
        found = {one["name"]: prefix_of(one["schema"]) for one in self.parameters if one["in"] == "path"}
        return {name: prefix for name, prefix in found.items() if name not in self.path_texts()}

    def path_texts(self) -> list[str]:
        """Return the parameters of the path that take a text of the tenant's own."""
        texts = (one for one in self.parameters if one["in"] == "path" and "maxLength" in one["schema"])
        return [one["name"] for one in texts]

    @property
    def needs_a_row(self) -> bool:
        """Tell whether there is an answer only where the path names a row: a write under a key may create it."""
        return bool(self.path_prefixes()) or (bool(self.path_texts()) and self.method == "GET")

    def natural_properties(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Yield each relation of the body that takes an object of attributes: name, prefix of its ids, and schema."""
        properties = (self.body_schema or {}).get("properties", {})
        for name, one in properties.items():
            if f"{name}_id" in properties:
                options = [resolved(documents()[self.document], way) for way in (one, *one.get("anyOf", ()))]
                schema = next(way for way in options if "properties" in way)
                yield name, prefix_of(properties[f"{name}_id"]), schema


def _of_one(parameter: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of one value of a parameter that may be repeated."""
    schema: dict[str, Any] = parameter["schema"]
    return dict(schema.get("items", schema))


def _value_for(name: str, schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return str(schema["enum"][0])
    if name == "ordering":
        return f"-{str(schema['pattern']).split('(')[1].split(')')[0].split('|')[0]}"
    if schema.get("format") == "uuid":
        return str(UUID(int=1))
    return {"boolean": "true", "string": "2026-03-01T12:00:00Z"}.get(schema["type"], "1")


def prefix_of(schema: dict[str, Any]) -> str:
    """Return the display prefix of an id's schema, the first of several; nothing where it is no id."""
    found = PREFIX.match(str(schema.get("pattern", "")))
    return found["prefixes"].split("|")[0] if found else ""


@lru_cache
def documents() -> dict[str, dict[str, Any]]:
    """Return both documents, as they are served."""
    names = {"platform": urls_platform.URLCONF, "tenant": urls_tenant.URLCONF}
    return {name: json.loads(document_bytes(urlconf, "json")) for name, urlconf in names.items()}


def operations_of(name: str, document: dict[str, Any]) -> list[Operation]:
    """Return the operations of a document."""
    return [
        _operation(name, document, method, path, item[method])
        for path, item in document["paths"].items()
        for method in METHODS
        if method in item
    ]


@lru_cache
def operations() -> dict[str, Operation]:
    """Return the operations of both documents by their keys."""
    found = [one for name, document in documents().items() for one in operations_of(name, document)]
    return {one.key: one for one in found}


def _operation(
    name: str, document: dict[str, Any], method: str, path: str, spec: dict[str, Any]
) -> Operation:
    body = resolved(document, spec.get("requestBody", {}))
    content: dict[str, Any] = next(iter(body.get("content", {}).values()), {})
    given = content.get("schema", {})
    one = next(iter(given.get("oneOf", ())), given)  # of one row or many, that of one
    schema = resolved(document, one) if one else None
    examples = content.get("examples", {})
    example = content.get("example") or next((one["value"] for one in examples.values()), None)
    parameters = tuple(resolved(document, one) for one in spec.get("parameters", ()))
    return Operation(name, spec["operationId"], method.upper(), path, parameters, schema, example)
