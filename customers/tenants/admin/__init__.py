"""Pages of tenants, their hosts and places, for operators."""

from customers.tenants.admin.domains import DomainAdmin
from customers.tenants.admin.placements import PlacementAdmin
from customers.tenants.admin.tenants import TenantAdmin

__all__ = ["DomainAdmin", "PlacementAdmin", "TenantAdmin"]
