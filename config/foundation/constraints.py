"""What a broken constraint says: the words of the model that declares it, whoever noticed the breach.

``full_clean()`` finds a breach before the write. Between that and the write another transaction may have come first;
then the database finds it, and answers with a SQLSTATE and the constraint's name, never with words meant for people.
Here both become the words that ``full_clean()`` says. See ``docs/adr/0020``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from types import MappingProxyType
from typing import Any

from django.apps import apps
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.validators import MinValueValidator
from django.db import DatabaseError, connection, models
from django.db.models import ProtectedError
from django.db.models.fields import PositiveIntegerRelDbTypeMixin

from config.foundation.errors import ErrorKind, Refused, error_registry

ERROR_KINDS = (
    ErrorKind(
        "duplicate",
        409,
        "There is one already",
        "Another row has this name or key. Change that one, or give this one another.",
    ),
    ErrorKind(
        "key_ambiguous",
        409,
        "Several rows have this key",
        "More than one row of the table has this external id from this source. Name the row by its id.",
    ),
    ErrorKind(
        "in_use",
        409,
        "Others still use it",
        "used_by counts the rows that refer to it. Delete or change those first.",
    ),
    ErrorKind(
        "busy",
        503,
        "Others are writing here",
        "What is to be written was held by others for too long; nothing was changed. Try again as Retry-After says.",
    ),
)
error_registry.register(*ERROR_KINDS)

UNIQUE, CHECK, FOREIGN_KEY, NOT_NULL, EXCLUSION = "23505", "23514", "23503", "23502", "23P01"
BUSY = frozenset({"55P03", "40P01", "40001"})  # lock_timeout ran out, deadlock, serialization failure
BUSY_RETRY_AFTER_S = 1
NOT_FOUND = "not_found"
OVERTAKEN = "Somebody else changed this at the same moment. Look at it again and repeat what is still needed."
_SHARD = re.compile(r"_\d+$")  # what a distributed server appends to names
_DIGEST = re.compile(r"_[0-9a-f]{8}(?=_|$)")  # what Django puts into names
_KEY = re.compile(r"\((?P<column>[^)]+)\)=\((?P<value>[^)]*)\)")

_of_triggers: dict[str, tuple[str, str]] = {}


def register_trigger_rule(name: str, *, code: str, message: str) -> None:
    """Say what a rule that a trigger holds refuses with; the trigger raises with this name as its constraint."""
    _of_triggers[name] = (code, message)


def trigger_rules() -> Mapping[str, tuple[str, str]]:
    """Return code and message of each rule that a trigger holds, by the name it raises."""
    return MappingProxyType(_of_triggers)


def missing_reference(model: type[models.Model]) -> ValidationError:
    """Return what is said of a reference to no row, or to none that may be known of."""
    return ValidationError(f"There is no such {model._meta.verbose_name}.", code=NOT_FOUND)


def ambiguous_key(model: type[models.Model]) -> Refused:
    """Return what is said of a key that names several rows where one is meant."""
    return Refused(
        "key_ambiguous", f"More than one {model._meta.verbose_name} has this key: name the row by its id."
    )


@contextmanager
def translated() -> Iterator[None]:
    """Say what the database refuses in the words of the models; what is no rule of theirs is let through.

    It stands around the transaction, not in it: what is told may be counted afterwards.

    Raises:
        ValidationError: a constraint, as ``full_clean()`` says it.
        Refused: ``in_use``, ``busy``, or the code of a trigger's rule.
    """
    try:
        yield
    except ProtectedError as error:
        rows = list(error.protected_objects)
        raise _in_use(
            [(kind, sum(type(row) is kind for row in rows)) for kind in {type(r) for r in rows}]
        ) from None
    except DatabaseError as error:
        known = refusal_of(error)
        if known is None:
            raise
        raise known from None


def refusal_of(error: DatabaseError) -> ValidationError | Refused | None:  # noqa: PLR0911 -- one a kind of breach
    """Return what a database's refusal means, or None for a fault that no rule foresees."""
    state = getattr(error.__cause__, "sqlstate", None)
    if state in BUSY:
        return Refused(
            "busy", "Others are writing here; nothing was changed. Try again.", retry_after=BUSY_RETRY_AFTER_S
        )
    if state not in (UNIQUE, CHECK, FOREIGN_KEY, NOT_NULL, EXCLUSION):
        return None
    diagnosis: Any = getattr(error.__cause__, "diag", None)
    name = _plain(diagnosis.constraint_name or "")
    if name in _of_triggers:
        code, message = _of_triggers[name]
        return Refused(code, message)
    model = _models_by_table().get(_SHARD.sub("", diagnosis.table_name or ""))
    if model is None:
        return ValidationError(OVERTAKEN, code="conflict")
    if state == NOT_NULL:
        field = _field_of(model, diagnosis.column_name or "")
        return _at(field, field.error_messages["null"], "null") if field else None
    if state == FOREIGN_KEY:
        return _of_foreign_key(model, name, diagnosis.message_detail or "")
    if name in _unique_fields(model):
        return _of_unique_field(model, _unique_fields(model)[name], diagnosis.message_detail or "")
    return _rules_of(model).get(name) or ValidationError(OVERTAKEN, code="conflict")


def refuse_while_in_use(row: models.Model) -> None:
    """Let pass only a row that no protected relation leads to; counted, not loaded, however many they are.

    Raises:
        Refused: ``in_use``, with ``used_by`` ``[{"kind": "prefix rule", "count": 3}]``.
    """
    found = [
        (
            relation.related_model,
            _count(relation.related_model, relation.field.name, row),
        )
        for relation in row._meta.related_objects
        if relation.on_delete is models.PROTECT
    ]
    if any(count for _, count in found):
        raise _in_use(found)


def _count(model: Any, name: str, value: Any) -> int:
    return int(model._default_manager.filter(**{name: value}).count())  # noqa: SLF001 -- Django's own name for it


def _in_use(found: list[tuple[Any, int]]) -> Refused:
    used_by = sorted(
        ({"kind": str(model._meta.verbose_name), "count": count} for model, count in found if count),
        key=lambda one: str(one["kind"]),
    )
    plurals = {str(model._meta.verbose_name): str(model._meta.verbose_name_plural) for model, _ in found}
    told = " and ".join(
        f"{one['count']} {one['kind'] if one['count'] == 1 else plurals[str(one['kind'])]}" for one in used_by
    )
    verb = "uses" if len(used_by) == 1 and used_by[0]["count"] == 1 else "use"
    return Refused("in_use", f"{told} still {verb} this. Delete or change them first.", used_by=used_by)


def _of_foreign_key(model: type[models.Model], name: str, detail: str) -> ValidationError | Refused:
    """Tell a reference to nothing from a row that others refer to: the key that is named is of one or the other."""
    key = _KEY.search(detail)
    field = next((one for one in _foreign_keys(model) if name == _name_of_foreign_key(model, one)), None)
    if field is None:
        return ValidationError(OVERTAKEN, code="conflict")
    if key is None or key["column"] == field.column:
        return ValidationError({field.name: missing_reference(field.related_model)})
    return _in_use([(model, _count(model, field.attname, key["value"]) or 1)])


@cache
def _models_by_table() -> dict[str, type[models.Model]]:
    return {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}


@cache
def _rules_of(model: type[models.Model]) -> dict[str, ValidationError]:
    """Return what each declared constraint and lower limit of a table says, by its name in the database."""
    table = model._meta.db_table
    rules = {
        constraint.name: ValidationError(
            {
                NON_FIELD_ERRORS: [
                    ValidationError(
                        constraint.get_violation_error_message(), code=constraint.violation_error_code
                    )
                ]
            }
        )
        for constraint in model._meta.constraints
    }
    columns = {field.name: str(field.column) for field in model._meta.concrete_fields}
    for together in model._meta.unique_together:
        said = model().unique_error_message(model, tuple(together))
        rules[_name_of(table, [columns[name] for name in together], "_uniq")] = ValidationError(
            {NON_FIELD_ERRORS: [said]}
        )
    for field in model._meta.concrete_fields:
        if isinstance(field, PositiveIntegerRelDbTypeMixin):
            limit = ValidationError(MinValueValidator.message, code="min_value", params={"limit_value": 0})
            rules[f"{table}_{field.column}_check"] = ValidationError({field.name: [limit]})
    return rules


def _name_of_foreign_key(model: type[models.Model], field: Any) -> str:
    target = field.target_field
    suffix = f"_fk_{target.model._meta.db_table}_{target.column}"
    return _name_of(model._meta.db_table, [field.column], suffix)


def _name_of(table: str, columns: list[str], suffix: str) -> str:
    """Return the name, shortened where it is too long, that migrations give a constraint, without its digest."""
    editor: Any = connection.SchemaEditorClass(connection)
    return _plain(editor._create_index_name(table, columns, suffix=suffix))  # noqa: SLF001 -- Django's own rule for it


def _of_unique_field(model: type[models.Model], field: Any, detail: str) -> ValidationError:
    """Return what is said of a value that another row has, as the row that was to have it says it."""
    key = _KEY.search(detail)
    row = model(**({field.attname: key["value"]} if key and key["column"] == field.column else {}))
    return ValidationError({field.name: [row.unique_error_message(model, (field.name,))]})


@cache
def _unique_fields(model: type[models.Model]) -> dict[str, Any]:
    """Return the columns of a table that are unique each by itself, by the constraint's name in the database."""
    table = model._meta.db_table
    found: dict[str, Any] = {}
    for field in model._meta.concrete_fields:
        if field.primary_key:
            found[f"{table}_pkey"] = field
        elif field.unique:
            found |= dict.fromkeys((f"{table}_{field.column}_{suffix}" for suffix in ("key", "uniq")), field)
    return found


def _foreign_keys(model: type[models.Model]) -> list[Any]:
    """Return the relations of a table, longest column first: one name may begin with another."""
    found = [field for field in model._meta.concrete_fields if isinstance(field, models.ForeignKey)]
    return sorted(found, key=lambda field: -len(field.column))


def _field_of(model: type[models.Model], column: str) -> Any:
    return next((field for field in model._meta.concrete_fields if field.column == column), None)


def _at(field: Any, message: Any, code: str) -> ValidationError:
    return ValidationError({field.name: [ValidationError(message, code=code)]})


def _plain(name: str) -> str:
    """Return a constraint's name without the number of a shard and without Django's digest."""
    return _DIGEST.sub("", _SHARD.sub("", name))
