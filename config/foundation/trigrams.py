"""Indexes by which text is found inside of columns, in any case: trigrams of the upper-case text.

They serve what the lists of the API ask (``UPPER(column) LIKE UPPER('%word%')``), one index a table: a GIN index over
several columns finds by any of them alone, and by several joined with OR. The operator class is named with its schema,
as migrations and copied DDL run in schemas that have no extensions of their own.
"""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import migrations
from django.db.models import Q
from django.db.models.functions import Upper

OPERATOR_CLASS = "public.gin_trgm_ops"


def words_index(name: str, *columns: str, condition: Q | None = None) -> GinIndex:
    """Return an index of the words in these columns."""
    expressions = [OpClass(Upper(column), name=OPERATOR_CLASS) for column in columns]
    return GinIndex(*expressions, name=name, condition=condition)


def install_trigrams() -> migrations.RunSQL:
    """Return the operation that brings the extension into the database, once for all schemas.

    Taken back it does nothing: it is not known whether the other schemas still need it.
    """
    return migrations.RunSQL(
        "CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public", migrations.RunSQL.noop
    )
