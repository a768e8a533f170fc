"""Free text: where a word occurs, asked in the way that indexes answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, F, Func, Model, Q


def occurrence(model: type[Model], columns: Sequence[str], word: str) -> Q:
    """Return the condition that a word occurs, in any case, in one of the columns.

    A column of a related row (``participant__name``) is asked for the keys of such rows first: a condition that spans
    two tables could be judged by no index.
    """
    found = Q()
    for column in columns:
        relation, is_related, related_column = column.partition("__")
        found |= (
            Q(_refers_to_one_with(model, relation, related_column, word))
            if is_related
            else Q(**{f"{column}__icontains": word})
        )
    return found


def _refers_to_one_with(model: type[Model], relation: str, column: str, word: str) -> Func:
    key: Any = model._meta.get_field(relation)
    rows = key.related_model._default_manager  # noqa: SLF001 -- Django's public name for it
    related = rows.filter(**{f"{column}__icontains": word}).order_by()
    return Func(
        F(key.attname),
        ArraySubquery(related.values("pk")),
        template="%(expressions)s)",
        arg_joiner=" = ANY(",
        output_field=BooleanField(),
    )
