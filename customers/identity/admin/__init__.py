"""Pages of people and access, for operators. No page shows a secret or a hash."""

from customers.identity.admin.access import MembershipAdmin, PrivilegeAdmin, RoleAdmin
from customers.identity.admin.people import UserAdmin
from customers.identity.admin.tokens import ApiTokenAdmin, TenantTokenAdmin

__all__ = ["ApiTokenAdmin", "MembershipAdmin", "PrivilegeAdmin", "RoleAdmin", "TenantTokenAdmin", "UserAdmin"]
