"""A form that an operation refused: shown again with all that was typed, the refusal at its place."""

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError

from config.foundation.errors import Refused

POINTER = "pointer"  # an extension of a refusal: the place in the body, such as "#/slug"


def code_of(refusal: Refused | ValidationError) -> str:
    """Return the code by which a refusal is counted."""
    return getattr(refusal, "code", None) or "validation_failed"


def sentence_of(refusal: Refused | ValidationError) -> str:
    """Return a refusal in words."""
    return refusal.detail if isinstance(refusal, Refused) else " ".join(refusal.messages)


def refusing(form: type[Any], refusal: Refused | ValidationError) -> type[Any]:
    """Return the form as one that finds by itself what the operation refused: it is never valid."""

    class RefusedForm(form):  # type: ignore[misc]  # the base is known when a page is shown
        def full_clean(self) -> None:
            super().full_clean()
            for name, fault in faults_of(refusal, self.fields):
                self.add_error(name, fault)

    return RefusedForm


def faults_of(
    refusal: Refused | ValidationError, fields: dict[str, Any]
) -> Iterator[tuple[str | None, ValidationError]]:
    """Yield each fault with the field of the form that it is about; None where it is about none of them."""
    if isinstance(refusal, Refused):
        name = str(refusal.extensions.get(POINTER, "")).removeprefix("#/").partition("/")[0]
        yield name if name in fields else None, ValidationError(refusal.detail, code=refusal.code)
    elif not hasattr(refusal, "error_dict"):
        yield None, refusal
    else:
        for name, errors in refusal.error_dict.items():
            for error in errors:
                yield (name, error) if name in fields else (None, _named(name, error))


def _named(name: str, error: ValidationError) -> ValidationError:
    """Return a fault of what the form does not show, with the name of the column."""
    if name == NON_FIELD_ERRORS:
        return error
    words = name.replace("_", " ").capitalize()
    return ValidationError(f"{words}: {' '.join(error.messages)}", code=error.code)
