"""What single columns may hold."""

import re
from typing import Any

import pycountry
from django.core.exceptions import ValidationError
from django.db import models
from jsonschema import Draft202012Validator

from directory.rails.text import fault_of_schema
from directory.resolution.policies import validate_rule

TAGS_MAX = 50
COUNTRY_LENGTH = 2  # what is longer may be anything, a card number too, and is not repeated
USER_ASSIGNED_COUNTRIES = frozenset({"XK"})  # Kosovo: used by SWIFT and by the European Commission
_OBJECT_OF_SCALARS = Draft202012Validator(
    {
        "type": "object",
        "maxProperties": 50,
        "additionalProperties": {
            "anyOf": [
                {"type": ["string", "number", "boolean"]},
                {"type": "array", "maxItems": 100, "items": {"type": ["string", "number", "boolean"]}},
            ]
        },
    }
)
_QOS = Draft202012Validator(
    {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "retries": {"type": "integer", "minimum": 0, "maximum": 100},
            "receiptsRequired": {"type": "boolean"},
            "ordering": {"enum": ["none", "fifo"]},
        },
    }
)
_RESULT = Draft202012Validator(
    {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "digits": {"type": "string", "pattern": r"^[0-9]{1,15}$"},
            "tt": {"type": "integer", "minimum": 0, "maximum": 255},
            "np": {"type": "integer", "minimum": 0, "maximum": 15},
            "nai": {"type": "integer", "minimum": 0, "maximum": 127},
            "routing_indicator": {"enum": ["gt", "ssn"]},
            "backup": {"type": "string", "maxLength": 1024},
        },
    }
)


def validate_country(value: str) -> None:
    """Refuse what is no ISO 3166-1 alpha-2 code.

    Raises:
        ValidationError: ``country_unknown``.
    """
    if value not in USER_ASSIGNED_COUNTRIES and (
        value != value.upper() or pycountry.countries.get(alpha_2=value) is None
    ):
        raise ValidationError(
            "“%(value)s” is no ISO 3166-1 country code: write two capital letters, like SE.",
            code="country_unknown",
            params={"value": value if len(value) == COUNTRY_LENGTH else "…"},
        )


def validate_tags(value: list[str]) -> None:
    """Refuse more than fifty tags, empty ones and repeated ones.

    Raises:
        ValidationError: ``tags_invalid``.
    """
    if len(value) > TAGS_MAX or len(set(value)) != len(value) or not all(tag.strip() for tag in value):
        raise ValidationError(f"Tags are at most {TAGS_MAX} different words.", code="tags_invalid")


def validate_digits(value: str) -> None:
    """Refuse a prefix that is not 1 to 15 ASCII digits.

    Raises:
        ValidationError: ``prefix_invalid`` (without the value: it may be a card number).
    """
    if not re.fullmatch(r"[0-9]{1,15}", value, re.ASCII):
        raise ValidationError("A prefix is 1 to 15 digits and nothing else.", code="prefix_invalid")


def validate_policy_rule(value: Any) -> None:
    """Refuse a rule that is not of the policy language.

    Raises:
        ValidationError: ``rule_invalid``, one for each fault, each naming its place.
    """
    _raise_all("rule_invalid", validate_rule(value))


def validate_constraints(value: Any) -> None:
    """Refuse capability constraints that are not an object of texts, numbers, booleans, or lists of them.

    Raises:
        ValidationError: ``constraints_invalid``.
    """
    _check(_OBJECT_OF_SCALARS, value, "constraints_invalid")


def validate_qos(value: Any) -> None:
    """Refuse a quality of service other than ``{"retries": int, "receiptsRequired": bool, "ordering": "none"|"fifo"}``.

    Raises:
        ValidationError: ``qos_invalid``.
    """
    _check(_QOS, value, "qos_invalid")


def validate_result(value: Any) -> None:
    """Refuse a translation result with other keys than digits, tt, np, nai, routing_indicator and backup.

    Raises:
        ValidationError: ``result_invalid``.
    """
    _check(_RESULT, value, "result_invalid")


def _check(validator: Draft202012Validator, value: Any, code: str) -> None:
    _raise_all(code, faults_of(validator, value))


def faults_of(validator: Draft202012Validator, value: Any) -> list[str]:
    """Return at most twenty sentences, each naming the place in the value that its schema refuses.

    A sentence repeats what was given where that is short and no card number.
    """
    errors = sorted(validator.iter_errors(value), key=lambda error: list(map(str, error.absolute_path)))
    return [fault_of_schema(error) for error in errors[:20]]


def _raise_all(code: str, faults: list[str]) -> None:
    if faults:
        raise ValidationError([ValidationError(fault, code=code) for fault in faults])


def check_objects(row: models.Model, *names: str) -> None:
    """Refuse JSON that is no object in columns that hold members by name.

    Raises:
        ValidationError: ``object_required``, by column.
    """
    faults = {
        name: ValidationError("Give a JSON object.", code="object_required")
        for name in names
        if not isinstance(getattr(row, name), dict)
    }
    if faults:
        raise ValidationError(faults)
