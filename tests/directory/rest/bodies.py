"""A valid body for each table that is written, and a change of it."""

from dataclasses import dataclass
from typing import Any

from tests.directory.rest.calling import Api

RULE = {"when": {"attr": "time.hour", "op": "gte", "value": 22}}
CHANGES: dict[str, dict[str, Any]] = {
    "participants": {"country": "SE"},
    "identifiers": {"value": "MERCHANT-NEW"},
    "endpoints": {"priority": 7},
    "capabilities": {"action": "credit.transfer"},
    "credentials": {"vault_ref": "vault://secret/changed"},
    "policies": {"effect": "allow"},
    "edges": {"confidence": 0.5},
    "routing-artifacts": {"signature": "changed"},
    "prefix-rules": {"priority": 7},
    "sources": {"settings": {"path": "secret-changed"}},
    "probes": {"expected": {"directives": [], "alternates": []}},
}


@dataclass(frozen=True)
class Rows:
    """Display ids of rows that bodies refer to."""

    participant: str
    endpoint: str
    artifact: str

    @classmethod
    def made_by(cls, api: Api) -> "Rows":
        """Create them over the API."""
        participant = _made(api, "participants", {"name": "Parent"})
        endpoint = {"participant_id": participant, "protocol": "as4", "address": "https://as4.example/parent"}
        artifact = {"kind": "bin_table", "name": "parent"}
        return cls(participant, _made(api, "endpoints", endpoint), _made(api, "routing-artifacts", artifact))

    def bodies(self, key: int) -> dict[str, dict[str, Any]]:
        """Return a body by table; those of different keys, one digit each, never collide."""
        mine = {"participant_id": self.participant}
        return {
            "participants": {"name": f"Bank {key}"},
            "identifiers": mine | {"identifier_type": "mid", "value": f"MERCHANT-{key}"},
            "endpoints": mine | {"protocol": "as4", "address": f"https://as4.example/{key}"},
            "capabilities": mine | {"endpoint_id": self.endpoint, "service": f"service{key}"},
            "credentials": mine | {"credential_type": "sign", "vault_ref": f"vault://secret/{key}"},
            "policies": {"name": f"policy {key}", "rule_json": RULE, "effect": "deny"},
            "edges": {
                "from_id": self.participant, "to_id": self.endpoint, "relation": "has_endpoint",
                "source": f"feed{key}",
            },
            "routing-artifacts": {"kind": "bin_table", "name": f"table {key}"},
            "prefix-rules": {"artifact_id": self.artifact, "prefix": f"41111{key}"},
            "sources": {"name": f"source{key}", "kind": "file", "settings": {"path": f"secret-{key}"}},
            "probes": {
                "name": f"probe {key}", "request": {"identifiers": []}, "expected": {"directives": []},
            },
        }  # fmt: skip

    def make_each(self, api: Api, key: int) -> dict[str, str]:
        """Create a row in each table and return its display id by table."""
        return {table: _made(api, table, body) for table, body in self.bodies(key).items()}


def _made(api: Api, table: str, body: dict[str, Any]) -> str:
    answer = api.send("POST", f"directory/{table}", body)
    assert answer.status_code == 201, (table, answer.content)
    return str(answer.json()["id"])
