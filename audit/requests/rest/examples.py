"""Example objects of the documentation."""

from typing import Any

UUID_TEXT = "8e03978e-40d5-43e8-bc93-6894a57f9324"
HEX = "8e03978e40d543e8bc936894a57f9324"
JOB: dict[str, Any] = {
    "id": f"job_{HEX}",
    "url": f"https://switchboard.example/t/acme/api/v1/jobs/job_{HEX}",
    "kind": "audit_verification",
    "state": "running",
    "actor": f"user:{UUID_TEXT}",
    "request_id": UUID_TEXT,
    "reason": "quarterly control",
    "input": {},
    "progress_done": 120000,
    "progress_total": 450000,
    "message": "verifying events",
    "attempt": 1,
    "cancel_asked_at": None,
    "started_at": "2026-03-02T08:15:01Z",
    "finished_at": None,
    "result": None,
    "created_at": "2026-03-02T08:15:00Z",
    "updated_at": "2026-03-02T08:15:02Z",
    "row_version": 4,
}
JOB_DETAIL: dict[str, Any] = JOB | {"errors": []}
QUEUED: dict[str, Any] = JOB_DETAIL | {
    "state": "queued",
    "progress_done": 0,
    "progress_total": None,
    "message": "",
    "attempt": 0,
    "started_at": None,
    "updated_at": "2026-03-02T08:15:00Z",
    "row_version": 1,
}
CANCELLED: dict[str, Any] = QUEUED | {
    "state": "cancelled",
    "cancel_asked_at": "2026-03-02T08:15:03Z",
    "finished_at": "2026-03-02T08:15:03Z",
    "updated_at": "2026-03-02T08:15:03Z",
    "row_version": 2,
}
