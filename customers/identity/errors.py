"""Refusals of people and tokens that HTTP itself has no code for."""

from config.foundation.errors import ErrorKind

ERROR_KINDS = (
    ErrorKind(
        "token_in_query",
        400,
        "The token is in the address",
        "A token in a query string ends up in logs. Send it as Authorization: Bearer sbt_…, and rotate this one.",
    ),
    ErrorKind(
        "last_owner",
        409,
        "The tenant would be left without an owner",
        "A tenant keeps at least one active owner. Make somebody else an owner first.",
    ),
    ErrorKind(
        "ip_not_allowed",
        403,
        "The address is not allowed",
        "The token may be used from listed networks only, and the request came from elsewhere.",
    ),
)
