"""Forms of the directory's rows: what the admin asks for, and what it never shows again.

The admin binds each to its model when a page is asked for: a relation's choices belong to the schema selected then.
"""

import json
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from directory.enums import SensitivityTier
from directory.rails.kinds import IdentifierError, IdentifierRole
from directory.rails.registry import registry
from directory.validators.secrets import may_be_secret

MASK = "•••"
KEEP = "Not shown. Leave empty to keep what is stored."
REFUSED_UNSEEN = frozenset({"possible_card_number", "private_key_refused"})
Choices = list[tuple[str, Any]]


class IndentedJSONField(forms.JSONField):
    """A JSON document, shown with one member a line."""

    def prepare_value(self, value: Any) -> Any:
        """Return the text to edit; what was typed and is no JSON comes back as it was."""
        prepared = super().prepare_value(value)
        if isinstance(value, forms.fields.InvalidJSONInput) or value is None or not isinstance(prepared, str):
            return prepared
        return json.dumps(json.loads(prepared), ensure_ascii=False, indent=2)


class DirectoryForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """A form that does not repeat what must not be seen.

    ``write_only`` fields show nothing of what is stored, and empty keep it. ``unseen_together`` fields are all
    emptied when one of them is refused as a possible card number or a private key.
    """

    write_only: ClassVar[tuple[str, ...]] = ()
    unseen_together: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kept = {name: getattr(self.instance, name) for name in self.kept_names() if name in self.fields}
        for name in self.kept:
            self.initial[name] = ""
            self.fields[name].required = False
            self.fields[name].help_text = KEEP
            self.fields[name].widget.attrs["placeholder"] = MASK

    def kept_names(self) -> tuple[str, ...]:
        """Return the fields whose stored value is kept when nothing is typed."""
        stored = not self.instance._state.adding
        return tuple(name for name in self.write_only if stored and getattr(self.instance, name))

    def clean(self) -> dict[str, Any] | None:
        """Put back what is stored where nothing was typed."""
        cleaned = super().clean() or self.cleaned_data
        for name, stored in self.kept.items():
            if name not in self.errors and not self.is_typed(name):
                cleaned[name] = stored
        return cleaned

    def is_typed(self, name: str) -> bool:
        """Tell whether anything was written into the field."""
        html_name = self.add_prefix(name)
        return self.fields[name].widget.value_from_datadict(self.data, self.files, html_name) not in (
            "",
            None,
        )

    def full_clean(self) -> None:
        """Check, then forget what a refusal must not show again."""
        super().full_clean()
        if not self.is_bound or not self.errors:
            return
        unseen = self.unseen_names()
        if unseen:
            data: Any = self.data.copy()  # type: ignore[attr-defined]  # a QueryDict or a dict
            for name in unseen:
                data[self.add_prefix(name)] = ""
            self.data = data

    def unseen_names(self) -> set[str]:
        """Return the fields that are shown empty when the form comes back."""
        refused = {
            name
            for name, errors in self.errors.as_data().items()
            if any(error.code in REFUSED_UNSEEN for error in errors)
        }
        refused |= {name for name in self.fields if may_be_secret(self._typed(name))}
        return refused | set(self.unseen_together) | set(self.kept) if refused else set(self.kept)

    def _typed(self, name: str) -> str:
        value = self.fields[name].widget.value_from_datadict(self.data, self.files, self.add_prefix(name))
        return value if isinstance(value, str) else ""


class IdentifierForm(DirectoryForm):
    """An identifier; a confidential value can be written, never read."""

    unseen_together = ("value", "scope", "external_id")

    identifier_type = forms.ChoiceField(
        label="Type",
        widget=UnfoldAdminSelectWidget(),
        error_messages={"invalid_choice": "Choose one of the registered types."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "identifier_type" in self.fields:
            field = self.fields["identifier_type"]
            field.choices = type_choices(self.instance.identifier_type)  # type: ignore[attr-defined]

    def kept_names(self) -> tuple[str, ...]:
        """Return the value, where it is confidential."""
        stored = not self.instance._state.adding
        return ("value",) if stored and self.instance.tier >= SensitivityTier.CONFIDENTIAL else ()

    def clean(self) -> dict[str, Any] | None:
        """Ask for a confidential value again when what it is sealed under changes.

        Raises:
            ValidationError: ``required``, under ``value``.
        """
        cleaned = super().clean()
        if self.kept and not self.is_typed("value") and {"identifier_type", "scope"} & set(self.changed_data):
            message = "Write the value again: it is sealed for the type and scope that it was written with."
            self.add_error("value", ValidationError(message, code="required"))
            for name in ("identifier_type", "scope"):
                # The row keeps what its value is sealed under: the rules of another type would open and repeat it.
                self.cleaned_data.pop(name, None)
        return cleaned

    def unseen_names(self) -> set[str]:
        """Hide the value as well where its type is confidential, a card's, or not known."""
        unseen = super().unseen_names()
        try:
            kind = registry.get(
                self.data.get(self.add_prefix("identifier_type"), self.instance.identifier_type)
            )
        except IdentifierError:
            return unseen | {"value"}
        return unseen if kind.echo else unseen | {"value"}

    def _get_validation_exclusions(self) -> set[str]:
        """Check uniqueness here, though the normal form that carries it is not typed."""
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]  # not in the stubs
        return excluded - {"normalized"}


class EndpointForm(DirectoryForm):
    """An endpoint, with the protocols that the rails register."""

    protocol = forms.ChoiceField(
        widget=UnfoldAdminSelectWidget(),
        error_messages={"invalid_choice": "Choose one of the registered protocols."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "protocol" in self.fields:
            field = self.fields["protocol"]
            field.choices = protocol_choices(self.instance.protocol)  # type: ignore[attr-defined]


class CredentialForm(DirectoryForm):
    """A credential; a pasted private key is refused and not shown again, in whichever field it was."""

    write_only = ("vault_ref",)
    unseen_together = ("certificate", "vault_ref", "fingerprint", "external_id")


class SourceForm(DirectoryForm):
    """A source; its settings may hold secrets and are written, never shown."""

    write_only = ("settings",)
    unseen_together = ("settings", "trust_anchors")

    settings = IndentedJSONField(
        required=False, initial=dict, widget=UnfoldAdminTextareaWidget(), help_text="A JSON object."
    )

    def clean_settings(self) -> Any:
        """Take an empty field for no settings."""
        value = self.cleaned_data["settings"]
        return {} if value is None else value

    def unseen_names(self) -> set[str]:
        """Hide the settings whenever the form comes back."""
        return super().unseen_names() | ({"settings"} if self.kept else set())


class PrefixRuleForm(DirectoryForm):
    """A rule of a prefix table; a prefix that may be a card number is not shown again."""

    unseen_together = ("prefix", "range_text")

    target_protocol = forms.ChoiceField(
        required=False,
        widget=UnfoldAdminSelectWidget(),
        error_messages={"invalid_choice": "Choose one of the registered protocols."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "target_protocol" in self.fields:
            field = self.fields["target_protocol"]
            field.choices = protocol_choices(self.instance.target_protocol)  # type: ignore[attr-defined]

    def unseen_names(self) -> set[str]:
        """Hide a refused prefix of more than a BIN's digits, whatever refused it."""
        unseen = super().unseen_names()
        return unseen | {"prefix"} if "prefix" in self.errors else unseen


class ActivationForm(BaseDialogForm):  # type: ignore[misc]
    """Asks why, before a version is put in force."""

    reason = forms.CharField(
        label="Why?",
        required=False,
        max_length=500,
        widget=UnfoldAdminTextInputWidget(),
        help_text="Written into the audit chain.",
    )


def type_choices(current: str) -> Choices:
    """Return the types that name a party, by rail, and the row's own."""
    choices: Choices = [("", "Select value")]
    for rail in registry.rails():
        names = [
            kind.name
            for kind in rail.identifier_types
            if kind.role is IdentifierRole.PARTY or kind.name == current
        ]
        if names:
            choices.append((rail.label, [(name, name) for name in names]))
    known = {kind.name for kind in registry.types()}
    return [*choices, (current, current)] if current and current not in known else choices


def protocol_choices(current: str) -> Choices:
    """Return the registered protocols and the row's own."""
    names = {protocol.name for protocol in registry.protocols()} | ({current} if current else set())
    return [("", "Select value"), *((name, name) for name in sorted(names))]
