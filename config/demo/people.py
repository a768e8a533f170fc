"""Who uses the demonstration: an operator, and in each tenant an admin, a member and a token.

Each function leaves what fits as it is, so that a second run writes nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.hashers import check_password

from config.demo.logins import Login
from config.foundation.actor import Actor
from customers.identity.models import ApiToken, Membership, Privilege, Role, User, email_key_of
from customers.identity.operations import (
    add_membership,
    create_token,
    create_user,
    revoke_token,
    set_password,
)
from customers.identity.tokens import find_token
from customers.tenants.models import Tenant
from customers.tenants.operations import create_tenant

TOKEN_NAME = "demo"  # noqa: S105 -- its name
TOKEN_LIFETIME = timedelta(days=364)
TOKEN_PRIVILEGE_FAMILIES = ("directory.", "catalog.", "marketplace.")
TOKEN_PRIVILEGES = ("view_audit",)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody's name and the name of their built-in role."""

    first_name: str
    last_name: str
    role: str = ""


@dataclass(frozen=True, slots=True)
class Firm:
    """A demonstration tenant."""

    slug: str
    name: str
    type: str
    admin: Person
    member: Person


OPERATOR = Person("Olga", "Operator")
FIRMS = (
    Firm("acme", "Acme Bank", "bank", Person("Ada", "Lindgren", "owner"), Person("Bo", "Ek", "member")),
    Firm(
        "globex",
        "Globex Telecom & Invoicing",
        "telecom",
        Person("Greta", "Holm", "owner"),
        Person("Nils", "Falk", "member"),
    ),
)


def ensure_user(*, actor: Actor, login: Login, person: Person, is_operator: bool = False) -> User:
    """Return the person who signs in with this address, with this password."""
    user = User.objects.filter(email_key=email_key_of(login["email"])).first()
    if user is None:
        return create_user(
            actor=actor,
            email=login["email"],
            password=login["password"],
            first_name=person.first_name,
            last_name=person.last_name,
            is_staff=is_operator,
            is_superuser=is_operator,
        )
    if not check_password(login["password"], user.password):
        set_password(actor=actor, user=user, password=login["password"])
    return user


def ensure_tenant(*, actor: Actor, firm: Firm, owner: User) -> Tenant:
    """Return the firm's tenant, made with its schema if it is not there."""
    tenant = Tenant.objects.filter(slug=firm.slug).first()
    if tenant is None:
        tenant = create_tenant(actor=actor, slug=firm.slug, name=firm.name, type=firm.type, owner=owner)
    return tenant


def ensure_membership(*, actor: Actor, user: User, tenant: Tenant, role: str) -> None:
    """Let a person into a tenant in a built-in role, unless they belong to it already."""
    if not Membership.objects.filter(user=user, tenant=tenant).exists():
        roles = [Role.objects.get(tenant__isnull=True, code=role)]
        add_membership(actor=actor, user=user, tenant=tenant, roles=roles)


def ensure_token(*, actor: Actor, user: User, tenant: Tenant, kept: str, now: datetime) -> str:
    """Return the token that was kept while it is good; otherwise revoke the lost one and make a new one."""
    usable = ApiToken.objects.usable(now).filter(user=user, tenant=tenant, name=TOKEN_NAME)
    found = find_token(kept, now)
    if found is not None and found in usable:
        return kept
    for lost in usable.order_by("created_at", "pk"):
        revoke_token(actor=actor, token=lost, now=now)
    return create_token(
        actor=actor,
        user=user,
        tenant=tenant,
        name=TOKEN_NAME,
        privileges=_token_privileges(),
        expires_at=now + TOKEN_LIFETIME,
        may_write=True,
    )


def _token_privileges() -> list[str]:
    codes = Privilege.objects.order_by("code", "pk").values_list("code", flat=True)
    return [code for code in codes if code.startswith(TOKEN_PRIVILEGE_FAMILIES) or code in TOKEN_PRIVILEGES]
