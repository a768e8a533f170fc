"""Every writable table of the tenant's API, found in its document, with a body that it takes."""

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.db import connection

from config.foundation.rows import public_schema
from config.openapi import document_bytes
from directory.models import Identifier, Participant, PrefixRule, RoutingArtifact
from directory.operations import save_row
from directory.rest.resources import RESOURCES, WrittenResource
from tests.cast import ACTOR
from tests.directory.rest.calling import Api
from tests.directory.rest.conftest import fill, saved
from tests.openapi import resolved

PREFIX = "/api/v1/"
DIRECTORY = "/api/v1/directory/"
DISPLAY_ID = re.compile("[a-z]{3}_[0-9a-f]{32}")
COUNTED = "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'"


@dataclass(frozen=True)
class Table:
    """A collection that takes POST, with the schemas and examples of its document."""

    path: str
    schema: dict[str, Any]
    example: dict[str, Any]

    @property
    def fields(self) -> dict[str, dict[str, Any]]:
        """Return the schema of each key."""
        return {name: merged(one) for name, one in self.schema["properties"].items()}


@cache
def document() -> dict[str, Any]:
    """Return the document of the tenants' API."""
    found: dict[str, Any] = json.loads(document_bytes(settings.TENANT_URLCONF, "json"))
    return found


def merged(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema with what it refers to written into it."""
    parts = [resolved(document(), one) for one in schema.get("allOf", ())]
    return {**{key: value for part in parts for key, value in part.items()}, **schema}


@cache
def tables() -> list[Table]:
    """Return every collection of the directory with a POST that creates a row, in the order of the document."""
    found = []
    for path, methods in document()["paths"].items():
        operation = methods.get("post")
        if operation is None or "201" not in operation["responses"] or not path.startswith(DIRECTORY):
            continue
        content = operation["requestBody"]["content"]["application/json"]
        schema = next(iter(content["schema"].get("oneOf", [content["schema"]])))  # one row; the other is many
        example = content["examples"]["example"]["value"]
        found.append(Table(path.removeprefix(PREFIX), resolved(document(), schema), example))
    return found


@dataclass
class Written:
    """A tenant with a row in each table, and a caller who may write."""

    api: Api
    tenant: Any
    ids: dict[str, str]

    def body(self, table: Table) -> dict[str, Any]:
        """Return the documented body, with references to rows that are there, and a name of its own."""
        body = {name: value for name, value in table.example.items() if value is not None}
        body |= {
            name: self.ids[value[:3]] for name, value in body.items() if DISPLAY_ID.fullmatch(str(value))
        }
        body |= {"to_id": self.ids["global"]} if "to_end" in body else {}
        own = {"name": "another", "external_id": "ext-1", "version": 9, "document_type": "other"}
        return body | {name: value for name, value in own.items() if name in table.fields}

    def row_path(self, table: Table) -> str:
        """Return the address of the row that the table has."""
        return f"{table.path}/{self.ids[table.path]}"

    def send(self, method: str, path: str, body: Any, **headers: str) -> Any:
        """Send bytes as they are, anything else as JSON."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {"Authorization": f"Bearer {self.api.token}", "If-Match": "*"} | headers
        return self.api.client.generic(
            method, self.api.address(path), raw, content_type="application/json", headers=given
        )

    def stored(self) -> dict[str, Any]:
        """Return what each table of the tenant holds but for refusals in the chain, as a digest."""
        with self.tenant, connection.cursor() as cursor:
            cursor.execute(COUNTED)
            names = [name for (name,) in cursor.fetchall() if name.startswith("directory_")]
            digests = {}
            for name in names:
                cursor.execute(
                    f'SELECT count(*), md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM "{name}" t'
                )
                digests[name] = cursor.fetchone()
        return digests


def written(api: Api, tenant: Any) -> Written:
    """Fill a tenant with a row of each table, and the global directory with an identifier."""
    with public_schema():
        bank = saved(Participant(name="Bank"))
        known = saved(Identifier(participant=bank, identifier_type="bic", value="NDEASESS"))
    with tenant:
        fill(0)
        rows = {"global": known.display_id}
        for resource in RESOURCES:
            if issubclass(resource, WrittenResource):
                plural = resource.plural.replace(" ", "-")
                model: Any = resource.model
                row = model.objects.order_by("pk").first()
                rows[f"directory/{plural}"] = rows[model.display_prefix] = row.display_id
        draft = save_row(actor=ACTOR, row=RoutingArtifact(kind="bin_table", name="draft"))
        rule = save_row(actor=ACTOR, row=PrefixRule(artifact=draft, prefix="4222"))
    rows |= dict.fromkeys(("art", "directory/routing-artifacts"), draft.display_id)
    rows |= dict.fromkeys(("prx", "directory/prefix-rules"), rule.display_id)
    return Written(api, tenant, rows)
