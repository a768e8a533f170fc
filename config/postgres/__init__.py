"""The embedded PostgreSQL server: start, reuse and stop a private cluster below one directory.

A *home* holds everything of one server: ``data-<major>/`` (the cluster, whose files are bound to that major
version, and its log), ``sock/`` (the only way in: nothing listens on TCP), ``switchboard.conf`` (written
at every start), ``lock`` (held while starting or stopping), ``starter`` (held by whoever has to stop it).

PostgreSQL refuses to run as root: a root caller has it run by an unprivileged account or, where that account
cannot reach the files, in a user namespace. Nothing here imports Django; computing settings starts nothing.
Who wants TCP tells the server itself (``ALTER SYSTEM SET listen_addresses``, and a password, as TCP is never
trusted).
"""

from config.postgres.addresses import (
    APPLICATION_ROLE,
    ConnectionSettings,
    connection_settings,
    database_from_url,
    embedded_home,
    is_running,
)
from config.postgres.errors import PostgresError
from config.postgres.server import StartedBy, ensure, running, stop

__all__ = [
    "APPLICATION_ROLE",
    "ConnectionSettings",
    "PostgresError",
    "StartedBy",
    "connection_settings",
    "database_from_url",
    "embedded_home",
    "ensure",
    "is_running",
    "running",
    "stop",
]
