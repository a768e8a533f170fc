"""Forms of tenants and their hosts: they ask, the operations decide."""

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from customers.identity.enums import UserStatus
from customers.identity.models import User
from customers.tenants.models import Domain, Tenant
from customers.tenants.validators import normalized_host

SLUG_HELP = "In addresses, such as /t/acme/. It never changes."
PLAIN_TEXT = {"autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"}


class OperationForm(forms.ModelForm):  # type: ignore[type-arg] # not subscriptable at run time
    """A form whose rules are an operation's: it checks field by field, and leaves the row as it is.

    The operation reads the row again under its lock. ``places`` names the field that shows a refusal, by the code or by
    the column that the refusal concerns.
    """

    places: ClassVar[dict[str, str]] = {}

    def _post_clean(self) -> None:
        """Leave it to the operation to judge the row: it would be judged twice, in other words."""


class TenantForm(OperationForm):
    """What a tenant is called and described by, and below whom it is."""

    places: ClassVar[dict[str, str]] = {
        "name_key": "name",
        "tenant_cycle": "parent",
        "depth_exceeded": "parent",
        "parent_unavailable": "parent",
        "ordering_out_of_range": "ordering",
    }

    class Meta:
        model = Tenant
        fields = ("name", "parent", "type", "description", "head", "ordering", "images", "params")
        help_texts: ClassVar[dict[str, str]] = {"slug": SLUG_HELP}

    def clean_images(self) -> Any:
        """Take an emptied field for no images."""
        return self.cleaned_data["images"] or []

    def clean_params(self) -> Any:
        """Take an emptied field for no parameters."""
        given = self.cleaned_data["params"]
        return {} if given is None else given


class NewTenantForm(OperationForm):
    """What a tenant begins with."""

    places: ClassVar[dict[str, str]] = {**TenantForm.places, "user": "owner"}

    owner = forms.ModelChoiceField(
        queryset=User.objects.filter(status=UserStatus.ACTIVE, deleted_at__isnull=True).order_by(
            "email", "pk"
        ),
        help_text="The person who administers it first, found by name or e-mail address.",
    )
    domain = forms.CharField(
        label="Primary domain",
        required=False,
        max_length=255,
        widget=UnfoldAdminTextInputWidget(attrs=PLAIN_TEXT),
        help_text=f"Left empty: its slug before .{settings.BASE_DOMAIN}. Another one selects it once it is verified.",
    )

    class Meta:
        model = Tenant
        fields = ("name", "slug", "parent", "type", "description")
        help_texts: ClassVar[dict[str, str]] = {"slug": SLUG_HELP}

    def clean_domain(self) -> str:
        """Refuse what is no host name together with whatever else the form refuses."""
        typed: str = self.cleaned_data["domain"]
        return normalized_host(typed) if typed else ""


class DeletionForm(forms.Form):
    """The slug of the tenant that is to go, typed by whoever means it."""

    slug = forms.CharField(required=False, widget=UnfoldAdminTextInputWidget(attrs=PLAIN_TEXT))

    def __init__(self, *args: Any, tenant: Tenant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._tenant = tenant
        self.fields["slug"].label = f"Type {tenant.slug} to confirm"

    def clean_slug(self) -> str:
        """Refuse anything but the slug itself."""
        typed: str = self.cleaned_data["slug"]
        if typed != self._tenant.slug:
            raise ValidationError(
                "“%(typed)s” is not its slug: type %(slug)s to delete this tenant."
                if typed
                else "Type %(slug)s to delete this tenant.",
                code="slug_mismatch",
                params={"typed": typed, "slug": self._tenant.slug},
            )
        return typed


class NewDomainForm(OperationForm):
    """A host for a tenant."""

    places: ClassVar[dict[str, str]] = {"tenant_unavailable": "tenant"}

    domain = forms.CharField(
        label="Host name",
        max_length=255,
        widget=UnfoldAdminTextInputWidget(attrs=PLAIN_TEXT),
        help_text="Without port, such as bank.example; international names may be typed as they are read.",
    )
    is_verified = forms.BooleanField(
        label="Verified: this host is the tenant's",
        required=False,
        widget=UnfoldBooleanWidget,
        help_text="Until it is verified, a host selects nobody.",
    )

    class Meta:
        model = Domain
        fields = ("tenant",)
