"""Declared filters of lists: ``name``, ``name__ic``, ``created_at__gte``… made from a model's columns.

A filter set says in ``Meta.fields`` which columns have which lookups, with the names below; parameters get
the short suffixes of the API. Repeated equality means OR; of many-valued columns, AND. ``lookups`` holds them all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar
from uuid import UUID

import django_filters
from django import forms
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.http import QueryDict
from django_filters.utils import get_model_field

from config.foundation.display_ids import parse_display_id
from config.foundation.rest.errors import Faults
from config.foundation.rest.lookups import LOOKUPS, OF_MANY, PATTERNS, WORDS
from config.foundation.rest.moments import MomentField
from config.foundation.rest.patterns import collect_pattern_faults
from config.foundation.rest.words import occurrence

VALUE_MAX_LENGTH = 512
PATTERN_MAX_LENGTH = 200
VALUES_MAX = 100
SEARCH_MAX_LENGTH = 100
_INTEGER_RANGE = (-(2**31), 2**31 - 1)
_TEXT_SCHEMA = {"type": "string", "minLength": 1, "maxLength": VALUE_MAX_LENGTH}
_VALUES: tuple[tuple[type[models.Field[Any, Any]], Callable[[], forms.Field], dict[str, Any]], ...] = (
    (
        models.DateTimeField,
        lambda: MomentField(required=False),
        {"type": "string", "format": "date-time"},
    ),
    (models.FloatField, lambda: forms.FloatField(required=False), {"type": "number"}),
    (
        models.IntegerField,
        lambda: forms.IntegerField(required=False, min_value=_INTEGER_RANGE[0], max_value=_INTEGER_RANGE[1]),
        {"type": "integer", "minimum": _INTEGER_RANGE[0], "maximum": _INTEGER_RANGE[1]},
    ),
)


class IdField(forms.CharField):
    """A display id of one kind of row; cleaned to its uuid."""

    def __init__(self, *, prefix: str, **options: Any) -> None:
        super().__init__(**options)
        self.prefix = prefix

    def to_python(self, value: Any) -> Any:
        """Return the uuid.

        Raises:
            ValidationError: ``invalid_id``.
        """
        parsed = parse_display_id(self.prefix, str(value))
        if parsed is None:
            raise ValidationError(f"An id here is {self.prefix}_ and 32 hex digits.", code="invalid_id")
        return parsed


class TrueFalseField(forms.TypedChoiceField):
    """``true`` or ``false`` and nothing else."""

    def __init__(self, **options: Any) -> None:
        options |= {"choices": [("true", "true"), ("false", "false")], "coerce": lambda text: text == "true"}
        super().__init__(empty_value=None, **options)
        self.error_messages["invalid_choice"] = "Write true or false."


class ManyField(forms.Field):
    """A parameter that may be repeated; cleaned to the list of its values."""

    widget = forms.MultipleHiddenInput

    def __init__(self, *, each: forms.Field, **options: Any) -> None:
        super().__init__(**options)
        self.each = each

    def clean(self, value: Any) -> list[Any]:
        """Clean each value.

        Raises:
            ValidationError: the first value's fault, or ``too_many_values``.
        """
        values = value or []
        if len(values) > VALUES_MAX:
            raise ValidationError(f"Repeat this at most {VALUES_MAX} times.", code="too_many_values")
        return [self.each.clean(one) for one in values]


class DeclaredFilter(django_filters.Filter):
    """A filter of one column and lookup, which knows how to describe itself.

    ``schema`` is the JSON Schema of one value; ``each`` makes the form field that cleans one value; ``nothing`` is
    what the column holds, besides null, where it is empty.
    """

    def __init__(
        self, *, each: forms.Field, schema: dict[str, Any], nothing: Any = None, **options: Any
    ) -> None:
        super().__init__(**options)
        self.each = each
        self.schema = schema
        self.nothing = nothing

    @property
    def is_repeatable(self) -> bool:
        """Tell whether the parameter may be given several times."""
        return self.lookup_expr in LOOKUPS and LOOKUPS[self.lookup_expr].is_repeatable

    @property
    def is_search(self) -> bool:
        """Tell whether the value is looked for inside of texts, or rows without it are kept."""
        lookup = LOOKUPS.get(self.lookup_expr)
        return self.lookup_expr in WORDS[1:] or (lookup is not None and lookup.is_negated)

    @property
    def is_pattern(self) -> bool:
        """Tell whether the value is a regular expression."""
        return self.lookup_expr in PATTERNS

    @property
    def field(self) -> forms.Field:
        """Return the form field of the parameter."""
        self.each.required = self.is_repeatable  # an empty text among several is no value
        return ManyField(each=self.each, required=False) if self.is_repeatable else self.each

    def filter(self, qs: models.QuerySet[Any], value: Any) -> models.QuerySet[Any]:
        """Narrow the queryset."""
        if value in (None, "", []):
            return qs
        if self.lookup_expr == "isnull":
            return qs.filter(self._emptiness(wanted=value))
        return qs.filter(LOOKUPS[self.lookup_expr].condition(self.field_name, value))

    def parameter(self, name: str) -> dict[str, Any]:
        """Return the OpenAPI parameter object."""
        schema = (
            {"type": "array", "items": self.schema, "maxItems": VALUES_MAX}
            if self.is_repeatable
            else self.schema
        )
        described = {
            "name": name,
            "in": "query",
            "description": LOOKUPS[self.lookup_expr].meaning.capitalize() + ".",
        }
        return (
            described
            | {"schema": schema}
            | ({"explode": True, "style": "form"} if self.is_repeatable else {})
        )

    def _emptiness(self, *, wanted: bool) -> Q:
        empty = Q(**{f"{self.field_name}__isnull": True})
        if self.nothing is not None:
            empty |= Q(**{self.field_name: self.nothing})
        return empty if wanted else ~empty


class DeclaredFilters(django_filters.FilterSet):
    """Base of a list's filter set.

    ``searched`` names the columns that ``q`` looks into; every word must occur in one of them.
    """

    searched: ClassVar[tuple[str, ...]] = ()
    base_filters: ClassVar[dict[str, DeclaredFilter]]
    _meta: ClassVar[Any]

    def __init__(self, data: QueryDict, **options: Any) -> None:
        self.base_filters = {  # type: ignore[misc]  # each is copied: those that are not asked for need not be
            name: declared for name, declared in type(self).base_filters.items() if name in data
        }
        super().__init__(data, **options)

    @classmethod
    def get_filter_name(cls, field_name: str, lookup_expr: str) -> str:
        """Return the parameter's name: relations by ``<name>_id``, their names by ``<name>``."""
        suffix = LOOKUPS[lookup_expr].suffix
        if get_model_field(cls._meta.model, field_name).is_relation:
            return f"{field_name}_id{suffix}"
        return f"{field_name.removesuffix('__name').replace('__', '_')}{suffix}"

    @classmethod
    def filter_for_field(cls, field: Any, field_name: str, lookup_expr: str | None = None) -> DeclaredFilter:
        """Return the filter of a column and lookup."""
        lookup = lookup_expr or "exact"
        each, schema = _value_of(field, lookup)
        if isinstance(field, ArrayField):
            lookup = OF_MANY.get(lookup, lookup)
        return DeclaredFilter(
            field_name=field_name, lookup_expr=lookup, each=each, schema=schema, nothing=_nothing_of(field)
        )

    @classmethod
    def parameters(cls) -> list[dict[str, Any]]:
        """Return the OpenAPI parameter objects of every filter."""
        found = [declared.parameter(name) for name, declared in cls.base_filters.items()]
        if cls.searched:
            found.append(
                {
                    "name": "q",
                    "in": "query",
                    "description": f"Words that all occur in {', '.join(cls.searched)}.",
                    "schema": {"type": "string", "minLength": 1, "maxLength": SEARCH_MAX_LENGTH},
                }
            )
        return found

    @classmethod
    def names(cls) -> set[str]:
        """Return the names of every parameter."""
        return {*cls.base_filters, *(("q",) if cls.searched else ())}

    def collect(self, faults: Faults) -> None:
        """Add what is wrong with the given values, without repeating them."""
        for name in self.names():
            if self.data.get(name) == "":
                faults.at_parameter(name, "Give a value, or leave the parameter out.", "required")
        for name, errors in self.form.errors.as_data().items():
            if self.data.get(name) == "":
                continue
            for error in errors:
                faults.at_parameter(name, " ".join(map(str, error.messages)), error.code or "invalid")
        if "q" in self.names() and self.data.get("q", "x").isspace():
            faults.at_parameter("q", "Give a word, or leave the parameter out.", "required")
        if len(self.data.get("q", "")) > SEARCH_MAX_LENGTH:
            faults.at_parameter("q", f"Search for at most {SEARCH_MAX_LENGTH} characters.", "max_length")
        wrong = {fault.place.get("parameter") for fault in faults.found}
        collect_pattern_faults({k: v for k, v in self.patterns().items() if k not in wrong}, faults)

    def patterns(self) -> dict[str, str]:
        """Return the regular expressions that were given, by parameter."""
        return {name: self.data[name] for name, declared in self.base_filters.items() if declared.is_pattern}

    def slow_names(self) -> tuple[str, ...]:
        """Return the given parameters that may take long: those that search texts, or else all."""
        searching = [name for name, declared in self.base_filters.items() if declared.is_search]
        if "q" in self.data and "q" in self.names():
            searching.append("q")
        return tuple(searching or self.base_filters)

    def filter_queryset(self, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        """Narrow the queryset by every filter and by ``q``."""
        queryset = super().filter_queryset(queryset)
        for word in self.data.get("q", "").split() if self.searched else ():
            queryset = queryset.filter(occurrence(queryset.model, self.searched, word))
        return queryset


def _value_of(field: Any, lookup: str) -> tuple[forms.Field, dict[str, Any]]:
    """Return the form field of one value and its JSON Schema."""
    if lookup == "isnull" or isinstance(field, models.BooleanField):
        return TrueFalseField(required=False), {"type": "boolean"}
    if isinstance(field, models.ForeignKey):
        prefix = _prefix_of(field.related_model)
        return IdField(prefix=prefix, required=False), id_schema(prefix)
    if lookup in PATTERNS:
        pattern = forms.CharField(required=False, max_length=PATTERN_MAX_LENGTH, strip=False)
        return pattern, {"type": "string", "minLength": 1, "maxLength": PATTERN_MAX_LENGTH}
    if field.choices and LOOKUPS[lookup].is_repeatable:
        kind_name = "integer" if isinstance(field, models.IntegerField) else "string"
        return _choice(field.choices), {"type": kind_name, "enum": [value for value, _label in field.choices]}
    for kind, form_field, schema in _VALUES:
        if isinstance(field, kind):
            return form_field(), schema
    return forms.CharField(required=False, max_length=VALUE_MAX_LENGTH, strip=False), _TEXT_SCHEMA


def _nothing_of(field: Any) -> Any:
    """Return what a column holds where it is empty, besides null; None where there is no such value."""
    if isinstance(field, ArrayField):
        return []
    return "" if isinstance(field, models.CharField | models.TextField) else None


def _prefix_of(model: Any) -> str:
    prefix: str = model.display_prefix
    return prefix


def _choice(choices: Any) -> forms.Field:
    field = forms.ChoiceField(choices=[(str(value), label) for value, label in choices])
    field.error_messages["invalid_choice"] = (
        f"Write one of {', '.join(str(value) for value, _label in choices)}."
    )
    return field


def id_schema(prefix: str) -> dict[str, Any]:
    """Return the JSON Schema of a display id."""
    return {
        "type": "string",
        "pattern": f"^{prefix}_[0-9a-f]{{32}}$",
        "example": f"{prefix}_{UUID(int=1).hex}",
    }
