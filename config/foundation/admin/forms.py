"""What every form of a row takes care of: what its reader did not change, and what others changed meanwhile."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError

ROW_VERSION_FIELD = "_row_version"  # as the row was when its form was opened
CHANGED_MEANWHILE = (
    "Somebody else changed this after you opened it. Open it again, and repeat what is still needed."
)


def careful(form: type[Any]) -> type[Any]:
    """Return the form of a row as one that writes over nothing.

    A moment that nobody changed stays as it is stored, though the form shows whole seconds; and a form that was opened
    before somebody else changed the row is refused with ``conflict``.
    """

    class CarefulForm(form):  # type: ignore[misc]  # the base is known when a page is shown
        def clean(self) -> dict[str, Any] | None:
            super().clean()
            for name, value in self.cleaned_data.items():
                if isinstance(value, datetime) and name not in self.changed_data:
                    self.cleaned_data[name] = getattr(self.instance, name, value)
            seen = self.data.get(ROW_VERSION_FIELD, "")
            if seen and seen != str(getattr(self.instance, "row_version", "")):
                raise ValidationError(CHANGED_MEANWHILE, code="conflict")
            return None

    return CarefulForm
