"""The demonstration's log-ins, kept in one private file: only it knows the passwords and tokens in clear."""

import contextlib
import json
import os
import secrets
from pathlib import Path
from typing import TypedDict

PASSWORD_BYTES = 15  # 20 characters of base64url, 120 bits


class DemoFileError(RuntimeError):
    """The file of log-ins is there, but cannot be read."""


class Login(TypedDict):
    """How a person signs in."""

    email: str
    password: str


class TenantLogins(TypedDict):
    """Who enters one tenant; ``url`` is where its administration and API begin."""

    url: str
    admin: Login
    member: Login
    token: str


class Logins(TypedDict):
    """The content of the file."""

    url: str
    operator: Login
    tenants: dict[str, TenantLogins]


def read_logins(path: Path) -> Logins | None:
    """Return what an earlier run kept, or None where there is no such file, or one that tells nothing.

    Raises:
        DemoFileError: the file is there but cannot be read.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DemoFileError(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError:
        return None
    return content if _is_whole(content) else None


def write_logins(path: Path, logins: Logins) -> None:
    """Replace the file as a whole; nobody but its owner reads it, not even for the moment of writing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.new")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(json.dumps(logins, indent=2) + "\n")
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()
        raise


def new_login(email: str) -> Login:
    """Return a log-in with a password of this installation alone."""
    return {"email": email, "password": secrets.token_urlsafe(PASSWORD_BYTES)}


def _is_whole(content: object) -> bool:
    if not isinstance(content, dict) or not isinstance(content.get("tenants"), dict):
        return False
    return _is_login(content.get("operator")) and all(map(_is_tenant, content["tenants"].values()))


def _is_tenant(value: object) -> bool:
    return (
        isinstance(value, dict)
        and _is_login(value.get("admin"))
        and _is_login(value.get("member"))
        and isinstance(value.get("token"), str)
    )


def _is_login(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(value.get(key), str) and value[key] for key in ("email", "password")
    )
