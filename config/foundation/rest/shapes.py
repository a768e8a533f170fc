"""Shapes of written values: of which JSON type a value is, and nothing that a model says itself.

A shape never repeats what it refuses, since that may be a card number or a key, and takes nothing for something else:
``"1"`` is no number and ``0`` is not false.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator
from django.db import models
from drf_spectacular.plumbing import build_choice_field
from rest_framework import serializers

from config.foundation.rest.moments import MOMENT_REFUSED, moment_of

NOT_BLANK: dict[str, Any] = {"required": "This field is required.", "null": "This field cannot be null."}
_OPENLY_BOUND = (
    (MinValueValidator, "minimum"),
    (MaxValueValidator, "maximum"),
    (MaxLengthValidator, "maxLength"),
)

TEXTS_MAX = 1_000


class Shape(serializers.Field[Any, Any, Any, Any]):
    """A value of one JSON type; ``schema`` describes it in the document."""

    default_error_messages = NOT_BLANK
    schema: Mapping[str, Any] = {}

    def refuse(self, detail: str, code: str = "invalid_type") -> serializers.ValidationError:
        """Return the refusal of a value."""
        return serializers.ValidationError(detail, code=code)

    def to_representation(self, value: Any) -> Any:
        """Return the value: shapes are for writing."""
        return value

    def of_column(self, value: Any) -> Any:
        """Return what the column holds of a value."""
        return value


class TextShape(Shape):
    """A text, without white space around it."""

    schema = {"type": "string"}

    def to_internal_value(self, data: Any) -> str:
        """Return the text."""
        if not isinstance(data, str):
            raise self.refuse("Write a text.")
        return data.strip()


class ChoiceShape(Shape):
    """One of a few words."""

    def __init__(self, *, choices: tuple[tuple[str, str], ...], **options: Any) -> None:
        super().__init__(**options)
        self.words = [str(value) for value, _ in choices]
        self.schema = build_choice_field(
            serializers.ChoiceField(choices=choices)
        )  # as the read schema has it

    def to_internal_value(self, data: Any) -> str:
        """Return the word."""
        if not isinstance(data, str) or data not in self.words:
            raise self.refuse(f"Write one of {', '.join(self.words)}.", "invalid_choice")
        return data


class IntegerShape(Shape):
    """A whole number."""

    schema = {"type": "integer"}

    def to_internal_value(self, data: Any) -> int:
        """Return the number."""
        if not isinstance(data, int) or isinstance(data, bool):
            raise self.refuse("Write a whole number.")
        return data


class NumberShape(Shape):
    """A number."""

    schema = {"type": "number"}

    def to_internal_value(self, data: Any) -> float:
        """Return the number."""
        if not isinstance(data, int | float) or isinstance(data, bool):
            raise self.refuse("Write a number.")
        return float(data)


class BooleanShape(Shape):
    """True or false."""

    schema = {"type": "boolean"}

    def to_internal_value(self, data: Any) -> bool:
        """Return the truth."""
        if not isinstance(data, bool):
            raise self.refuse("Write true or false.")
        return data


class MomentShape(Shape):
    """A moment with its offset from UTC (RFC 3339)."""

    schema = {"type": "string", "format": "date-time"}

    def to_internal_value(self, data: Any) -> datetime:
        """Return the moment."""
        moment = moment_of(data) if isinstance(data, str) else None
        if moment is None:
            raise self.refuse(MOMENT_REFUSED, "invalid_moment")
        return moment


class JsonShape(Shape):
    """Any JSON; what it must hold is the model's to say."""

    schema = {
        "type": ["object", "array", "string", "number", "boolean"],
        "additionalProperties": True,
        "items": {},
    }

    def to_internal_value(self, data: Any) -> Any:
        """Return it."""
        return data


class TextListShape(Shape):
    """A list of texts, written as a whole."""

    schema = {"type": "array", "items": {"type": "string"}, "maxItems": TEXTS_MAX}

    def to_internal_value(self, data: Any) -> list[str]:
        """Return the texts; that they are not too many is looked at before each is searched for secrets."""
        if not isinstance(data, list) or not all(isinstance(one, str) for one in data):
            raise self.refuse("Write a list of texts.")
        if len(data) > TEXTS_MAX:
            raise self.refuse(f"A list has at most {TEXTS_MAX:,} texts.", "too_many")
        return [one.strip() for one in data]


class PartOfListShape(TextListShape):
    """Texts that are added to a list, or taken from it: each as short as the column's."""

    def __init__(self, *, item_max_length: int, **options: Any) -> None:
        super().__init__(**options)
        self.item_max_length = item_max_length
        self.schema = self.schema | {"items": {"type": "string", "maxLength": item_max_length}}

    def to_internal_value(self, data: Any) -> list[str]:
        """Return the texts."""
        texts = super().to_internal_value(data)
        if not all(texts):
            raise self.refuse("A text of this list is not blank.", "blank")
        if any(len(one) > self.item_max_length for one in texts):
            raise self.refuse(
                f"A text of this list has at most {self.item_max_length} characters.", "max_length"
            )
        return texts


SHAPES: tuple[tuple[type[models.Field[Any, Any]], type[Shape]], ...] = (
    (models.BooleanField, BooleanShape),
    (models.IntegerField, IntegerShape),
    (models.FloatField, NumberShape),
    (models.DateTimeField, MomentShape),
    (models.JSONField, JsonShape),
    (models.CharField, TextShape),
    (models.TextField, TextShape),
)


def shape_of(column: Any, **options: Any) -> Shape:
    """Return the shape of what a column that is no relation holds."""
    if column.choices:
        return ChoiceShape(choices=tuple(column.flatchoices), **options)
    if isinstance(column, ArrayField):
        return TextListShape(**options)
    return next(shape for kind, shape in SHAPES if isinstance(column, kind))(**options)


def schema_of(column: Any, shape: Shape) -> dict[str, Any]:
    """Return the JSON Schema of a column's values, as narrow as its validators say openly."""
    return dict(shape.schema) | _bounds(column)


def or_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema that takes null as well."""
    kinds = schema.get("type", "string")
    return schema | {"type": [*([kinds] if isinstance(kinds, str) else kinds), "null"]}


def _bounds(column: Any) -> dict[str, Any]:
    bounds = {
        name: validator.limit_value
        for validator in column.validators
        for kind, name in _OPENLY_BOUND
        if type(validator) is kind and not isinstance(column, ArrayField)
    }
    if isinstance(column, models.TextField) and column.max_length:
        bounds["maxLength"] = column.max_length
    return bounds
