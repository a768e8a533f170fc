"""A second connection beside the one that works, for what others are to see before the work is committed."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DEFAULT_DB_ALIAS, connections

from config.foundation.rows import schema_selected


@contextmanager
def connection_beside(alias: str) -> Iterator[str]:
    """Yield the alias of a second connection to the same schema; in a transaction, of the one there is."""
    main = connections[DEFAULT_DB_ALIAS]
    if main.in_atomic_block:
        yield DEFAULT_DB_ALIAS
        return
    beside = connections.create_connection(DEFAULT_DB_ALIAS)
    connections[alias] = beside
    try:
        with schema_selected(main.tenant, using=alias):  # type: ignore[attr-defined]
            yield alias
    finally:
        del connections[alias]
        beside.close()
