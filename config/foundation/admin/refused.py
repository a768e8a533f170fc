"""A form that an operation refused: shown again with all that was typed, the refusal at its place."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError

from config.foundation.errors import Refused

NOWHERE_ELSE: Mapping[str, str] = MappingProxyType({})
POINTER = "pointer"  # an extension of a refusal: the place in the body, such as "#/slug"


def code_of(refusal: Refused | ValidationError) -> str:
    """Return the code by which a refusal is counted, the first of several."""
    if isinstance(refusal, Refused):
        return refusal.code
    errors = refusal.error_list if hasattr(refusal, "error_list") else next(iter(refusal.error_dict.values()))
    return errors[0].code or "validation_failed"


def sentence_of(refusal: Refused | ValidationError) -> str:
    """Return a refusal in words."""
    return refusal.detail if isinstance(refusal, Refused) else " ".join(refusal.messages)


def refusing(form: type[Any], refusal: Refused | ValidationError) -> type[Any]:
    """Return the form as one that finds by itself what the operation refused: it is never valid.

    Its ``places``, if it has any, name the field of a fault by the fault's code or by the column that it is about.
    """

    class RefusedForm(form):  # type: ignore[misc]  # the base is known when a page is shown
        def full_clean(self) -> None:
            super().full_clean()
            for name, fault in faults_of(refusal, self.fields, getattr(self, "places", {})):
                self.add_error(name, fault)

    return RefusedForm


def faults_of(
    refusal: Refused | ValidationError, fields: Mapping[str, Any], places: Mapping[str, str] = NOWHERE_ELSE
) -> Iterator[tuple[str | None, ValidationError]]:
    """Yield each fault with the field of the form that it is about; None where it is about none of them."""
    for name, fault in _parts(refusal):
        place = places.get(name) or places.get(fault.code or "") or name
        if place in fields:
            yield place, fault
        else:
            yield None, fault if isinstance(refusal, Refused) else _named(name, fault)


def _parts(refusal: Refused | ValidationError) -> Iterator[tuple[str, ValidationError]]:
    """Yield each fault with the column that it is about; NON_FIELD_ERRORS where it is about none."""
    if isinstance(refusal, Refused):
        name = str(refusal.extensions.get(POINTER, "")).removeprefix("#/").partition("/")[0]
        yield name or NON_FIELD_ERRORS, ValidationError(refusal.detail, code=refusal.code)
    elif not hasattr(refusal, "error_dict"):
        for error in refusal.error_list:
            yield NON_FIELD_ERRORS, error
    else:
        for name, errors in refusal.error_dict.items():
            for error in errors:
                yield name, error


def _named(name: str, error: ValidationError) -> ValidationError:
    """Return a fault of what the form does not show, with the name of the column."""
    if name == NON_FIELD_ERRORS:
        return error
    words = name.replace("_", " ").capitalize()
    return ValidationError(f"{words}: {' '.join(error.messages)}", code=error.code)
