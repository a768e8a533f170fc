"""Relations in bodies: a row is named by its id, or by an object of what it is known by. See ``docs/adr/0033``.

``{"participant_id": "par_…"}`` and ``{"participant": {"name": "Bank US"}}`` say the same where one row alone, of the
directory that is selected, has these attributes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ImproperlyConfigured, ValidationError
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from config.foundation.constraints import NOT_FOUND, missing_reference
from config.foundation.display_ids import parse_display_id
from config.foundation.rest.filters import id_schema
from config.foundation.rest.operations import Component
from config.foundation.rest.shapes import NOT_BLANK, Shape, or_null, schema_of, shape_of
from config.foundation.rows import Row

AMBIGUOUS, EXCLUSIVE, UNKNOWN_FIELD = "ambiguous", "exclusive", "unknown_field"


@dataclass(frozen=True, slots=True)
class Named:
    """What a body holds under the name of a relation, to be told from an id."""

    attributes: Any


class KnownRows:
    """The rows that the bodies of one request have named so far: each question is asked once."""

    def __init__(self) -> None:
        self._found: dict[Any, list[Row]] = {}

    def matching(self, model: type[Row], **values: Any) -> list[Row]:
        """Return the rows that have these values: none, one, or two of more."""
        question = (model, tuple(sorted(values.items())))
        if question not in self._found:
            rows = model._default_manager.filter(**values).order_by("pk")  # noqa: SLF001 -- Django's own name for it
            self._found[question] = list(rows[:2])
        return self._found[question]

    def read(self, model: type[Row], keys: Iterable[UUID]) -> None:
        """Read the rows that will be asked for by their keys, in one statement."""
        found = model._default_manager.in_bulk(list(keys))  # noqa: SLF001 -- Django's own name for it
        for key in keys:
            self._found[model, (("pk", key),)] = [found[key]] if key in found else []


@dataclass(frozen=True)
class NaturalKey:
    """The attributes by which a row of a table may be named; ``inner`` are those of its relations, one level down.

    They are the columns that anybody who reads the table may filter for equality, so that a reference tells no more
    than a list does; a column with confidential values is never one of them.
    """

    model: type[Row]
    columns: tuple[str, ...]
    inner: Mapping[type[Row], NaturalKey] = field(default_factory=dict)

    def row_of(self, attributes: Any, known: KnownRows) -> Row:
        """Return the one row that has all of these attributes.

        Raises:
            ValidationError: ``not_found``, ``ambiguous``, or what is wrong with an attribute, under its key.
        """
        if not isinstance(attributes, dict):
            raise _refusal("Write an object of attributes.", "invalid_type")
        if not attributes:
            raise _refusal(f"Give any of {', '.join(self._keys)}.", "required")
        values: dict[str, Any] = {}
        faults: dict[str, Any] = {}
        for key, given in attributes.items():
            try:
                values |= self._condition(key, given, attributes, known)
            except serializers.ValidationError as error:
                faults[key] = error.detail
        if faults:
            raise serializers.ValidationError(faults)
        return _only(self.model, known.matching(self.model, **values))

    @cached_property
    def component(self) -> Component:
        """Return the JSON Schema of the object."""
        uses = tuple(self.inner[name] for name in self._targets if name in self.inner)
        return Component(
            f"{self.model._meta.object_name}Reference",
            {
                "type": "object",
                "description": f"What the one {self.model._meta.verbose_name} that is meant is known by.",
                "properties": dict(self._properties()),
                "minProperties": 1,
                "additionalProperties": False,
            },
            uses=tuple(one.component for one in uses),
        )

    @cached_property
    def _keys(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self._properties())

    @property
    def _targets(self) -> list[type[Row]]:
        return [column.related_model for column in self._fields.values() if column.is_relation]

    @cached_property
    def _fields(self) -> dict[str, Any]:
        return {name: self.model._meta.get_field(name) for name in self.columns}

    @cached_property
    def _shapes(self) -> dict[str, Shape]:
        return {
            name: shape_of(column, allow_null=column.null)
            for name, column in self._fields.items()
            if not column.is_relation
        }

    def _properties(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for name, column in self._fields.items():
            if column.is_relation:
                yield f"{name}_id", id_schema(column.related_model.display_prefix)
                if column.related_model in self.inner:
                    yield name, reference_to(self.inner[column.related_model])
            else:
                schema = schema_of(column, self._shapes[name])
                yield name, or_null(schema) if column.null else schema

    def _condition(
        self, key: str, given: Any, attributes: Mapping[str, Any], known: KnownRows
    ) -> dict[str, Any]:
        """Return the value that one attribute asks for, by its column."""
        if key not in self._keys:
            raise _refusal("This key is not known here.", UNKNOWN_FIELD)
        name = key.removesuffix("_id") if key not in self._fields else key
        column = self._fields[name]
        if not column.is_relation:
            return {name: self._value(column, given)}
        if key == name and f"{name}_id" in attributes:
            raise _refusal(not_both(name), EXCLUSIVE)
        if given is None:
            raise _refusal(NOT_BLANK["null"], "null")
        if key == name:
            return {name: self.inner[column.related_model].row_of(given, known).pk}
        return {name: row_of_id(column.related_model, given, known).pk}

    def _value(self, column: Any, given: Any) -> Any:
        value = self._shapes[column.name].run_validation(given)
        if isinstance(value, str) and column.max_length and len(value) > column.max_length:
            raise _refusal(f"This has at most {column.max_length} characters.", "max_length")
        try:
            column.run_validators(value)
        except ValidationError as error:
            raise serializers.ValidationError(
                [ErrorDetail(" ".join(one.messages), code=one.code or "invalid") for one in error.error_list]
            ) from None
        return value


class ReferenceShape(Shape):
    """A row of another table by its display id; another tenant's, an unknown one and a malformed id are the same.

    Where it has a natural key, the body may hold ``name`` with an object of attributes instead of ``name_id``.
    """

    def __init__(self, *, model: type[Row], natural: NaturalKey | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.model = model
        self.natural = natural
        self.schema = id_schema(model.display_prefix)

    @property
    def natural_name(self) -> str:
        """Return the key that takes an object of attributes."""
        return str(self.source)

    def is_named_in(self, body: Mapping[str, Any]) -> bool:
        """Tell whether the body names the row by what it is known by."""
        return self.natural is not None and self.natural_name in body

    def get_value(self, dictionary: Any) -> Any:
        """Return what the body holds under either key."""
        if not self.is_named_in(dictionary):
            return super().get_value(dictionary)
        attributes = dictionary[self.natural_name]
        return None if attributes is None else Named(attributes)

    def to_internal_value(self, data: Any) -> Any:
        """Return the row, of the directory that is selected."""
        known: KnownRows = self.context.get("known") or KnownRows()
        if isinstance(data, Named) and self.natural is not None:
            return self.natural.row_of(data.attributes, known)
        return row_of_id(self.model, data, known)


def natural_keys(columns: Mapping[type[Row], tuple[str, ...]]) -> dict[type[Row], NaturalKey]:
    """Return by which of these columns the rows of each table may be named.

    Raises:
        ImproperlyConfigured: one of them is not plain for every row, or has many values.
    """
    for model, names in columns.items():
        unfit = [name for name in names if name not in model.tiers.plain or _is_list(model, name)]
        if unfit:
            raise ImproperlyConfigured(f"{model._meta.label} is not named by {', '.join(unfit)}")
    plain = {model: NaturalKey(model, _without_relations(model, names)) for model, names in columns.items()}
    return {model: NaturalKey(model, names, inner=plain) for model, names in columns.items()}


def row_of_id(model: type[Row], given: Any, known: KnownRows) -> Row:
    """Return the row with this display id.

    Raises:
        ValidationError: ``not_found``.
    """
    row_id: UUID | None = parse_display_id(model.display_prefix, given) if isinstance(given, str) else None
    return _only(model, known.matching(model, pk=row_id) if row_id else [])


def reference_to(key: NaturalKey) -> dict[str, Any]:
    """Return a reference to the schema of an object of attributes."""
    return {"$ref": f"#/components/schemas/{key.component.name}"}


def not_both(name: str) -> str:
    """Return what is said of a relation that is named twice."""
    return f"Give {name} or {name}_id, not both."


def _only(model: type[Row], found: list[Row]) -> Row:
    if not found:
        raise _refusal(" ".join(missing_reference(model).messages), NOT_FOUND)
    if len(found) > 1:
        detail = f"More than one {model._meta.verbose_name} is known by this: add attributes, or give the id."
        raise _refusal(detail, AMBIGUOUS)
    return found[0]


def _is_list(model: type[Row], name: str) -> bool:
    return isinstance(model._meta.get_field(name), ArrayField)


def _without_relations(model: type[Row], names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name for name in names if not model._meta.get_field(name).is_relation)


def _refusal(detail: str, code: str) -> serializers.ValidationError:
    return serializers.ValidationError(detail, code=code)
