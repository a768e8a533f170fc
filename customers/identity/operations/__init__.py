"""Changes of people and access, each one transaction attributed to its actor."""

from customers.identity.operations.authority import PLATFORM, Authority, authority_in
from customers.identity.operations.logins import LOGIN_ACTOR, note_failed_login, note_login, note_logout
from customers.identity.operations.memberships import (
    Mapped,
    Mapping,
    add_membership,
    count_members,
    make_creator_owner,
    map_people,
    move_membership,
)
from customers.identity.operations.owners import OWNER_ROLE
from customers.identity.operations.people import create_user, move_user, set_password
from customers.identity.operations.roles import create_role, delete_role, update_role
from customers.identity.operations.tokens import (
    TOKEN_USE_INTERVAL,
    create_token,
    note_token_use,
    revoke_token,
    revoke_tokens_of_tenant,
    rotate_token,
)

__all__ = [
    "LOGIN_ACTOR",
    "OWNER_ROLE",
    "PLATFORM",
    "TOKEN_USE_INTERVAL",
    "Authority",
    "Mapped",
    "Mapping",
    "add_membership",
    "authority_in",
    "count_members",
    "create_role",
    "create_token",
    "create_user",
    "delete_role",
    "make_creator_owner",
    "map_people",
    "move_membership",
    "move_user",
    "note_failed_login",
    "note_login",
    "note_logout",
    "note_token_use",
    "revoke_token",
    "revoke_tokens_of_tenant",
    "rotate_token",
    "set_password",
    "update_role",
]
