"""Calls the API as one caller of one tenant."""

import json
from dataclasses import dataclass, field
from typing import Any

from django.test import Client


@dataclass
class Api:
    """A caller: which tenant's addresses, which token. Changes whatever state a row is in, unless told which."""

    slug: str
    token: str = ""
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def get(self, path: str, query: Any = None, **headers: str) -> Any:
        return self.client.get(self.address(path), query, headers=self._headers(headers))

    def post(self, path: str, body: Any, *, content_type: str = "application/json", **headers: str) -> Any:
        return self.client.post(
            self.address(path), body, content_type=content_type, headers=self._headers(headers)
        )

    def request(self, method: str, path: str, **headers: str) -> Any:
        return self.client.generic(method, self.address(path), headers=self._headers(headers))

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Send any method with a JSON body, or without a body."""
        content = b"" if body is None else json.dumps(body)
        return self.client.generic(
            method,
            self.address(path),
            content,
            content_type="application/json",
            headers=self._headers(headers),
        )

    def list(self, table: str, query: Any = None) -> list[dict[str, Any]]:
        response = self.get(f"directory/{table}", query)
        assert response.status_code == 200, response.content
        rows: list[dict[str, Any]] = response.json()["results"]
        return rows

    def ids(self, table: str, query: Any = None) -> set[str]:
        return {row["id"] for row in self.list(table, query)}

    def address(self, path: str) -> str:
        return path if path.startswith("/") else f"/t/{self.slug}/api/v1/{path}"

    def _headers(self, headers: dict[str, str]) -> dict[str, str]:
        given = {
            name.replace("_", "-"): value for name, value in ({"if_match": "*"} | headers).items() if value
        }
        return ({"Authorization": f"Bearer {self.token}"} if self.token else {}) | given


def problem_of(response: Any) -> dict[str, Any]:
    """Return a problem, having checked that it is one."""
    assert response["Content-Type"] == "application/problem+json", response.content
    body: dict[str, Any] = response.json()
    assert body["status"] == response.status_code
    assert body["type"].endswith(f"/problems/{body['code']}")
    assert body["request_id"] == response["X-Request-ID"]
    assert body["instance"] == f"urn:uuid:{body['request_id']}"
    return body


def places(response: Any) -> list[tuple[str, str]]:
    """Return (place, code) of each fault of a problem."""
    return [
        (one.get("pointer") or one.get("parameter") or one.get("header"), one["code"])
        for one in problem_of(response)["errors"]
    ]
