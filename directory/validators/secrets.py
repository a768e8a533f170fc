"""Card numbers, private keys and sealed values: refused in every text, list and JSON of every table.

What is refused is taken off the row, so that neither a message nor a traceback repeats it. In names and addresses only
numbers of 16 digits and more are taken for a card's: shorter ones are ordinary there.
Source: PCI DSS 3; ISO/IEC 7812-1.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db import models

from config.foundation.keys import is_encrypted
from directory.enums import ArtifactKind
from directory.rails.card_numbers import holds_card_number, is_card_number
from directory.rails.kinds import IdentifierError, IdentifierType
from directory.rails.registry import registry
from directory.rails.text import LONGEST_SHOWN
from directory.validators.private_keys import may_hold_private_key, names_private_key, without_public_parts

CARD_REFUSED = "This may hold a card number, which is never kept here."
KEY_REFUSED = "A private key is never kept here: store it in a vault and give its reference."
SEALED_REFUSED = "Write the value itself."
CARD_CODE, KEY_CODE = "possible_card_number", "private_key_refused"
NAMES = frozenset(
    {
        "value", "scope", "external_id", "address", "target_address", "prefix", "calling_prefix", "range_text",
        "result", "vault_ref", "fingerprint",
    }
)  # fmt: skip
MEMBER_NAMES = NAMES | {"callingGt", "digits", "backup", "keyRefs"}
_VALUE_ATTRIBUTE = "identifier.value"  # of a policy's condition: compared with any identifier
Detector = Callable[[str], bool]


def refuse_secrets(row: models.Model, excluded: Collection[str] = ()) -> dict[str, ValidationError]:
    """Return what is refused of a row, by field, and empty those fields."""
    found = {}
    for field in row._meta.concrete_fields:
        if field.name in excluded or not field.editable or not _is_free(field):
            continue
        error = _refusal(row, field)
        if error is not None:
            found[field.name] = error
            setattr(row, field.attname, _emptied(getattr(row, field.attname)))
    return found


def may_be_secret(text: str) -> bool:
    """Tell whether a text holds what is refused in some column: such a text is not shown again, whatever refused it."""
    return is_encrypted(text.lstrip()) or holds_card_number(text) or may_hold_private_key(text)


def shortened(error: ValidationError) -> ValidationError:
    """Return the refusal of a column without what it repeats, where that is long: it may be anything."""
    if not hasattr(error, "error_dict"):
        for one in error.error_list:
            if one.params and len(str(one.params.get("value", ""))) > LONGEST_SHOWN:
                one.params = {**one.params, "value": "…"}
        return error
    for name, errors in error.error_dict.items():
        error.error_dict[name] = [shortened(one) for one in errors]
    return error


def too_long(row: models.Model, excluded: Collection[str]) -> dict[str, ValidationError]:
    """Return the refusal of each text that is longer than its column declares, of which Django asks the forms alone."""
    found = {}
    for field in row._meta.concrete_fields:
        if isinstance(field, models.TextField) and field.max_length and field.name not in excluded:
            try:
                MaxLengthValidator(field.max_length)(getattr(row, field.name) or "")
            except ValidationError as error:
                found[field.name] = error
    return found


def _emptied(value: Any) -> Any:
    return type(value)() if isinstance(value, str | list | dict) else None


def _is_free(field: Any) -> bool:
    """Tell whether a column takes any text."""
    return not field.choices and isinstance(
        field, models.CharField | models.TextField | models.JSONField | ArrayField
    )


def _refusal(row: Any, field: Any) -> ValidationError | None:
    value = getattr(row, field.attname)
    if not value or value == getattr(row, f"sealed_{field.name}", None):
        return None
    texts = list(_texts(value, _detector(row, field.name)))
    if any(is_encrypted(text.lstrip()) for text, _ in texts):
        return ValidationError(SEALED_REFUSED, code="invalid")
    if any(is_card(without_public_parts(text)) for text, is_card in texts):
        return ValidationError(CARD_REFUSED, code=CARD_CODE)
    if _holds_key(value, [text for text, _ in texts], is_strict="vault_ref" in _names(row)):
        return ValidationError(KEY_REFUSED, code=KEY_CODE)
    return None


def _holds_key(value: Any, texts: list[str], *, is_strict: bool) -> bool:
    """Tell whether a text, or an object as a whole (JWK), is key material; beside a vault's reference the words do."""
    whole = texts if isinstance(value, str) else [*texts, json.dumps(value, default=str), "\n".join(texts)]
    return any(may_hold_private_key(text) or (is_strict and names_private_key(text)) for text in whole)


def _detector(row: Any, name: str) -> Detector:
    """Return what tells a card number in a column of a row."""
    if name == "value" and "identifier_type" in _names(row):
        return _detector_of_type(row.identifier_type)
    return is_card_number if name in NAMES and not _holds_cards(row) else holds_card_number


def _holds_cards(row: Any) -> bool:
    """Tell whether a row is a rule about card numbers: its digits are none of the other long numbers."""
    artifact = getattr(row, "artifact", None) if getattr(row, "artifact_id", None) else None
    return artifact is not None and artifact.kind == ArtifactKind.BIN_TABLE


def _detector_of_type(name: Any) -> Detector:
    kind = _type(name)
    is_guarded = kind is not None and kind.guard is not None
    return _never if is_guarded else is_card_number  # the type's own guard looks, as it normalizes


def _type(name: Any) -> IdentifierType | None:
    try:
        return registry.get(name) if isinstance(name, str) else None
    except IdentifierError:
        return None


def _never(_text: str) -> bool:
    return False


def _texts(value: Any, is_card: Detector) -> Iterator[tuple[str, Detector]]:
    """Yield every text, key and number in a value, each with what tells a card number in it."""
    if isinstance(value, str):
        yield value, is_card
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one, is_card)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield str(key), holds_card_number
            yield from _texts(inner, _detector_of_member(value, key, is_card))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield f"{value:.0f}" if isinstance(value, float) and value == value // 1 else str(value), is_card


def _detector_of_member(holder: dict[str, Any], key: str, is_card: Detector) -> Detector:
    kind = _type(holder.get("type")) if key == "value" else None
    if kind is not None and kind.guard is not None:
        return _guarded(kind)
    is_of_identifier = kind is not None or holder.get("attr") == _VALUE_ATTRIBUTE
    if key == "value" and not is_of_identifier:
        return is_card
    return is_card_number if key in MEMBER_NAMES else is_card


def _guarded(kind: IdentifierType) -> Detector:
    def is_refused(text: str) -> bool:
        try:
            kind.normalize(text)
        except IdentifierError as error:
            return error.code == CARD_CODE
        return False

    return is_refused


def _names(row: models.Model) -> set[str]:
    return {field.name for field in row._meta.concrete_fields}
