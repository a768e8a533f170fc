"""Reads an OpenAPI document: follows references, and checks values against its schemas."""

import json
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012


def resolved(document: dict[str, Any], node: dict[str, Any]) -> Any:
    """Return what a reference of the document refers to."""
    while "$ref" in node:
        found = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def checker(document: dict[str, Any], schema: dict[str, Any]) -> Draft202012Validator:
    """Return a validator of values against a schema of the document."""
    whole = {**document, "$id": "urn:document", "$schema": "https://json-schema.org/draft/2020-12/schema"}
    registry = Registry().with_resource("urn:document", Resource.from_contents(whole, DRAFT202012))
    text = json.dumps(schema).replace('"#/', '"urn:document#/')
    return Draft202012Validator(json.loads(text), registry=registry, format_checker=FormatChecker())
