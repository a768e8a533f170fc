"""Refusals of people and tokens that HTTP itself has no code for."""

from config.foundation.errors import ErrorKind

ROLE_NOT_ALLOWED = "role_not_allowed"
ROLE_OF_ANOTHER_TENANT = "This role belongs to another tenant."
MOVED = "tenant_fixed"
STAYS_IN_ITS_TENANT = "A role and a membership stay with the tenant, and the person, that they were made for."

TOKEN_INVALID = "token_invalid"  # noqa: S105 -- a code, of HTTP itself
TOKEN_REVOKED = "token_revoked"  # noqa: S105 -- a code
TOKEN_EXPIRED = "token_expired"  # noqa: S105 -- a code
TOKEN_DISABLED = "token_disabled"  # noqa: S105 -- a code
TOKEN_UNUSABLE = "token_unusable"  # noqa: S105 -- a code
IP_NOT_ALLOWED = "ip_not_allowed"
SECRET_NOT_REPLAYED = "secret_not_replayed"  # noqa: S105 -- a code

ERROR_KINDS = (
    ErrorKind(
        TOKEN_REVOKED,
        401,
        "The token is revoked",
        "The secret is right, and the token was ended for good. Make another one.",
    ),
    ErrorKind(
        TOKEN_EXPIRED,
        401,
        "The token has expired",
        "The secret is right, and the token's time is over. Make another one.",
    ),
    ErrorKind(
        TOKEN_DISABLED,
        401,
        "The token is disabled",
        "The secret is right, and the token is switched off for a while. Its owner can switch it on again.",
    ),
    ErrorKind(
        TOKEN_UNUSABLE,
        409,
        "The token's state does not allow this",
        "A revoked token is not changed any more, and one that is revoked, expired or disabled is not rotated.",
    ),
    ErrorKind(
        "beyond_own_token",
        403,
        "The token may do less than that",
        "A token makes, changes, rotates and revokes no token that may do more than itself; exceeds names in what. "
        "A secret that was replaced ends with its overlap, before the token does. Use the newer one, or sign in as the "
        "person.",
    ),
    ErrorKind(
        SECRET_NOT_REPLAYED,
        409,
        "The secret was shown once",
        "It was in the first answer to this Idempotency-Key, and is kept nowhere: a repetition is given that answer "
        "without it. Where it was lost, its person rotates the token.",
    ),
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
        IP_NOT_ALLOWED,
        403,
        "The address is not allowed",
        "The token may be used from listed networks only, and the request came from elsewhere.",
    ),
    ErrorKind(
        "invalid_transition",
        409,
        "The state does not allow this",
        "What is in this state cannot be moved to the one asked for. The answer names the states that can follow.",
    ),
    ErrorKind(
        "role_in_use",
        409,
        "The role is carried by somebody",
        "used_by counts the memberships that carry the role. Take it from them first, or delete it by force.",
    ),
    ErrorKind(
        ROLE_NOT_ALLOWED,
        400,
        "The role cannot be given here",
        "A role is built in or belongs to one tenant; another tenant's cannot be given.",
    ),
    ErrorKind(
        MOVED,
        409,
        "It belongs to another tenant or person",
        "A role and a membership stay with the tenant, and the person, that they were made for. Make a new one.",
    ),
)
