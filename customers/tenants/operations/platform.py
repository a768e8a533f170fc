"""What the platform itself is made of."""

from django_tenants.utils import get_public_schema_name

from config.foundation.actor import Actor, operation
from customers.tenants.enums import TenantStatus
from customers.tenants.models import Tenant

PLATFORM_NAME = "Platform"


@operation(verb="bootstrap")
def bootstrap_platform(*, actor: Actor, reason: str = "") -> Tenant:  # noqa: ARG001 -- read by the decorator
    """Return the platform's own row, that of the public schema, made where it is missing; it is shown nowhere."""
    public = get_public_schema_name()
    found = Tenant.objects.filter(schema_name=public).first()
    if found is not None:
        return found
    platform = Tenant(schema_name=public, slug=public, name=PLATFORM_NAME, status=TenantStatus.ACTIVE)
    platform.full_clean()
    platform.save()
    return platform
