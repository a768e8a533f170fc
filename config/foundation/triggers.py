"""All trigger DDL: migration operations that stamp and audit domain tables and refuse what evades it.

Names are unqualified, so an operation works in whichever schema the migration's ``search_path`` selects, and
every schema calls functions of its own. The functions come with the first migration of ``audit``: a migration
that names a trigger depends on it. Triggers are row triggers without transition tables, and none sends a
notification; a distributed server allows no others. ``_execute`` is the one place a setting could be put
around the DDL.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from config.foundation.tiers import Tiers

STAMP_TRIGGER = "row_stamp"
CAPTURE_TRIGGER = "audit_capture"
TRUNCATE_TRIGGER = "row_truncate"
UNTRACEABLE = "it would leave no audit events; delete the rows instead"
APPEND_ONLY = "rows are only ever added"


@dataclass(frozen=True, slots=True)
class Trigger:
    """One trigger: ``events`` like "INSERT OR UPDATE", ``timing`` BEFORE or AFTER."""

    name: str
    timing: str
    events: str
    function: str
    arguments: tuple[str, ...] = ()
    level: str = "ROW"
    when: str = ""
    is_deferred: bool = False

    def create(self, table: str) -> str:
        """Return the statement that makes the trigger on a quoted table, in place of one of the same name."""
        kind = "CREATE CONSTRAINT TRIGGER" if self.is_deferred else "CREATE OR REPLACE TRIGGER"
        deferral = " DEFERRABLE INITIALLY DEFERRED" if self.is_deferred else ""
        when = f" WHEN ({self.when})" if self.when else ""
        arguments = ", ".join("'" + argument.replace("'", "''") + "'" for argument in self.arguments)
        return (
            f"{kind} {self.name} {self.timing} {self.events} ON {table}{deferral}"
            f" FOR EACH {self.level}{when} EXECUTE FUNCTION {self.function}({arguments})"
        )

    def drop(self, table: str) -> str:
        """Return the statement that removes the trigger from a quoted table."""
        return f"DROP TRIGGER {self.name} ON {table}"


class InstallTriggers(Operation):
    """Put triggers on the table of a model of the migration's app. The model's state does not change."""

    reduces_to_sql = True
    reversible = True

    def __init__(self, model_name: str, triggers: Sequence[Trigger]) -> None:
        self.model_name = model_name
        self.triggers = triggers

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Leave the state: triggers are no part of it."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,  # noqa: ARG002 -- Django's signature
        to_state: ProjectState,
    ) -> None:
        """Create the triggers."""
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            table = schema_editor.quote_name(model._meta.db_table)
            for trigger in self.triggers:
                _execute(schema_editor, trigger.create(table))

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,  # noqa: ARG002 -- Django's signature
        to_state: ProjectState,
    ) -> None:
        """Drop the triggers."""
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            table = schema_editor.quote_name(model._meta.db_table)
            for trigger in self.triggers:
                _execute(schema_editor, trigger.drop(table))

    def references_model(self, name: str, app_label: str) -> bool:  # noqa: ARG002 -- Django's signature
        """Tell the optimiser which model the operation is bound to."""
        return name.lower() == self.model_name.lower()

    def describe(self) -> str:
        """Return the line that ``migrate --plan`` shows."""
        return f"Put triggers {', '.join(trigger.name for trigger in self.triggers)} on {self.model_name}"


class DomainTriggers(InstallTriggers):
    """Make a model's table a domain table: rows are stamped, changes audited, TRUNCATE is refused.

    ``personal``, ``confidential``, ``secret`` and ``by_row`` are column names as the model's ``tiers``
    declare them; ``tenant`` says where the events' ``tenant_id`` is found: "" nowhere, a column of the row,
    or ``column@table`` for the ``tenant_id`` of the row that the column points to. ``migration_line(model)``
    writes the operation out, and the consistency test prints it where one is missing. A change of tiers is a
    new DomainTriggers that ``replaces`` the old.
    """

    def __init__(  # noqa: PLR0913 -- one keyword a tier, so that a migration reads like the model
        self,
        model_name: str,
        *,
        resource: str,
        personal: Sequence[str] = (),
        confidential: Sequence[str] = (),
        secret: Sequence[str] = (),
        by_row: Sequence[str] = (),
        tenant: str = "",
        replaces: "DomainTriggers | None" = None,
    ) -> None:
        self.replaces = replaces
        arguments = (
            resource,
            *(",".join(sorted(names)) for names in (personal, confidential, secret, by_row)),
            tenant,
        )
        super().__init__(
            model_name,
            [
                Trigger(STAMP_TRIGGER, "BEFORE", "INSERT OR UPDATE", "row_stamp"),
                Trigger(CAPTURE_TRIGGER, "AFTER", "INSERT OR UPDATE OR DELETE", "audit_capture", arguments),
                Trigger(
                    TRUNCATE_TRIGGER, "BEFORE", "TRUNCATE", "audit_refuse", (UNTRACEABLE,), level="STATEMENT"
                ),
            ],
        )

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Drop the triggers, or put back those they replaced."""
        if self.replaces is None:
            super().database_backwards(app_label, schema_editor, from_state, to_state)
        else:
            self.replaces.database_forwards(app_label, schema_editor, from_state, to_state)


class AppendOnly(InstallTriggers):
    """Refuse UPDATE, DELETE and TRUNCATE on a model's table."""

    def __init__(self, model_name: str, *, sentence: str = APPEND_ONLY) -> None:
        super().__init__(
            model_name,
            [
                Trigger("row_append_only", "BEFORE", "UPDATE OR DELETE", "audit_refuse", (sentence,)),
                Trigger(
                    "row_no_truncate", "BEFORE", "TRUNCATE", "audit_refuse", (sentence,), level="STATEMENT"
                ),
            ],
        )


def trigger_arguments(model: type[models.Model]) -> tuple[str, ...]:
    """Return the arguments that the capture trigger of a model must have, from the model's declared tiers.

    Shape: (resource, personal, confidential, secret, by row, tenant); columns are joined by commas, in order
    of name.
    """
    tiers: Tiers = model.tiers  # type: ignore[attr-defined]
    columns = (
        ",".join(sorted(str(model._meta.get_field(name).column) for name in names))  # type: ignore[union-attr]
        for names in (tiers.personal, tiers.confidential, tiers.secret, tiers.by_row)
    )
    return (resource_name(model), *columns, tenant_source(model))


def resource_name(model: type[models.Model]) -> str:
    """Return a model's name in the chain, such as ``directory.participant``."""
    return model._meta.label_lower


def tenant_source(model: type[models.Model]) -> str:
    """Return where the events of a public table find their tenant, as DomainTriggers takes it.

    A table that names no tenant itself takes it from the first required relation to a table that does.
    """
    if model._meta.label == settings.TENANT_MODEL:
        return "id"
    if _has_tenant(model):
        return "tenant_id"
    for field in model._meta.concrete_fields:
        if isinstance(field, models.ForeignKey) and not field.null and _has_tenant(field.related_model):
            return f"{field.column}@{field.related_model._meta.db_table}"
    return ""


def migration_line(model: type[models.Model]) -> str:
    """Return the operation that a migration needs to make the model's table a domain table."""
    resource, *columns, tenant = trigger_arguments(model)
    parts = [f"{model._meta.model_name!r}", f"resource={resource!r}"]
    for tier, names in zip(("personal", "confidential", "secret", "by_row"), columns, strict=True):
        if names:
            parts.append(f"{tier}={names.split(',')!r}")
    if tenant:
        parts.append(f"tenant={tenant!r}")
    return f"DomainTriggers({', '.join(parts)})".replace("'", '"')


def _has_tenant(model: Any) -> bool:
    return any(field.column == "tenant_id" for field in model._meta.concrete_fields)


def _execute(schema_editor: BaseDatabaseSchemaEditor, statement: str) -> None:
    schema_editor.execute(statement, params=None)
