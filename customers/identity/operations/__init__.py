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
from customers.identity.operations.rights import TokenRights, grantable_codes
from customers.identity.operations.roles import create_role, delete_role, update_role
from customers.identity.operations.token_use import TokenUses, token_uses, write_token_uses
from customers.identity.operations.tokens import (
    ROTATION_OVERLAP,
    ROTATION_OVERLAP_MAX,
    Issued,
    change_token,
    create_token,
    issue_token,
    revoke_token,
    revoke_tokens_of_tenant,
    rotate_token,
)
from customers.identity.operations.usage import USAGE_DAYS, DayOfUse, Usage, usage_of_token

__all__ = [
    "LOGIN_ACTOR",
    "OWNER_ROLE",
    "PLATFORM",
    "ROTATION_OVERLAP",
    "ROTATION_OVERLAP_MAX",
    "USAGE_DAYS",
    "Authority",
    "DayOfUse",
    "Issued",
    "Mapped",
    "Mapping",
    "TokenRights",
    "TokenUses",
    "Usage",
    "add_membership",
    "authority_in",
    "change_token",
    "count_members",
    "create_role",
    "create_token",
    "create_user",
    "delete_role",
    "grantable_codes",
    "issue_token",
    "make_creator_owner",
    "map_people",
    "move_membership",
    "move_user",
    "note_failed_login",
    "note_login",
    "note_logout",
    "revoke_token",
    "revoke_tokens_of_tenant",
    "rotate_token",
    "set_password",
    "token_uses",
    "update_role",
    "usage_of_token",
    "write_token_uses",
]
