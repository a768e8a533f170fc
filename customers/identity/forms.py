"""Forms of people, memberships and roles."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminPasswordWidget

from customers.identity.enums import MembershipStatus
from customers.identity.models import Membership, Privilege, Role, User, email_key_of


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
