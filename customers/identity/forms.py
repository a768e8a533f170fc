"""Forms of people, memberships, roles and tokens."""

from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID, uuid4

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core import signing
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
)

from customers.identity.enums import MembershipStatus
from customers.identity.models import ApiToken, Membership, Privilege, Role, User, email_key_of
from customers.identity.operations import grantable_codes
from customers.identity.validators import validate_networks
from customers.tenants.models import Tenant

LIFETIMES = {7: "a week", 30: "30 days", 90: "90 days", 180: "180 days", 365: "a year"}
LIFETIME_MARGIN = timedelta(hours=1)  # a year is counted from the moment that the database makes the token


class PersonForm(forms.ModelForm):  # type: ignore[type-arg] # not subscriptable at run time
    """A person, and a new password where one is wanted; the old one is shown in no form."""

    new_password = forms.CharField(
        label="New password",
        required=False,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text="At least 12 characters. Left empty, the password stays as it is; a new person has none then.",
    )

    class Meta:
        model = User
        fields = ("email",)

    def clean_email(self) -> str:
        """Refuse the address of another live person, in whatever case."""
        email: str = self.cleaned_data["email"]
        if User.objects.filter(email_key=email_key_of(email)).exclude(pk=self.instance.pk).exists():
            raise ValidationError("Somebody with this e-mail address exists.", code="email_taken")
        return email

    def clean_new_password(self) -> str:
        """Refuse a weak password."""
        password: str = self.cleaned_data["new_password"]
        if password:
            validate_password(password, self.instance)
        return password


class MembershipForm(forms.ModelForm):  # type: ignore[type-arg] # not subscriptable at run time
    """That a person belongs to a tenant, with the roles held there."""

    granted = forms.ModelMultipleChoiceField(
        label="Roles",
        queryset=Role.objects.none(),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="Built-in roles, and those of the tenant.",
    )

    class Meta:
        model = Membership
        fields = ("user", "tenant", "status", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = Role.objects.select_related("tenant").order_by("tenant__name", "title", "pk")
        if self._is_mapped:
            offered = offered.filter(tenant__isnull=True) | offered.filter(tenant=self.instance.tenant_id)
            self.fields["granted"].initial = list(self.instance.roles.values_list("pk", flat=True))
        self.fields["granted"].queryset = offered  # type: ignore[attr-defined] # a field of models

    @property
    def _is_mapped(self) -> bool:
        return not self.instance._state.adding

    def clean(self) -> dict[str, Any]:
        """Ask for a reason where one is due, and for roles that the tenant has."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        status, tenant = values.get("status"), values.get("tenant") or getattr(self.instance, "tenant", None)
        if status in (MembershipStatus.INACTIVE, MembershipStatus.ARCHIVED) and not values.get("reason"):
            self.add_error("reason", ValidationError("Say why.", code="reason_required"))
        foreign = [role for role in values.get("granted", ()) if role.tenant_id and role.tenant != tenant]
        if foreign:
            self.add_error(
                "granted", ValidationError("A role belongs to another tenant.", code="role_not_allowed")
            )
        return values


class RoleForm(forms.ModelForm):  # type: ignore[type-arg] # not subscriptable at run time
    """A role with its privileges."""

    granted = forms.ModelMultipleChoiceField(
        label="Privileges",
        queryset=Privilege.objects.order_by("code", "pk"),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="Only those that you hold yourself can be given or taken.",
    )

    class Meta:
        model = Role
        fields = ("title", "tenant", "is_admin")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding and "granted" in self.fields:
            self.fields["granted"].initial = list(self.instance.privileges.values_list("pk", flat=True))

    def clean(self) -> dict[str, Any]:
        """Refuse a title whose code another role of the tenant has."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        code = "_".join(values.get("title", "").lower().split())
        tenant = values.get("tenant") or self.instance.tenant
        others = Role.objects.filter(tenant=tenant, code=code).exclude(pk=self.instance.pk)
        if code and others.exists():
            self.add_error("title", ValidationError("A role with this title exists.", code="duplicate"))
        return values


class NetworksField(forms.CharField):
    """Networks, one a line; cleaned to the list of them."""

    widget = UnfoldAdminTextareaWidget(attrs={"rows": 3, "spellcheck": "false"})

    def __init__(self, **options: Any) -> None:
        help_text = "In CIDR form, one a line. Empty: from anywhere."
        super().__init__(required=False, help_text=help_text, **options)

    def prepare_value(self, value: Any) -> Any:
        """Return the text that is shown."""
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        """Return the networks.

        Raises:
            ValidationError: ``networks_invalid``.
        """
        networks = super().clean(value).split()
        validate_networks(networks)
        return networks


class TokenForm(forms.ModelForm):  # type: ignore[type-arg] # not subscriptable at run time
    """What of a token is changed: ``written`` names what the person may change of this one."""

    written: tuple[str, ...] = ()

    networks = NetworksField()

    class Meta:
        model = ApiToken
        fields = ("name", "is_enabled")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.fields.keys() - self.written:  # one that is declared is there though it is not shown
            del self.fields[name]
        self.initial["networks"] = self.instance.allowed_networks


class PrivilegesField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg] # not subscriptable at run time
    """Privileges to choose from, each with what it allows."""

    widget = UnfoldAdminCheckboxSelectMultipleWidget

    def label_from_instance(self, obj: Any) -> str:
        """Return what is said of a privilege."""
        return f"{obj.code} — {obj.description}"


class NewTokenForm(forms.ModelForm):  # type: ignore[type-arg] # not subscriptable at run time
    """A token of the person's own: ``person``, made at ``place``, a tenant or None for any of theirs."""

    person: User
    place: Tenant | None
    places: ClassVar[dict[str, str]] = {
        "privileges": "granted",
        "allowed_networks": "networks",
        "expires_at": "lifetime",
    }

    granted = PrivilegesField(
        label="Privileges",
        queryset=Privilege.objects.none(),
        required=False,
        help_text="What the token may do, for as long as you may do it yourself. Choose as few as the program needs.",
    )
    networks = NetworksField()
    lifetime = forms.TypedChoiceField(
        label="Good for",
        choices=list(LIFETIMES.items()),
        initial=90,
        coerce=lambda days: timedelta(days=int(days)) - LIFETIME_MARGIN,
        widget=UnfoldAdminSelectWidget,
    )
    token_id = forms.CharField(widget=forms.HiddenInput)

    class Meta:
        model = ApiToken
        fields = ("name", "tenant", "may_write")
        help_texts: ClassVar[dict[str, str]] = {
            "name": "Such as the program that calls with it.",
            "tenant": "The one tenant that it is good for. Left empty: every one of yours.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        codes = Privilege.objects.order_by("code", "pk").values_list("code", flat=True)
        offered = grantable_codes(self.person, self.place, list(codes))
        self.fields["granted"].queryset = Privilege.objects.filter(code__in=offered).order_by("code", "pk")  # type: ignore[attr-defined] # a field of models
        if "tenant" in self.fields:
            self.fields["tenant"].queryset = _tenants_of(self.person)  # type: ignore[attr-defined] # likewise
        self.initial["token_id"] = signing.dumps(uuid4().hex, salt=self._salt)

    @property
    def _salt(self) -> str:
        return f"switchboard.token:{self.person.pk}"

    def clean_token_id(self) -> UUID:
        """Refuse a form that was sent already: its token was shown once."""
        try:
            token_id = UUID(hex=signing.loads(self.cleaned_data["token_id"], salt=self._salt))
        except signing.BadSignature:
            raise ValidationError("Open the form again.", code="conflict") from None
        if ApiToken.objects.filter(pk=token_id).exists():
            raise ValidationError(
                "This form was sent already, and its token shown once. Where it was lost, rotate the token.",
                code="duplicate",
            )
        return token_id


class RotationForm(forms.Form):
    """How long the earlier secret of a token stays good."""

    overlap = forms.TypedChoiceField(
        label="The earlier secret stays good for",
        choices=[(0, "no time: it is void at once"), (1, "an hour"), (24, "a day"), (168, "a week")],
        initial=24,
        coerce=lambda hours: timedelta(hours=int(hours)),
        widget=UnfoldAdminSelectWidget,
    )


class RevocationForm(forms.Form):
    """That somebody means it."""

    confirm = forms.BooleanField(
        label="I know that programs which use it are refused from now on, and that it cannot be undone",
        error_messages={"required": "Tick this to revoke."},
    )


def _tenants_of(person: User) -> QuerySet[Tenant]:
    tenants = Tenant.objects.live().order_by("name", "pk")
    if person.is_superuser:
        return tenants
    return tenants.filter(pk__in=Membership.objects.in_force().filter(user=person).values("tenant_id"))
