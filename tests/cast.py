"""The cast of the tests: two tenants and the people around them, made once into the template database."""

from datetime import UTC, datetime, timedelta
from typing import Any

from config.foundation.actor import Actor
from config.schemas import migrate_schemas
from customers.identity.models import Role, User, email_key_of
from customers.identity.operations import add_membership, create_token, create_user
from customers.tenants.models import Tenant
from customers.tenants.operations import bootstrap_platform, create_tenant

ACTOR = Actor.system("tests")
PASSWORD = "correct horse battery staple"
TENANTS = {"acme": "Acme Bank", "globex": "Globex Telecom"}
PEOPLE: dict[str, dict[str, Any]] = {
    "operator": {"is_staff": True, "is_superuser": True},
    "clerk": {"is_staff": True},
    "acme_admin": {"tenant": "acme", "role": "owner"},
    "acme_member": {"tenant": "acme", "role": "member"},
    "globex_admin": {"tenant": "globex", "role": "owner"},
    "outsider": {},
}


def fill() -> None:
    """Make schemas, tenants, people and their memberships in the database that is selected."""
    migrate_schemas(tell=lambda _line: None)
    bootstrap_platform(actor=ACTOR)
    for name, traits in PEOPLE.items():
        create_user(
            actor=ACTOR,
            email=email_of(name),
            password=PASSWORD,
            first_name=name.replace("_", " ").title(),
            is_staff=bool(traits.get("is_staff")),
            is_superuser=bool(traits.get("is_superuser")),
        )
    for slug, title in TENANTS.items():
        create_tenant(actor=ACTOR, slug=slug, name=title)
    for name, traits in PEOPLE.items():
        if "tenant" in traits:
            roles = [Role.objects.get(tenant__isnull=True, code=traits["role"])]
            add_membership(actor=ACTOR, user=user(name), tenant=tenant(str(traits["tenant"])), roles=roles)


def email_of(name: str) -> str:
    """Return the address that a person of the cast signs in with."""
    return f"{name.replace('_', '.')}@example.com"


def user(name: str) -> User:
    """Return a person of the cast."""
    return User.objects.get(email_key=email_key_of(email_of(name)))


def tenant(slug: str) -> Tenant:
    """Return a tenant of the cast."""
    return Tenant.objects.get(slug=slug)


def make_token(slug: str, *privileges: str, may_write: bool = False) -> str:
    """Return a token of the tenant's owner, good for a day, that holds exactly these privileges."""
    now = datetime.now(UTC)
    return create_token(
        actor=ACTOR,
        user=user(f"{slug}_admin"),
        tenant=tenant(slug),
        name="test",
        privileges=list(privileges),
        may_write=may_write,
        allowed_networks=[],
        expires_at=now + timedelta(days=1),
    )
