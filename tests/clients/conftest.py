"""Programs of node that read the documents, and a server with a tenant's token to try clients against."""

import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings

from config.management.commands.up import serving, wait_until_ready
from tests import cast

PROGRAMS = Path(__file__).parent / "node_modules" / ".bin"
LOOPBACK = "127.0.0.1"
PRIVILEGES = ("directory.read", "directory.manage", "directory.resolve")
Program = Callable[..., subprocess.CompletedProcess[str]]


@dataclass(frozen=True)
class Served:
    """Where acme's API answers, and a token that may read, write and resolve there."""

    url: str
    token: str


@pytest.fixture
def node_program(tmp_path: Path) -> Program:
    """Return a function that runs a program of ``package.json`` by its name, in a folder of the test or in ``cwd``."""

    def run(name: str, *arguments: str, cwd: Path = tmp_path) -> subprocess.CompletedProcess[str]:
        program = PROGRAMS / name
        if not program.exists():
            pytest.skip(f"{name} is missing: `make test-all` installs it")
        quiet = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "NO_COLOR": "1"}
        return subprocess.run(
            [program, *arguments],
            cwd=cwd,
            env=os.environ | quiet,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return run


@pytest.fixture
def served(committed: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """Serve the test's own database from a process of its own."""
    token = cast.make_token("acme", *PRIVILEGES, may_write=True)
    where = settings.DATABASES["default"]
    url = f"postgres://{where['USER']}@{quote(where['HOST'], safe='')}:{where['PORT']}/{where['NAME']}"
    monkeypatch.setenv("DATABASE_URL", url)
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port = probe.getsockname()[1]
    with serving(LOOPBACK, port, 1) as server:
        wait_until_ready(server, f"http://{LOOPBACK}:{port}/healthz")
        yield Served(f"http://{LOOPBACK}:{port}/t/acme", token)
