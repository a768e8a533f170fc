"""Forms of saved filters."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from audit.requests.models import SavedFilter
from config.foundation.saved_filters import list_names


class SavedFilterForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """A filter of one of the lists there are; a new one is that of the person who writes it."""

    class Meta:
        model = SavedFilter
        fields: ClassVar[Any] = ("slug", "name", "resource", "parameters", "is_shared")
        help_texts: ClassVar[dict[str, str]] = {
            "slug": "Stands in the address of the list: ?filter=slug.",
            "parameters": 'What the address would say, each with its values: {"country": ["SE"], "tags": ["nordic"]}.',
            "is_shared": "Everybody of the tenant may use it.",
        }
        widgets: ClassVar[dict[str, Any]] = {
            "parameters": UnfoldAdminTextareaWidget(attrs={"rows": 4, "spellcheck": "false"})
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance._state.adding:
            self.initial["parameters"] = self.initial.get("parameters") or {}
        if "resource" in self.fields:
            self.fields["resource"] = forms.ChoiceField(
                label="List",
                choices=[(name, name) for name in list_names()],
                widget=UnfoldAdminSelectWidget,
                initial=self.instance.resource,
            )
