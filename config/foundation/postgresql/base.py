"""Database engine; name it in ``DATABASES[...]["ENGINE"]`` as ``config.foundation.postgresql``."""

from django.db.backends.postgresql.features import DatabaseFeatures as PostgresFeatures
from django.db.backends.postgresql.operations import DatabaseOperations as PostgresOperations
from django_tenants.postgresql_backend.base import DatabaseWrapper as TenantDatabaseWrapper


class DatabaseFeatures(PostgresFeatures):
    """PostgreSQL's features, but for the one our foreign keys give up."""

    can_defer_constraint_checks = False  # Django then deletes rows in the order that the keys ask for


class DatabaseOperations(PostgresOperations):
    """PostgreSQL operations whose foreign keys are checked at once, so a violation names its statement."""

    def deferrable_sql(self) -> str:
        """Return the clause of a foreign key: deferrable for bulk repair, immediate for everybody else."""
        return " DEFERRABLE INITIALLY IMMEDIATE"


class DatabaseWrapper(TenantDatabaseWrapper):  # type: ignore[misc]
    """A connection that knows the selected tenant and sets ``search_path`` accordingly."""

    features_class = DatabaseFeatures
    ops_class = DatabaseOperations
