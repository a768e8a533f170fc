"""Example objects of the documentation: one bank, and everything that makes it reachable."""

from __future__ import annotations

from typing import Any

BASE = "https://switchboard.example/t/acme/api/v1/directory"
STAMPS = {"created_at": "2026-03-02T08:15:00Z", "updated_at": "2026-03-02T08:15:00Z", "row_version": 1}
SOURCED = {
    "source": "internal",
    "external_id": "",
    "verified_at": "2026-03-01T12:00:00Z",
    "confidence": 1.0,
    "superseded_at": None,
    **STAMPS,
}
WINDOW: dict[str, Any] = {"valid_from": "2026-01-01T00:00:00Z", "valid_to": None}
HEX = "8e03978e40d543e8bc936894a57f9324"
PARTICIPANT_REFERENCE = {"participant_id": f"par_{HEX}", "participant": {"name": "Bank US"}}
ENDPOINT_KEY = {"protocol": "as4", "address": "https://as4.bankus.com/fi", "profile": "as4.fifi.iso20022.v1"}


def _head(prefix: str, collection: str) -> dict[str, str]:
    return {"id": f"{prefix}_{HEX}", "url": f"{BASE}/{collection}/{prefix}_{HEX}"}


PARTICIPANT = {
    **_head("par", "participants"),
    "name": "Bank US",
    "kind": "organization",
    "country": "US",
    "tags": ["correspondent"],
    "notes": "",
    **SOURCED,
}
IDENTIFIER = {
    **_head("idf", "identifiers"),
    **PARTICIPANT_REFERENCE,
    "identifier_type": "as4.partyId",
    "value": "BANKUS33XXX",
    "normalized": "BANKUS33XXX",
    "scope": "BIC",
    "tier": 0,
    "priority": 10,
    **SOURCED,
}
ENDPOINT = {
    **_head("ept", "endpoints"),
    **PARTICIPANT_REFERENCE,
    **ENDPOINT_KEY,
    "priority": 50,
    "status": "active",
    **WINDOW,
    "qos": {"retries": 3, "receiptsRequired": True},
    "published": False,
    **SOURCED,
}
CAPABILITY = {
    **_head("cap", "capabilities"),
    **PARTICIPANT_REFERENCE,
    "endpoint_id": None,
    "endpoint": None,
    "service": "iso20022.fi",
    "action": "credit.transfer",
    "process": "",
    "document_type": "",
    "constraints_json": {},
    **SOURCED,
}
CREDENTIAL = {
    **_head("crd", "credentials"),
    **PARTICIPANT_REFERENCE,
    "endpoint_id": f"ept_{HEX}",
    "endpoint": ENDPOINT_KEY,
    "credential_type": "sign",
    "vault_ref": "vault://•••",
    "fingerprint": "",
    "certificate": "",
    **WINDOW,
    **SOURCED,
}
POLICY = {
    **_head("pol", "policies"),
    "name": "no-ss7-after-hours",
    "rule_json": {
        "when": {
            "all": [
                {"attr": "endpoint.protocol", "op": "eq", "value": "ss7"},
                {"attr": "time.hour", "op": "gte", "value": 22},
            ]
        }
    },
    "effect": "deny",
    "priority": 100,
    "enabled": True,
    "reason": "Signalling is not watched at night.",
    **STAMPS,
}
EDGE = {
    **_head("edg", "edges"),
    "from_type": "identifier",
    "from_id": f"idf_{HEX}",
    "from_end": "own",
    "to_type": "identifier",
    "to_id": "idf_00000000000000000000000000000001",
    "to_end": "global",
    "relation": "same_as",
    "confidence": 0.9,
    "source": "internal",
    **WINDOW,
    "superseded_at": None,
    **STAMPS,
}
ROUTING_ARTIFACT = {
    **_head("art", "routing-artifacts"),
    "kind": "bin_table",
    "name": "card ranges",
    "version": 3,
    "status": "active",
    "effective_from": "2026-01-01T00:00:00Z",
    "effective_to": None,
    "payload": {},
    "source": "internal",
    "signature": "",
    **STAMPS,
}
PREFIX_RULE = {
    **_head("prx", "prefix-rules"),
    "artifact_id": f"art_{HEX}",
    "artifact": {"kind": "bin_table", "name": "card ranges", "version": 3},
    "prefix": "411111",
    "range_text": "411111",
    "gti": None,
    "tt": None,
    "np": None,
    "nai": None,
    "ssn": None,
    "network_indicator": None,
    "brand": "visa",
    "region": None,
    "calling_prefix": None,
    "origin": None,
    "mode": "solitary",
    "weight": 1,
    "priority": 0,
    "target_protocol": "https",
    "target_address": "https://cards.example/authorize",
    "transport_profile": "",
    "participant_id": None,
    "participant": None,
    "result": {},
    **WINDOW,
    **STAMPS,
}
SOURCE = {
    **_head("src", "sources"),
    "name": "bic",
    "kind": "bic",
    "settings": None,
    "trust_anchors": "",
    "ttl_s": 86400,
    "jitter_s": 0,
    "negative_ttl_s": 60,
    "max_stale_s": 604800,
    "timeout_ms": 3000,
    "retries": 2,
    "breaker_threshold": 5,
    "breaker_cool_down_s": 30,
    "failure_mode": "cached_only",
    "enabled": True,
    **STAMPS,
}
SOURCE_RUN = {
    **_head("run", "source-runs"),
    "source_id": f"src_{HEX}",
    "source": {"name": "bic"},
    "started_at": "2026-03-02T08:15:00Z",
    "finished_at": "2026-03-02T08:16:10Z",
    "state": "succeeded",
    "rows_read": 22000,
    "rows_created": 120,
    "rows_updated": 4,
    "rows_unchanged": 21876,
    "rows_superseded": 0,
    "rows_rejected": 0,
    "errors": [],
    "progress_percent": 100,
    **STAMPS,
}
RESOLVE_REQUEST = {
    "identifiers": [{"type": "as4.partyId", "value": "BANKUS33XXX", "scope": "BIC"}],
    "serviceContext": {"service": "iso20022.fi", "action": "credit.transfer"},
}
PROBE = {
    **_head("prb", "probes"),
    "name": "Bank US takes credit transfers",
    "request": RESOLVE_REQUEST,
    "expected": {"primary": {"target_address": "https://as4.bankus.com/fi"}},
    "last_result": None,
    "last_run_at": None,
    **STAMPS,
}
DIRECTIVE = {
    "target_protocol": "as4",
    "target_address": "https://as4.bankus.com/fi",
    "transport_profile": "as4.fifi.iso20022.v1",
    "security": {
        "signRequired": True,
        "encryptRequired": True,
        "keyRefs": ["vault://certs/bankus/iso20022"],
        "algorithms": {},
    },
    "service_context": {"service": "iso20022.fi", "action": "credit.transfer"},
    "qos": {"retries": 3, "receiptsRequired": True},
    "ttl_seconds": 300,
    "evidence": {"source": "internal", "lastVerified": "2026-03-01T12:00:00Z", "confidenceScore": 1.0},
}
RESOLVE_RESPONSE = {
    "primary": DIRECTIVE,
    "alternates": [],
    "directives": [DIRECTIVE],
    "failure_policy": {"retry": 3, "backoff": "exponential", "circuitBreak": True},
    "evidence": [{"source": "internal", "freshness": "2026-03-01T12:00:00Z", "confidence": 1.0}],
    "resolution_trace": [
        {"level": "1", "source": "tenant override", "outcome": "miss"},
        {"level": "3", "source": "internal directory", "outcome": "hit", "candidates": 1, "directory": "own"},
    ],
    "directory_version": "17.42",
}
