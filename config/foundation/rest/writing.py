"""Write serializers: which keys a body has, and of which shape; all of its faults at once.

What may be written is decided by the model and its operations. The serializer only turns a body into values by field.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar, Generic, TypeVar

from django.core.exceptions import ValidationError
from rest_framework import serializers

from config.foundation.lists import ListChange
from config.foundation.rest.errors import FIELD_NOT_EDITABLE, Fault, Faults, InvalidInput
from config.foundation.rest.operations import Component
from config.foundation.rest.problems import faults_of_model, faults_of_serializer
from config.foundation.rest.references import (
    EXCLUSIVE,
    UNKNOWN_FIELD,
    NaturalKey,
    ReferenceShape,
    not_both,
    reference_to,
)
from config.foundation.rest.shapes import PartOfListShape, Shape, or_null, schema_of, shape_of
from config.foundation.rows import Row

M = TypeVar("M", bound=Row)
READ_ONLY, DIFFERS_FROM_ADDRESS = "read_only", "differs_from_address"
TAGS, ADD_TAGS, REMOVE_TAGS = "tags", "add_tags", "remove_tags"


class WriteSerializer(serializers.Serializer[Any], Generic[M]):
    """Takes the body of a write; subclasses list ``Meta.model``, ``Meta.fields`` and, of what is shown, ``shown``.

    A relation is written as ``<name>_id`` or, where its table is among ``natural_keys``, as ``<name>`` with an object
    of attributes. A key that is shown but not written is refused as ``read_only`` or, where it is to be changed, as
    ``field_not_editable``; any other as ``unknown_field``. In a partial write a missing key leaves its column alone,
    and ``tags`` may be added and removed one by one. ``owners`` says what sets a key that is not written.
    """

    Meta: ClassVar[Any]
    natural_keys: ClassVar[Mapping[type[Row], NaturalKey]] = {}
    owners: ClassVar[Mapping[str, str]] = {}

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Return the declared fields and, for the columns listed, a shape each."""
        declared = super().get_fields()
        adjusted: dict[str, dict[str, Any]] = getattr(self.Meta, "extra_kwargs", {})
        fields = {
            name: declared.get(name) or self._shape(name, **adjusted.get(name, {}))
            for name in self.Meta.fields
        }
        return fields | (self._parts_of_tags() if self.partial and TAGS in fields else {})

    def read(self, body: Any) -> dict[str, Any]:
        """Return the values of a body by field of the model.

        Raises:
            InvalidInput: every fault of the body, each at its place.
        """
        if not isinstance(body, dict):
            raise InvalidInput([Fault({"pointer": "#"}, "Send a JSON object.", "invalid_type")])
        faults = Faults()
        self._collect_keys(body, faults)
        self.initial_data = body
        if not self.is_valid():
            faults.found += faults_of_serializer({self._key_of(k): v for k, v in self.errors.items()})
        if faults.found:
            faults.found += self._faults_of_columns(body)
        faults.raise_any()
        return _with_tags(dict(self.validated_data))

    def shown_keys(self) -> frozenset[str]:
        """Return the keys of the representation: those among them that are not written are read-only."""
        return frozenset(self.context.get("shown", ()))

    def faults_of(self, error: ValidationError) -> list[Fault]:
        """Return what a model or an operation refuses, at the keys of the body."""
        if not hasattr(error, "error_dict"):
            return list(faults_of_model(error))
        written = {field.source: self._key_of(name) for name, field in self.fields.items()}
        by_key = {written.get(name, name): errors for name, errors in error.error_dict.items()}
        in_address = {
            f"#/{name}": name for name in self.fixed if name not in getattr(self, "initial_data", {})
        }
        return [
            replace(fault, place={"parameter": in_address[fault.place["pointer"]]})
            if fault.place["pointer"] in in_address
            else fault
            for fault in faults_of_model(ValidationError(by_key))
        ]

    @property
    def fixed(self) -> Mapping[str, str]:
        """Return the values by field that the address of the row says, of which a body may say no other."""
        named: Mapping[str, str] = self.context.get("fixed", {})
        return named

    @classmethod
    def component(cls, *, is_partial: bool) -> Component:
        """Return the JSON Schema of the body."""
        serializer = cls(partial=is_partial)
        properties: dict[str, Any] = {}
        for name, field in serializer.fields.items():
            if isinstance(field, Shape):
                properties[name] = cls._property(field)
            if isinstance(field, ReferenceShape) and field.natural:
                reference = reference_to(field.natural)
                null: list[Any] = [{"type": "null"}] if field.allow_null else []
                properties[field.natural_name] = {"anyOf": [reference, *null]} if null else reference
        references = serializer.references()
        either = {field.field_name for field in references}
        required = [
            name for name, field in serializer.fields.items() if field.required and name not in either
        ]
        schema: dict[str, Any] = {
            "type": "object",
            "description": (cls.__doc__ or "").partition("\n")[0],
            "properties": properties,
            "additionalProperties": False,
        }
        if required and not is_partial:
            schema["required"] = required
        exclusions = [_one_of(field, is_needed=field.required and not is_partial) for field in references]
        if is_partial and TAGS in properties:
            exclusions += [{"not": {"required": [TAGS, part]}} for part in (ADD_TAGS, REMOVE_TAGS)]
        if exclusions:
            schema["allOf"] = exclusions
        name = f"{cls.Meta.model._meta.object_name}{'Patch' if is_partial else 'Write'}"
        uses = {
            field.natural.component.name: field.natural.component for field in references if field.natural
        }
        return Component(name, schema, uses=tuple(uses.values()))

    def references(self) -> list[ReferenceShape]:
        """Return the relations that may be written by what their rows are known by."""
        fields = self.fields.values()
        return [field for field in fields if isinstance(field, ReferenceShape) and field.natural]

    def _collect_keys(self, body: Mapping[str, Any], faults: Faults) -> None:
        """Add a fault for each key that is not written here, or not beside another."""
        references = {field.natural_name: field for field in self.references()}
        for key in body.keys() - self.fields.keys() - references.keys():
            if key not in self.shown_keys():
                faults.at_pointer((key,), "This key is not known here.", UNKNOWN_FIELD)
            elif self.partial or self.fixed:
                owner = self.owners.get(key, "the server")
                faults.at_pointer((key,), f"This is set by {owner}: leave it out.", FIELD_NOT_EDITABLE)
            else:
                faults.at_pointer((key,), "This is read-only: leave it out.", READ_ONLY)
        self._collect_contradictions(body, references, faults)

    def _collect_contradictions(
        self, body: Mapping[str, Any], references: Mapping[str, ReferenceShape], faults: Faults
    ) -> None:
        """Add a fault where the address, or another key, says already what a key says."""
        for key, value in self.fixed.items():
            if key in body and body[key] != value:
                faults.at_pointer((key,), "The address says another: leave it out.", DIFFERS_FROM_ADDRESS)
        for name, field in references.items():
            if name in body and field.field_name in body:
                faults.at_pointer((name,), not_both(name), EXCLUSIVE)
        if self.partial and TAGS in body:
            for part in (ADD_TAGS, REMOVE_TAGS):
                if part in body:
                    detail = f"Give {TAGS}, or {ADD_TAGS} and {REMOVE_TAGS}, not both."
                    faults.at_pointer((part,), detail, EXCLUSIVE)

    def _key_of(self, name: str) -> str:
        """Return under which key the body holds what a field takes."""
        body, field = getattr(self, "initial_data", {}), self.fields[name]
        if isinstance(field, ReferenceShape) and field.is_named_in(body):
            return field.natural_name
        if name == TAGS and name not in body:
            return next((part for part in (ADD_TAGS, REMOVE_TAGS) if part in body), name)
        return name

    def _parts_of_tags(self) -> dict[str, Shape]:
        column: Any = self.Meta.model._meta.get_field(TAGS)
        length = column.base_field.max_length
        return {
            part: PartOfListShape(item_max_length=length, required=False, help_text=f"Tags to {what}.")
            for part, what in (
                (ADD_TAGS, "add, whatever others add"),
                (REMOVE_TAGS, "take away where they are"),
            )
        }

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
            return ReferenceShape(
                model=target,
                natural=cls.natural_keys.get(target),
                source=relation.name,
                **(_options(relation) | adjusted),
            )
        field: Any = model._meta.get_field(name)
        return shape_of(field, **(_options(field) | adjusted))

    @classmethod
    def _property(cls, field: Shape) -> dict[str, Any]:
        schema = dict(field.schema)
        column: Any = next(
            (one for one in cls.Meta.model._meta.concrete_fields if one.name == field.source), None
        )
        if column is not None and not column.is_relation:
            schema = schema_of(column, field)
        if field.allow_null:
            schema = or_null(schema)
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


def _one_of(reference: ReferenceShape, *, is_needed: bool) -> dict[str, Any]:
    """Return the JSON Schema of a body that names a row by its id or by what it is known by, and not by both."""
    names = [str(reference.field_name), reference.natural_name]
    return {"oneOf": [{"required": [name]} for name in names]} if is_needed else {"not": {"required": names}}


def _with_tags(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values with one change of the tags instead of its two parts."""
    parts = [values.pop(part, None) for part in (ADD_TAGS, REMOVE_TAGS)]
    if parts == [None, None]:
        return values
    added, removed = (part or () for part in parts)
    return values | {TAGS: ListChange(tuple(added), frozenset(removed))}
