"""Write serializers: which keys a body has, and of which shape; all of its faults at once.

What may be written is decided by the model and its operations. The serializer only turns a body into values by field.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Generic, TypeVar

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator
from django.db import models
from rest_framework import serializers

from config.foundation.rest.errors import Fault, Faults, InvalidInput
from config.foundation.rest.operations import Component
from config.foundation.rest.problems import faults_of_model, faults_of_serializer
from config.foundation.rest.shapes import SHAPES, ChoiceShape, ReferenceShape, Shape, TextListShape
from config.foundation.rows import Row

M = TypeVar("M", bound=Row)
UNKNOWN_FIELD, READ_ONLY = "unknown_field", "read_only"
_OPENLY_BOUND = (
    (MinValueValidator, "minimum"),
    (MaxValueValidator, "maximum"),
    (MaxLengthValidator, "maxLength"),
)


class WriteSerializer(serializers.Serializer[Any], Generic[M]):
    """Takes the body of a write; subclasses list ``Meta.model``, ``Meta.fields`` and, of what is shown, ``shown``.

    A relation is written as ``<name>_id``. A key that is shown but not written is refused as ``read_only``, any other
    as ``unknown_field``. In a partial write a missing key leaves its column alone.
    """

    Meta: ClassVar[Any]

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Return the declared fields and, for the columns listed, a shape each."""
        declared = super().get_fields()
        adjusted: dict[str, dict[str, Any]] = getattr(self.Meta, "extra_kwargs", {})
        return {
            name: declared.get(name) or self._shape(name, **adjusted.get(name, {}))
            for name in self.Meta.fields
        }

    def read(self, body: Any) -> dict[str, Any]:
        """Return the values of a body by field of the model.

        Raises:
            InvalidInput: every fault of the body, each at its place.
        """
        if not isinstance(body, dict):
            raise InvalidInput([Fault({"pointer": "#"}, "Send a JSON object.", "invalid_type")])
        faults = Faults()
        for key in body.keys() - self.fields.keys():
            if key in self.shown_keys():
                faults.at_pointer((key,), "This is read-only: leave it out.", READ_ONLY)
            else:
                faults.at_pointer((key,), "This key is not known here.", UNKNOWN_FIELD)
        self.initial_data = body
        is_valid = self.is_valid()
        faults.found += faults_of_serializer(self.errors) if not is_valid else ()
        if faults.found:
            faults.found += self._faults_of_columns(body)
        faults.raise_any()
        values: dict[str, Any] = dict(self.validated_data)
        return values

    def shown_keys(self) -> frozenset[str]:
        """Return the keys of the representation: those among them that are not written are read-only."""
        return frozenset(self.context.get("shown", ()))

    def faults_of(self, error: ValidationError) -> list[Fault]:
        """Return what a model or an operation refuses, at the keys of the body."""
        if not hasattr(error, "error_dict"):
            return list(faults_of_model(error))
        written = {field.source: name for name, field in self.fields.items()}
        by_key = {written.get(name, name): errors for name, errors in error.error_dict.items()}
        return list(faults_of_model(ValidationError(by_key)))

    @classmethod
    def component(cls, *, is_partial: bool) -> Component:
        """Return the JSON Schema of the body."""
        serializer = cls(partial=is_partial)
        properties = {
            name: cls._property(field)
            for name, field in serializer.fields.items()
            if isinstance(field, Shape)
        }
        required = [name for name, field in serializer.fields.items() if field.required]
        schema: dict[str, Any] = {
            "type": "object",
            "description": (cls.__doc__ or "").partition("\n")[0],
            "properties": properties,
            "additionalProperties": False,
        }
        if required and not is_partial:
            schema["required"] = required
        return Component(f"{cls.Meta.model._meta.object_name}{'Patch' if is_partial else 'Write'}", schema)

    def _faults_of_columns(self, body: dict[str, Any]) -> Iterator[Fault]:
        """Yield what the model's columns refuse of the values whose shape is right, so that all is told at once."""
        model: type[Row] = self.Meta.model
        columns = {}
        for name, field in self.fields.items():
            if name in body and name not in self.errors and field.source in _column_names(model):
                value = field.run_validation(body[name])
                columns[field.source] = field.of_column(value) if isinstance(field, Shape) else value
        row = model(**columns)
        try:
            row.clean_fields(exclude=_column_names(model) - columns.keys())
        except ValidationError as error:
            yield from self.faults_of(error)

    @classmethod
    def _shape(cls, name: str, **adjusted: Any) -> Shape:
        model: type[Row] = cls.Meta.model
        if name.endswith("_id") and name not in _column_names(model):
            relation: Any = model._meta.get_field(name.removesuffix("_id"))
            target: Any = relation.related_model
            return ReferenceShape(model=target, source=relation.name, **(_options(relation) | adjusted))
        field: Any = model._meta.get_field(name)
        options = _options(field) | adjusted
        if field.choices:
            return ChoiceShape(choices=tuple(field.flatchoices), **options)
        if isinstance(field, ArrayField):
            return TextListShape(**options)
        return next(shape for kind, shape in SHAPES if isinstance(field, kind))(**options)

    @classmethod
    def _property(cls, field: Shape) -> dict[str, Any]:
        schema = dict(field.schema)
        column: Any = next(
            (one for one in cls.Meta.model._meta.concrete_fields if one.name == field.source), None
        )
        if column is not None and not column.is_relation:
            schema |= _bounds(column)
        if field.allow_null:
            kinds = schema.get("type", "string")
            schema["type"] = [*([kinds] if isinstance(kinds, str) else kinds), "null"]
        if field.help_text:
            schema["description"] = str(field.help_text)
        return schema


def _options(field: Any) -> dict[str, Any]:
    return {
        "required": not (field.has_default() or field.blank or field.null),
        "allow_null": field.null,
        "help_text": field.help_text,
    }


def _column_names(model: type[Row]) -> set[str]:
    return {field.name for field in model._meta.concrete_fields}


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
