"""The cast of the tests: two tenants and the people around them, made once into the template database."""

from datetime import UTC, datetime, timedelta

from config.foundation.actor import Actor
from config.schemas import migrate_schemas
from customers.identity.models import Role, User, email_key_of
from customers.identity.operations import add_membership, create_token, create_user
from customers.tenants.models import Tenant
from customers.tenants.operations import bootstrap_platform, create_tenant

ACTOR = Actor.system("tests")
PASSWORD = "correct horse battery staple"
TENANTS = {"acme": "Acme Bank", "globex": "Globex Telecom"}
PEOPLE = {
    "operator": {"is_staff": True, "is_superuser": True},
    "clerk": {"is_staff": True},
    "acme_admin": {"tenant": "acme", "role": "owner"},
    "acme_member": {"tenant": "acme", "role": "member"},
    "globex_admin": {"tenant": "globex", "role": "owner"},
    "outsider": {},
}
