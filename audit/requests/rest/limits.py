"""The limits that a caller falls under, and how they stand."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from config.foundation.limits import Standing
from config.foundation.rest.limits import BULK_ITEMS_PER_COST, MEANINGS, meter_of
from config.foundation.rest.operations import Component, Operation
from config.foundation.rest.views import AdmittedView

TAG = "Limits"
LIMITS = Component(
    "CallerLimits",
    {
        "type": "object",
        "required": ["limits"],
        "additionalProperties": False,
        "properties": {
            "limits": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["policy", "meaning", "quota", "window_s", "remaining", "resets_in_s"],
                    "additionalProperties": False,
                    "properties": {
                        "policy": {
                            "type": "string",
                            "enum": list(MEANINGS),
                            "description": "Its name in `RateLimit-Policy`, `RateLimit` and a refusal.",
                        },
                        "meaning": {"type": "string", "description": "Whose requests are counted together."},
                        "quota": {"type": "integer", "minimum": 1, "description": "Requests in a window."},
                        "window_s": {
                            "type": "integer",
                            "minimum": 1,
                            "description": "Length of a window; it begins with its first request.",
                        },
                        "remaining": {
                            "type": ["integer", "null"],
                            "minimum": 0,
                            "description": "What is left, as far as the process that answers knows; null: unknown.",
                        },
                        "resets_in_s": {
                            "type": ["integer", "null"],
                            "minimum": 1,
                            "description": "Until the window ends and the quota is whole again; null: unknown.",
                        },
                    },
                },
            },
        },
    },
)
EXAMPLE = {
    "limits": [
        {
            "policy": "token",
            "meaning": MEANINGS["token"],
            "quota": 60000,
            "window_s": 60,
            "remaining": 59958,
            "resets_in_s": 17,
        }
    ]
}


class Limits(AdmittedView):
    """The limits of the caller's own requests; this one counts as well."""

    operations = {
        "get": Operation(
            operation_id="limits_list",
            summary="Read your rate limits",
            description=(
                "The limits that requests with this credential fall under here, and how they stand; a policy that is "
                "off is not listed. Needs no privilege. Every request costs one, whatever it is answered and this one "
                f"too; a bulk resolution or write one for each {BULK_ITEMS_PER_COST} of its items. Without a "
                "credential the limit of the address stands in the headers of the refusal."
            ),
            tag=TAG,
            response=LIMITS,
            response_example=EXAMPLE,
            errors=("unknown_parameter",),
        )
    }

    def needed_privileges(self) -> tuple[str, ...]:
        """Return none: whoever is let in may know how they stand."""
        return ()

    def get(self, request: Request) -> Response:
        """Answer the limits that this request was counted against."""
        standings = meter_of(request._request).standings()  # noqa: SLF001 -- Django's
        return Response({"limits": [_shown(standing) for standing in standings]})


def _shown(standing: Standing) -> dict[str, Any]:
    policy = standing.limit.policy
    return {
        "policy": policy.name,
        "meaning": MEANINGS[policy.name],
        "quota": policy.quota,
        "window_s": policy.window_s,
        "remaining": standing.remaining,
        "resets_in_s": standing.resets_in_s,
    }
