"""Real poolers: Debian's pgbouncer, in each of its modes, in front of the test cluster."""

import os
import pwd
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from django.core.management import call_command
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from config.postgres import PostgresError
from config.postgres.pooler import refuse_shared_sessions

ROOT = Path(__file__).parent.parent.parent
PROGRAM = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin") or ""
pytestmark = pytest.mark.enable_socket  # loopback only: a pooler listens on a port
needs_pgbouncer = pytest.mark.skipif(not PROGRAM, reason="pgbouncer is not installed")


def connector(conninfo):
    return lambda: psycopg.connect(conninfo, autocommit=True)


@pytest.fixture
def pooled(own_database, tmp_path_factory):
    """Return a function that puts a pooler of this mode in front of the database, and tells how to reach it."""
    running = []
    there = conninfo_to_dict(own_database)
    account = pwd.getpwuid(
        Path(str(there["host"])).stat().st_uid
    ).pw_name  # who may enter the server's socket
    folder = Path("/tmp") / f"switchboard-pooler-{os.getpid()}"
    folder.mkdir(mode=0o755)

    def start(mode, size=5):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        file = folder / f"{mode}.ini"
        file.write_text(
            f"[databases]\n* = host={there['host']} port={there['port']} user={there['user']}\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n"
            f"pool_mode = {mode}\ndefault_pool_size = {size}\nmin_pool_size = {size}\nquery_wait_timeout = 3\n"
        )
        argv = [PROGRAM, "-q", *(["-u", account] if os.getuid() == 0 else []), str(file)]
        running.append(subprocess.Popen(argv, stderr=subprocess.DEVNULL))
        for _ in range(100):
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        return make_conninfo(host="127.0.0.1", port=port, user=there["user"], dbname=there["dbname"])

    yield start
    for process in running:
        process.kill()
        process.wait()
    shutil.rmtree(folder)


def url_of(conninfo):
    parts = conninfo_to_dict(conninfo)
    return f"postgres://{parts['user']}@{parts['host']}:{parts['port']}/{parts['dbname']}"


def environment(conninfo, tmp_path):
    return {
        **os.environ,
        "DATABASE_URL": url_of(conninfo),
        "SWITCHBOARD_DATA_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "config.settings.dev",
    }


def test_a_server_itself_is_accepted(own_database):
    refuse_shared_sessions(connector(own_database))


@needs_pgbouncer
def test_a_pooler_that_deals_out_whole_sessions_is_accepted(pooled):
    refuse_shared_sessions(connector(pooled("session")))


@needs_pgbouncer
@pytest.mark.parametrize("size", [1, 2, 5])
@pytest.mark.parametrize("mode", ["transaction", "statement"])
def test_a_pooler_that_shares_sessions_is_refused_whatever_its_size(pooled, mode, size):
    with pytest.raises(PostgresError, match="pool_mode"):
        refuse_shared_sessions(connector(pooled(mode, size)))


@needs_pgbouncer
def test_a_pooler_that_shares_sessions_is_refused_while_others_use_it(pooled):
    where = pooled("transaction", 2)
    with psycopg.connect(where) as other:
        other.execute("SELECT 1")  # an open transaction, which keeps one server's session
        with pytest.raises(PostgresError, match="pool_mode"):
            refuse_shared_sessions(connector(where))


@needs_pgbouncer
@pytest.mark.parametrize(
    "arguments",
    [
        ["manage.py", "up", "--port", "18999"],
        ["manage.py", "check", "--database", "default"],
        ["-c", "import config.wsgi"],
    ],
    ids=["up", "check", "wsgi"],
)
def test_nothing_starts_behind_a_pooler_that_shares_sessions(pooled, tmp_path, arguments):
    ended = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment(pooled("transaction"), tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    told = [line for line in ended.stderr.splitlines() if "pool_mode" in line]
    assert len(told) == 1
    if "check" not in arguments:
        assert ended.stderr.strip().splitlines() == told


def test_the_check_of_the_database_finds_nothing_wrong_with_a_server(db):
    call_command("check", databases=["default"], tags=["database"])
