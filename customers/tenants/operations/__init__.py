"""Changes of tenants, each one transaction attributed to its actor."""

from customers.tenants.operations.creation import create_tenant, register_tenant, update_tenant
from customers.tenants.operations.domains import (
    add_domain,
    make_primary,
    refuse_primary,
    remove_domain,
    verify_domain,
)
from customers.tenants.operations.lifecycle import Moment, on_lifecycle, register_usage, usage_of
from customers.tenants.operations.platform import bootstrap_platform
from customers.tenants.operations.provisioning import provision_after_commit, provision_tenant
from customers.tenants.operations.states import (
    RESTORABLE_FOR,
    delete_tenant,
    restore_tenant,
    set_tenant_status,
)
from customers.tenants.operations.tree import move_tenant

__all__ = [
    "RESTORABLE_FOR",
    "Moment",
    "add_domain",
    "bootstrap_platform",
    "create_tenant",
    "delete_tenant",
    "make_primary",
    "move_tenant",
    "on_lifecycle",
    "provision_after_commit",
    "provision_tenant",
    "refuse_primary",
    "register_tenant",
    "register_usage",
    "remove_domain",
    "restore_tenant",
    "set_tenant_status",
    "update_tenant",
    "usage_of",
    "verify_domain",
]
