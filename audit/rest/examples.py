"""Example objects of the documentation."""

from __future__ import annotations

from typing import Any

BASE = "https://switchboard.example/t/acme/api/v1/audit"
PLATFORM_BASE = "https://switchboard.example/api/v1/audit"
HEX = "8e03978e40d543e8bc936894a57f9324"
UUID_TEXT = "8e03978e-40d5-43e8-bc93-6894a57f9324"
PARTICIPANT = "5b0a1f5e-6f0e-4f8f-9d55-7a3f0c1d2e4b"
MEMBERSHIP = "2f9a6c1d-3e5b-4a7f-8c9d-0e1f2a3b4c5d"
TENANT = "c1d2e3f4-a5b6-4c7d-8e9f-0a1b2c3d4e5f"

EVENT: dict[str, Any] = {
    "id": 42,
    "url": f"{BASE}/events/42",
    "at": "2026-03-02T08:15:00Z",
    "actor": f"user:{UUID_TEXT}",
    "action": "update",
    "resource": "directory.participant",
    "resource_id": PARTICIPANT,
    "summary": "changed participant: changed name from Bank US to Bank of US",
    "payload": {"before": {"name": "Bank US"}, "after": {"name": "Bank of US"}},
    "request_id": UUID_TEXT,
    "reason": "renamed by its owner",
    "tenant_id": None,
}
PLATFORM_EVENT: dict[str, Any] = EVENT | {
    "url": f"{PLATFORM_BASE}/events/42",
    "action": "create",
    "resource": "identity.membership",
    "resource_id": MEMBERSHIP,
    "summary": "created membership",
    "payload": {
        "before": {},
        "after": {"user_id": UUID_TEXT, "tenant_id": TENANT, "status": "active", "source": "manual"},
    },
    "reason": "joined the treasury team",
    "tenant_id": TENANT,
}
_CHAINED: dict[str, Any] = {
    "record": '{"at": "2026-03-02T08:15:00.000000Z", "actor": "…"}',
    "leaf": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "hash_prev": "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
    "hash": "fd61a03af4f77d870fc21e05e7e80678095c92d808cfb3b5c279ee04c74aca13",
}
EVENT_DETAIL = EVENT | _CHAINED
PLATFORM_EVENT_DETAIL = PLATFORM_EVENT | _CHAINED
CONSENT: dict[str, Any] = {
    "id": f"csn_{HEX}",
    "url": f"{BASE}/consents/csn_{HEX}",
    "subject": f"usr_{HEX}",
    "purpose": "terms",
    "text_version": 2,
    "text_digest": "34eed2800bcd8dd01cb2f50b3a2a1ffa2589b4ac260b31ab2b8b3bafbaba7911",
    "action": "given",
    "by": f"user:{UUID_TEXT}",
    "at": "2026-03-02T08:15:00Z",
    "connection_id": None,
    "is_latest": True,
    "is_current": True,
    "created_at": "2026-03-02T08:15:00Z",
    "updated_at": "2026-03-02T08:15:00Z",
    "row_version": 1,
}
