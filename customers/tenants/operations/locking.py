"""The lock on a tenant's row, under which its state and what belongs to it are changed."""

from django.core.exceptions import ValidationError

from customers.tenants.models import Tenant


def lock_tenant(tenant: Tenant) -> Tenant:
    """Lock a tenant and read it again.

    Raises:
        ValidationError: ``tenant_unavailable`` for the platform's own row.
    """
    current = Tenant.objects.select_for_update(of=("self",)).get(pk=tenant.pk)
    if current.is_public:
        raise ValidationError("The platform's own row stays as it is.", code="tenant_unavailable")
    return current


def lock_live_tenant(tenant: Tenant) -> Tenant:
    """Lock a tenant that is not deleted and read it again.

    Raises:
        ValidationError: ``tenant_unavailable``.
    """
    current = lock_tenant(tenant)
    refuse_deleted(current)
    return current


def refuse_deleted(tenant: Tenant) -> None:
    """Let pass only a tenant that is not deleted.

    Raises:
        ValidationError: ``tenant_unavailable``.
    """
    if tenant.deleted_at is not None:
        raise ValidationError(
            "%(tenant)s is deleted: restore it first.",
            code="tenant_unavailable",
            params={"tenant": tenant},
        )
