"""People, what they may do in which tenant, and the tokens that act for them."""

from customers.identity.models.access import Membership, MembershipRole, Privilege, Role, RolePrivilege
from customers.identity.models.people import User, email_key_of
from customers.identity.models.tokens import (
    TOKEN_LIFETIME_MAX,
    ApiToken,
    ApiTokenPrivilege,
    ApiTokenTally,
    ApiTokenUse,
)

__all__ = [
    "TOKEN_LIFETIME_MAX",
    "ApiToken",
    "ApiTokenPrivilege",
    "ApiTokenTally",
    "ApiTokenUse",
    "Membership",
    "MembershipRole",
    "Privilege",
    "Role",
    "RolePrivilege",
    "User",
    "email_key_of",
]
