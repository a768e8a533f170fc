"""What the pages of tenants share: who acts, and another try at a schema."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from config.foundation.actor import Actor
from config.foundation.admin import sentence_of
from config.foundation.errors import Refused
from customers.tenants.models import Tenant
from customers.tenants.operations import provision_tenant


def actor_of(request: Any) -> Actor:
    """Return the person who is signed in, as an actor."""
    return Actor.user(request.user.pk)


def provision_again(request: HttpRequest, tenant: Tenant) -> None:
    """Try to make what is missing of a tenant's schema, and say what came of it; outside of any transaction."""
    try:
        provision_tenant(actor=actor_of(request), tenant=tenant)
    except (Refused, ValidationError) as refusal:
        messages.error(request, sentence_of(refusal))
    else:
        messages.success(request, f"{tenant} is ready.")
