"""Base classes of every domain table.

The stamps (``created_*``, ``updated_*``, ``row_version``) are written by one BEFORE trigger in the database, so raw SQL
and bulk writes carry them too; an update that changes nothing keeps the version and leaves no audit event.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Self
from uuid import uuid4

from django.contrib.postgres.functions import RandomUUID
from django.db import connections, models, router
from django.db.models.functions import Now
from django_tenants.utils import get_public_schema_name

from config.foundation.display_ids import display_id
from config.foundation.tiers import Tiers

STAMPS = ("created_at", "created_by", "updated_at", "updated_by", "row_version")


class WrongSchemaError(RuntimeError):
    """A row or queryset of one schema met the connection while another schema was selected."""


class NoSchemaSelectedError(RuntimeError):
    """A tenant's table was asked for while neither a tenant nor the global directory was selected."""


class SelectedSchema:
    """Stands for a schema on the connection where no tenant row does: the global directory, that is ``public``."""

    is_selected = True

    def __init__(self, schema_name: str) -> None:
        self.schema_name = schema_name


PUBLIC_SCHEMA = SelectedSchema(get_public_schema_name())


@contextmanager
def schema_selected(schema: Any, *, using: str = "default") -> Iterator[None]:
    """Select a schema (a Tenant or a SelectedSchema) for the block and restore the earlier one after it."""
    connection = connections[using]
    earlier = connection.tenant  # type: ignore[attr-defined]
    connection.set_tenant(schema)  # type: ignore[attr-defined]
    try:
        yield
    finally:
        connection.set_tenant(earlier)  # type: ignore[attr-defined]


def public_schema() -> Any:
    """Select the global directory, explicitly and for a ``with`` block."""
    return schema_selected(PUBLIC_SCHEMA)


def selected_schema(using: str) -> str:
    """Return the name of the schema selected on this connection.

    Raises:
        NoSchemaSelectedError: nothing was selected; the connection's resting state is not a choice.
    """
    name = _selected_schema_or_none(using)
    if name is None:
        raise NoSchemaSelectedError(
            "select a tenant (`with tenant:`) or the global directory (`with public_schema():`)"
        )
    return name


def _selected_schema_or_none(using: str) -> str | None:
    connection: Any = connections[using]
    return str(connection.schema_name) if getattr(connection.tenant, "is_selected", False) else None


class Row(models.Model):
    """A row of a domain table: uuid key, stamps, version, and a declared tier for every column."""

    display_prefix: ClassVar[str] = ""
    tiers: ClassVar[Tiers] = Tiers()

    id = models.UUIDField(primary_key=True, default=uuid4, db_default=RandomUUID(), editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    created_by = models.UUIDField(null=True, blank=True, editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_by = models.UUIDField(null=True, blank=True, editable=False)
    row_version = models.BigIntegerField(db_default=1, editable=False)

    class Meta:
        abstract = True

    @property
    def display_id(self) -> str:
        """Return the id as people and programs see it."""
        return display_id(self.display_prefix, self.id)

    def validate_unique(self, exclude: Collection[str] | None = None) -> None:
        """Ask for everything but the key, which is random; should two ever be equal, the database refuses the second.

        Raises:
            ValidationError: what is taken, by field.
        """
        super().validate_unique({*(exclude or ()), "id"})

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, then read back what the trigger stamped."""
        super().save(*args, **kwargs)
        self.refresh_from_db(using=self._state.db, fields=STAMPS)


class TenantQuerySet(models.QuerySet[Any]):
    """A queryset that belongs to the schema it was made in, and says so when it is run in another."""

    _schema: str | None = None

    @property
    def db(self) -> str:
        """Return the alias to run on; every evaluation passes here, so here the schema is checked."""
        alias: str = super().db
        schema = selected_schema(alias)
        if self._schema is not None and self._schema != schema:
            raise WrongSchemaError(
                f"a queryset of {self.model._meta.label} made in {self._schema} was run in {schema}"
            )
        return alias

    def _add_hints(self, **hints: Any) -> None:
        """Take the schema of the row whose relation this is: a relation is followed where its row belongs."""
        super()._add_hints(**hints)  # type: ignore[misc]
        self._schema = getattr(hints.get("instance"), "_schema", None) or self._schema

    def _clone(self) -> Self:
        clone: Self = super()._clone()  # type: ignore[misc]
        clone._schema = self._schema
        return clone


class TenantManager(models.Manager.from_queryset(TenantQuerySet)):  # type: ignore[misc]
    """Manager of tenant rows: binds each queryset to the schema it is made in.

    One that is made while none is selected (a form's choices, as the class is read) is bound to none, and is refused
    when it is run before one is.
    """

    def get_queryset(self) -> TenantQuerySet:
        """Return a queryset of the schema selected now."""
        queryset: TenantQuerySet = super().get_queryset()
        queryset._schema = _selected_schema_or_none(self._db or router.db_for_read(self.model))
        return queryset


class TenantRow(Row):
    """A row of a table that exists in every tenant's schema (and, for the directory, in the global one).

    It remembers the schema it was read in or first saved in, and refuses to be saved or deleted in another: without
    that, a row read in one tenant silently overwrites its namesake in the next.
    """

    _schema: str | None = None

    objects: ClassVar[TenantManager] = TenantManager()

    class Meta:
        abstract = True

    @classmethod
    def from_db(
        cls, db: str | None, field_names: Collection[str], values: Collection[Any], **kwargs: Any
    ) -> Self:
        """Build a row as read from the database and remember where."""
        row = super().from_db(db, field_names, values, **kwargs)
        row._schema = connections[db or "default"].schema_name  # type: ignore[attr-defined]
        return row

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save into the schema the row belongs to."""
        self._keep_to_schema()
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete from the schema the row belongs to."""
        self._keep_to_schema()
        return super().delete(*args, **kwargs)

    def _keep_to_schema(self) -> None:
        schema = selected_schema(self._state.db or router.db_for_write(type(self)))
        if self._schema is not None and self._schema != schema:
            raise WrongSchemaError(
                f"{self._meta.label} {self.pk} belongs to {self._schema}, selected is {schema}"
            )
        self._schema = schema
