"""Server, database or both are killed while people write: nothing acknowledged is lost, nothing is half."""

import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from config import postgres

ROOT = Path(__file__).parent.parent.parent
ROUNDS = int(os.environ.get("ROUNDS", "2"))
READY_S = 60.0
PREPARE = """
import json, django
django.setup()
from tests import cast
cast.fill()
print(json.dumps({slug: cast.make_token(slug, "directory.manage", "directory.read", may_write=True)
    for slug in cast.TENANTS}))
"""
CHECK = """
import json, django
django.setup()
from audit.chain import verify
from config.foundation.actor import Actor
from customers.tenants.models import Tenant
from customers.tenants.operations import provision_tenant
for tenant in Tenant.objects.exclude(schema_name="public").order_by("pk"):
    provision_tenant(actor=Actor.system("tests"), tenant=tenant)
names = ["public", *Tenant.objects.exclude(schema_name="public").values_list("schema_name", flat=True)]
print(json.dumps({name: str(verify(name).flaw or "") for name in names}))
"""
MAKE = """
import sys, django
django.setup()
from config.foundation.actor import Actor
from customers.tenants.operations import create_tenant
create_tenant(actor=Actor.system("tests"), slug=sys.argv[1], name=sys.argv[1])
"""

pytestmark = [pytest.mark.crash, pytest.mark.enable_socket]


class Stack:
    """A real installation in a folder of its own: the database that syncs, the server with its workers."""

    def __init__(self, folder: Path) -> None:
        self.home = postgres.embedded_home(folder)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.environment = {
            **{name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "PORT"}},
            "SWITCHBOARD_DATA_DIR": str(folder),
            "DJANGO_SETTINGS_MODULE": "config.settings.dev",
            "SWITCHBOARD_LOG_LEVEL": "CRITICAL",
        }
        self.process: subprocess.Popen[bytes] | None = None

    def run(self, program: str, *arguments: str) -> Any:
        """Run a program of the installation and return what it printed as JSON."""
        argv = [sys.executable, "-c", program, *arguments]
        done = subprocess.run(
            argv, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return json.loads(done.stdout.strip().splitlines()[-1]) if done.stdout.strip() else None

    def start(self) -> None:
        argv = [sys.executable, "manage.py", "up", "--port", str(self.port)]
        self.process = subprocess.Popen(
            argv, cwd=ROOT, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            assert self.process.poll() is None
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5):
                    return
            except OSError:
                time.sleep(0.1)
        raise AssertionError("the server does not answer")

    def kill(self, *, server: bool, database: bool) -> None:
        """Kill processes of this installation, children and all, without a word."""
        assert self.process is not None
        postmaster = self.postmaster()
        of_database = _family(postmaster) if postmaster else []
        of_server = [pid for pid in _family(self.process.pid) if pid not in of_database]
        if database:
            for pid in of_database:
                _kill(pid)
        if not server:  # it outlives its database, until the round is over
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=10) as answer:
                assert answer.status == 200
        for pid in of_server:
            _kill(pid)
        self.process.wait(30)

    def postmaster(self) -> int:
        found = list(self.home.rglob("postmaster.pid"))
        return int(found[0].read_text().splitlines()[0]) if found else 0

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(60)
        postgres.stop(self.home)


def _family(pid: int) -> list[int]:
    try:
        listed = [one.read_text() for one in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:
        return []
    children = [int(child) for text in listed for child in text.split()]
    return [pid, *(one for child in children for one in _family(child))]


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


class Writer(threading.Thread):
    """Writes participants over HTTP until nobody answers, and notes which were acknowledged."""

    def __init__(self, stack: Stack, slug: str, token: str) -> None:
        super().__init__(daemon=True)
        self.url = f"http://127.0.0.1:{stack.port}/t/{slug}/api/v1/directory/participants"
        self.slug, self.token = slug, token
        self.acknowledged: list[str] = []
        self.refusals: list[str] = []

    def run(self) -> None:
        number = 0
        while True:
            number += 1
            request = urllib.request.Request(
                self.url,
                json.dumps({"name": f"party {number}"}).encode(),
                {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
            )
            try:
                with urllib.request.urlopen(request, timeout=10) as answer:
                    self.acknowledged.append(json.loads(answer.read())["id"][4:])
            except urllib.error.HTTPError as error:
                self.refusals.append(f"{error.code}")  # its body may be cut off
                return
            except (OSError, ValueError, http.client.HTTPException):
                return  # killed


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    made = Stack(tmp_path)
    yield made
    made.stop()


def test_what_was_acknowledged_outlives_every_kill(stack: Stack) -> None:
    chance = random.Random(20260301)
    postgres.ensure(stack.home)
    tokens = stack.run(PREPARE)
    acknowledged: dict[str, set[str]] = {slug: set() for slug in tokens}
    for number in range(ROUNDS):
        stack.start()
        writers = [Writer(stack, slug, token) for slug, token in tokens.items() for _ in range(2)]
        maker = subprocess.Popen(
            [sys.executable, "-c", MAKE, f"made-{number}"],
            cwd=ROOT, env=stack.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        for writer in writers:
            writer.start()
        _await_writes(writers)
        time.sleep(chance.uniform(0.0, 1.5))
        server, database = chance.choice([(True, False), (False, True), (True, True)])
        stack.kill(server=server, database=database)
        _kill(maker.pid)
        maker.wait()
        for writer in writers:
            writer.join(30)
            assert not [said for said in writer.refusals if said[0] == "4"]
            assert writer.acknowledged
            acknowledged[writer.slug] |= set(writer.acknowledged)
        postgres.ensure(stack.home)
        assert set(stack.run(CHECK).values()) == {""}
        _assert_whole(stack, acknowledged)
        sys.stderr.write(f"round {number + 1}: {sum(map(len, acknowledged.values()))} acknowledged\n")


def _await_writes(writers: list[Writer]) -> None:
    """Return once every writer has an acknowledgement: on a busy machine the first answers take their time."""
    deadline = time.monotonic() + READY_S
    while not all(writer.acknowledged for writer in writers):
        assert time.monotonic() < deadline, [writer.refusals for writer in writers]
        time.sleep(0.05)


def _assert_whole(stack: Stack, acknowledged: dict[str, set[str]]) -> None:
    where = postgres.connection_settings(stack.home)
    with psycopg.connect(
        host=where["HOST"], port=where["PORT"], user=where["USER"], dbname=where["NAME"], autocommit=True
    ) as client:
        tenants = client.execute(
            "SELECT slug, schema_name, state FROM tenants_tenant t JOIN tenants_placement p ON p.tenant_id = t.id"
        ).fetchall()
        schemas = {
            name
            for (name,) in client.execute(
                r"SELECT nspname FROM pg_namespace WHERE nspname LIKE 't\_%'"
            ).fetchall()
        }
        assert schemas == {schema for _, schema, _ in tenants}
        assert {state for _, _, state in tenants} == {"ready"}
        for slug, schema, _ in tenants:
            rows = {
                key.hex: version
                for key, version in client.execute(
                    f'SELECT id, row_version FROM "{schema}".directory_participant'
                )
            }
            events = [
                key.replace("-", "")
                for (key,) in client.execute(
                    f"SELECT resource_id FROM \"{schema}\".audit_event WHERE resource = 'directory.participant'"
                    " AND action = 'create'"
                )
            ]
            assert sorted(rows) == sorted(events)
            assert acknowledged.get(slug, set()) <= set(rows)
            (moved,) = client.execute(f'SELECT version FROM "{schema}".directory_version').fetchone() or (0,)
            assert moved >= len(acknowledged.get(slug, set()))
