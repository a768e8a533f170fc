"""Host names of tenants: added, verified, made primary, removed; each under the lock of the tenant's row.

Source: tenancy.md §3.1.
"""

from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError

from config.foundation.actor import Actor, operation
from config.foundation.constraints import missing_reference
from config.foundation.errors import Refused
from config.foundation.rows import public_schema
from customers.tenants.models import Domain, Tenant
from customers.tenants.operations.locking import lock_live_tenant
from customers.tenants.validators import normalized_host


@operation(verb="create")
def add_domain(
    *,
    actor: Actor,  # noqa: ARG001 -- read by the decorator
    tenant: Tenant,
    domain: str,
    verified_at: datetime | None = None,
    reason: str = "",  # noqa: ARG001 -- read by the decorator
) -> Domain:
    """Give a tenant a host name; the first one is its primary.

    Args:
        actor: who adds it.
        tenant: whom the host selects.
        domain: as it is typed: in whatever case, international or as ``xn--…``.
        verified_at: when it was seen that the host is the tenant's; without it the host selects nobody yet.
        reason: why.

    Raises:
        ValidationError: ``host_invalid``, ``host_reserved``, ``domain_taken``; ``tenant_unavailable``.
    """
    with public_schema():
        current = lock_live_tenant(tenant)
        added = draft_domain(current, domain, is_primary=not current.domains.exists())
        added.verified_at = verified_at
        return _saved(added)


@operation(verb="verify")
def verify_domain(
    *,
    actor: Actor,  # noqa: ARG001 -- read by the decorator
    domain: Domain,
    now: datetime,
    reason: str = "",  # noqa: ARG001 -- read by the decorator
) -> Domain:
    """Note that a host is the tenant's, so that it selects it; a second time changes nothing.

    Raises:
        ValidationError: ``not_found`` for one that was removed; ``tenant_unavailable``.
    """
    with public_schema():
        current = _locked(domain)
        if current.verified_at is not None:
            return current
        current.verified_at = now
        return _saved(current)


@operation()
def make_primary(
    *,
    actor: Actor,  # noqa: ARG001 -- read by the decorator
    domain: Domain,
    reason: str = "",  # noqa: ARG001 -- read by the decorator
) -> Domain:
    """Let a host stand for its tenant instead of the one that did; the earlier one stays and selects as before.

    Raises:
        ValidationError: ``not_found`` for one that was removed; ``tenant_unavailable``.
    """
    with public_schema():
        current = _locked(domain)
        if current.is_primary:
            return current
        for earlier in Domain.objects.filter(tenant=current.tenant, is_primary=True).order_by("pk"):
            earlier.is_primary = False
            _saved(earlier)
        current.is_primary = True
        return _saved(current)


@operation(verb="delete")
def remove_domain(
    *,
    actor: Actor,  # noqa: ARG001 -- read by the decorator
    domain: Domain,
    reason: str = "",  # noqa: ARG001 -- read by the decorator
) -> None:
    """Take a host name away from its tenant; it is free for others at once.

    Raises:
        Refused: ``primary_domain``.
        ValidationError: ``not_found`` for one that was removed already; ``tenant_unavailable``.
    """
    with public_schema():
        current = _locked(domain)
        refuse_primary(current)
        current.delete()


def refuse_primary(domain: Domain) -> None:
    """Let pass only a host that does not stand for its tenant, and say how another comes to do so.

    Raises:
        Refused: ``primary_domain``.
    """
    if not domain.is_primary:
        return
    others = Domain.objects.filter(tenant=domain.tenant_id).exclude(pk=domain.pk).order_by("domain", "pk")
    other = others.first()
    remedy = (
        f"Make another one primary first, such as {other}."
        if other is not None
        else "It has no other: add one and make that primary first."
    )
    raise Refused("primary_domain", f"{domain} is the primary host of {domain.tenant}. {remedy}")


def draft_domain(tenant: Tenant, domain: str, *, is_primary: bool) -> Domain:
    """Return an unsaved host name of a tenant, in the form in which hosts are kept.

    Raises:
        ValidationError: ``host_invalid``, ``host_reserved``; at ``domain``.
    """
    try:
        host = normalized_host(domain)
        _refuse_reserved(tenant, host)
    except ValidationError as error:
        raise ValidationError({"domain": error}) from None
    return Domain(tenant=tenant, domain=host, is_primary=is_primary)


def _refuse_reserved(tenant: Tenant, host: str) -> None:
    """Refuse a host that selects something else whatever is kept of it: the platform, or a slug's tenant."""
    own = f"{tenant.slug}.{settings.BASE_DOMAIN}"
    if host in settings.PLATFORM_HOSTS or host == settings.BASE_DOMAIN:
        message = "“%(host)s” is the platform's own host: choose another."
    elif host != own and host.partition(".")[2] == settings.BASE_DOMAIN:
        message = "“%(host)s” selects by the slug it begins with: there, %(tenant)s has only %(own)s."
    else:
        return
    params = {"host": host, "tenant": tenant, "own": own}
    raise ValidationError(message, code="host_reserved", params=params)


def _locked(domain: Domain) -> Domain:
    """Lock the tenant of a host and read the host again."""
    tenant = lock_live_tenant(Tenant(pk=domain.tenant_id))
    current = Domain.objects.filter(pk=domain.pk, tenant=tenant).first()
    if current is None:
        raise missing_reference(Domain)
    current.tenant = tenant
    return current


def _saved(domain: Domain) -> Domain:
    domain.full_clean()
    domain.save()
    return domain
