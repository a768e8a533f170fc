"""Example objects of the documentation."""

from __future__ import annotations

from typing import Any

from customers.identity.serializers import NOT_REPLAYED

HEX = "8e03978e40d543e8bc936894a57f9324"
BASE = "https://switchboard.example"
TOKEN: dict[str, Any] = {
    "id": f"tok_{HEX}",
    "url": f"{BASE}/api/v1/me/tokens/tok_{HEX}",
    "name": "nightly import",
    "key_id": "mfzwizltonss",
    "tenant_id": f"ten_{HEX}",
    "tenant": "acme",
    "privileges": ["directory.manage", "directory.read"],
    "may_write": True,
    "allowed_networks": ["203.0.113.0/24"],
    "is_enabled": True,
    "expires_at": "2027-03-01T00:00:00Z",
    "revoked_at": None,
    "previous_until": None,
    "created_at": "2026-03-02T08:15:00Z",
    "updated_at": "2026-03-02T08:15:00Z",
    "row_version": 1,
}
LISTED = TOKEN | {"last_used_at": "2026-03-02T09:30:00Z"}
NEW = TOKEN | {"token": "sbt_mfzwizltonss.shown-once", "notice": None}
ROTATED = NEW | {"previous_until": "2026-03-03T08:15:00Z", "row_version": 2}
REPLAYED = TOKEN | {"token": None, "notice": NOT_REPLAYED}
WRITE: dict[str, Any] = {
    "name": "nightly import",
    "tenant_id": f"ten_{HEX}",
    "privileges": ["directory.manage", "directory.read"],
    "may_write": True,
    "allowed_networks": ["203.0.113.0/24"],
    "expires_at": "2027-03-01T00:00:00Z",
}
USE: dict[str, Any] = {
    "last_used_at": "2026-03-02T09:30:00Z",
    "last_address": "203.0.113.7",
    "last_agent": "curl/8.5",
    "days": [{"day": "2026-03-02", "answered": 1204, "refused": {"permission_denied": 2}}],
}
_OWNED = {"id": TOKEN["id"], "url": f"{BASE}/t/acme/api/v1/tokens/tok_{HEX}"}
OWNED = (
    _OWNED
    | {"user_id": f"usr_{HEX}", "user": "Ada Example"}
    | {k: v for k, v in TOKEN.items() if k not in _OWNED}
)
LISTED_OWNED = OWNED | {"last_used_at": "2026-03-02T09:30:00Z"}
