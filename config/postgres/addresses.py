"""Where a database server is reached: the embedded one's socket, or what DATABASE_URL says."""

import hashlib
import os
import re
import socket
from pathlib import Path
from typing import Any, TypedDict
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from config.postgres.errors import PostgresError

PORT = 5432  # names the socket's file; nothing listens on it
SUPERUSER = "postgres"
APPLICATION_ROLE = (
    "switchboard_application"  # of the embedded server: reads and writes rows, changes no schema
)
MAINTENANCE_DATABASE = "postgres"
SOCKET_PATH_LIMIT_BYTES = 100  # the kernel's own limit is 108 with the final NUL
SSL_REQUEST = b"\0\0\0\x08\x04\xd2\x16\x2f"  # the one message that a server answers before any log-in
URL_OPTIONS = frozenset(
    {
        "application_name",
        "channel_binding",
        "connect_timeout",
        "gssencmode",
        "options",
        "sslcert",
        "sslkey",
        "sslmode",
        "sslnegotiation",
        "sslrootcert",
        "target_session_attrs",
    }
)


class ConnectionSettings(TypedDict):
    """One entry of Django's ``DATABASES``, without its ENGINE; ``""`` leaves a value to libpq's default."""

    HOST: str
    PORT: str
    USER: str
    PASSWORD: str
    NAME: str
    OPTIONS: dict[str, Any]


def embedded_home(data_dir: Path, name: str = "postgres") -> Path:
    """Return the home of an embedded server within the program's data directory."""
    return data_dir / name


def connection_settings(home: Path, *, role: str = SUPERUSER) -> ConnectionSettings:
    """Return how to reach the server of ``home`` as a role of it, whether it runs or not."""
    return {
        "HOST": str(socket_dir(home)),
        "PORT": str(PORT),
        "USER": role,
        "PASSWORD": "",
        "NAME": MAINTENANCE_DATABASE,
        "OPTIONS": {},
    }


def database_from_url(url: str) -> ConnectionSettings:
    """Read ``postgres://user:password@host:5432/name?sslmode=require``, its parts percent-encoded.

    A directory as host (``%2Frun%2Fpostgresql``, or ``?host=/run/postgresql``) means the Unix socket there.

    Raises:
        PostgresError: It is no address of PostgreSQL. The message repeats no part that may hold the password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
        options = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
    except ValueError:
        raise PostgresError("DATABASE_URL is malformed in its host, port or options") from None
    if parts.scheme not in {"postgres", "postgresql"}:
        raise PostgresError("DATABASE_URL must begin with postgres:// or postgresql://")
    name = unquote(parts.path.removeprefix("/"))
    if not name or "/" in parts.path[1:] or parts.fragment:
        raise PostgresError("DATABASE_URL must read postgres://user:password@host:5432/name, percent-encoded")
    host = options.pop("host", "") or _host(parts)
    if unknown := sorted(options.keys() - URL_OPTIONS):
        raise PostgresError(f"DATABASE_URL has an option that is not supported: {unknown[0]}")
    return {
        "HOST": host,
        "PORT": "" if port is None else str(port),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "NAME": name,
        "OPTIONS": dict(options),
    }


def socket_dir(home: Path) -> Path:
    """Return the directory of the server's socket: in the home, or a short one where that will not do."""
    beside = home.resolve() / "sock"
    is_plain = re.fullmatch(r"[\w/.+ -]+", str(beside), re.ASCII)  # nothing to split a list at
    if is_plain and len(bytes(beside / socket_name())) <= SOCKET_PATH_LIMIT_BYTES:
        return beside
    # A fixed place, not TMPDIR, which may differ between the programs that have to meet there.
    digest = hashlib.sha256(os.fsencode(beside)).hexdigest()[:16]
    return Path("/tmp") / f"switchboard-postgres-{digest}"  # noqa: S108 -- its owner is checked before use


def socket_name() -> str:
    """Return the name that PostgreSQL gives to the socket."""
    return f".s.PGSQL.{PORT}"


def is_running(home: Path) -> bool:
    """Tell whether a server answers on the socket of ``home``."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(2)
        try:
            client.connect(str(socket_dir(home) / socket_name()))
            client.sendall(SSL_REQUEST)
            return client.recv(1) in {b"N", b"S"}
        except OSError:
            return False


def _host(parts: SplitResult) -> str:
    if (parts.hostname or "").count(":"):  # an IPv6 address, in brackets
        return parts.hostname or ""
    # Not `hostname`, which is in lower case: a socket's directory is not.
    return unquote(parts.netloc.rpartition("@")[2].partition(":")[0])
