"""What the pages of tenants share: refusals at the field, and who acts."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse

from config.foundation.actor import Actor
from config.foundation.admin import AuditedAdmin, View, sentence_of
from config.foundation.errors import Refused
from customers.tenants.models import Tenant
from customers.tenants.operations import provision_tenant


class RefusingAdmin(AuditedAdmin):
    """Pages that show what an operation refused at the field that it concerns, with everything as it was typed.

    The form is a ``RefusableForm``.
    """

    def changeform_view(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Note that a form is at work, which is shown again when its operation refuses."""
        request.has_form = True
        return super().changeform_view(request, *args, **kwargs)

    def answer_refused(self, request: Any, view: View, refusal: Refused | ValidationError) -> HttpResponse:
        """Show the form again, with the refusal."""
        if not getattr(request, "has_form", False):
            return super().answer_refused(request, view, refusal)
        request.refusal = refusal
        return view()

    def get_form(self, request: Any, obj: Any = None, **kwargs: Any) -> Any:
        """Hand the refusal to the form."""
        form = super().get_form(request, obj, **kwargs)
        return type(form.__name__, (form,), {"refusal": getattr(request, "refusal", None)})


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
