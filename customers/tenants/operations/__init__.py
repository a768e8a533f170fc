"""Changes of tenants, each one transaction attributed to its actor."""

from customers.tenants.operations.creation import (
    CreatedStep,
    create_tenant,
    on_tenant_created,
    register_tenant,
)
from customers.tenants.operations.platform import bootstrap_platform
from customers.tenants.operations.provisioning import provision_after_commit, provision_tenant

__all__ = [
    "CreatedStep",
    "bootstrap_platform",
    "create_tenant",
    "on_tenant_created",
    "provision_after_commit",
    "provision_tenant",
    "register_tenant",
]
