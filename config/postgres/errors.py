"""What can go wrong with the database server."""


class PostgresError(Exception):
    """Say in one line why there is no database server, and what to do."""
