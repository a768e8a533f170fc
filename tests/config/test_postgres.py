import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import postgres
from config.postgres.cluster import SETTINGS
from config.postgres.servant import find_servant

ROOT = Path(__file__).parent.parent.parent
HOLD = "import sys, time; from pathlib import Path; from config import postgres\n"
HOLD += (
    "with postgres.running(Path(sys.argv[1]), fast=True) as by: print(by.value, flush=True); time.sleep(60)"
)


def connect(home: Path) -> psycopg.Connection:
    found = postgres.connection_settings(home)
    return psycopg.connect(
        host=found["HOST"], port=found["PORT"], user=found["USER"], dbname=found["NAME"], autocommit=True
    )


def postmaster(home: Path) -> int:
    (pid_file,) = home.glob("data-*/postmaster.pid")
    return int(pid_file.read_text().split()[0])


@pytest.fixture
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Path]]:
    """Hand out homes; whatever runs in them at the end is stopped."""
    made = []

    def make() -> Path:
        made.append(tmp_path_factory.mktemp("pg") / "home")
        return made[-1]

    yield make
    for home in made:
        postgres.stop(home)


def hold(home: Path) -> subprocess.Popen[str]:
    """Start another process that runs the server until it is told to stop."""
    return subprocess.Popen(
        [sys.executable, "-c", HOLD, str(home)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def test_a_server_is_started_once_found_again_and_stopped(homes):
    home = homes()
    assert not postgres.is_running(home)
    with postgres.running(home, fast=True) as first:
        assert first is postgres.StartedBy.US
        pid = postmaster(home)
        with postgres.running(home, fast=True) as second:
            assert second is postgres.StartedBy.OTHERS
        assert postmaster(home) == pid
        with connect(home) as connection:
            assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
            assert connection.execute("SHOW unix_socket_permissions").fetchone() == ("0700",)
    assert not postgres.is_running(home)
    postgres.stop(home)  # stopping what is stopped is no error


def test_the_server_never_runs_as_root_and_its_files_are_closed_to_others(homes):
    home = homes()
    with postgres.running(home, fast=True):
        (data,) = home.glob("data-*")
        assert data.stat().st_mode & 0o077 == 0
        assert Path(postgres.connection_settings(home)["HOST"]).stat().st_mode & 0o077 == 0
        if os.geteuid() == 0:
            servant = find_servant(home)
            assert servant.prefix or servant.uid != 0


def test_what_was_committed_outlives_a_killed_postmaster(homes):
    home = homes()
    with postgres.running(home):  # durable: the promise is about these
        with connect(home) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        os.kill(postmaster(home), signal.SIGKILL)
        assert postgres.ensure(home) is postgres.StartedBy.OTHERS  # still the duty of the outer block
        with connect(home) as connection:
            assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    assert not postgres.is_running(home)


def test_two_homes_run_side_by_side(homes):
    one, other = homes(), homes()
    with postgres.running(one, fast=True), postgres.running(other, fast=True):
        assert postmaster(one) != postmaster(other)
        with connect(one) as connection:
            connection.execute("CREATE DATABASE only_here")
        with connect(other) as connection:
            names = connection.execute("SELECT datname FROM pg_database").fetchall()
        assert ("only_here",) not in names


def test_of_two_processes_at_once_one_starts_and_the_other_finds(homes):
    home = homes()
    with hold(home) as one, hold(home) as other:
        assert sorted([said(one), said(other)]) == ["others", "us"]
        for process in (one, other):
            process.send_signal(signal.SIGINT)
    assert not postgres.is_running(home)


def test_a_server_whose_starter_was_killed_is_taken_over_and_stopped(homes):
    home = homes()
    with hold(home) as process:
        assert said(process) == "us"
        process.kill()
    assert postgres.is_running(home)
    with postgres.running(home, fast=True) as by:
        assert by is postgres.StartedBy.US
    assert not postgres.is_running(home)


@pytest.mark.parametrize("after_s", [0.02, 0.2, 0.4, 0.7])
def test_an_interrupted_start_leaves_nothing_running(homes, after_s):
    home = homes()
    with hold(home) as process:
        time.sleep(after_s)
        os.killpg(process.pid, signal.SIGINT)  # a terminal's Ctrl-C is for the whole group
    assert not postgres.is_running(home)


def test_values_in_failing_statements_never_reach_the_log(homes):
    home = homes()
    card = "4111111111111111"
    with postgres.running(home, fast=True):
        with connect(home) as connection:
            connection.execute("CREATE TABLE number (value text PRIMARY KEY)")
            connection.execute("INSERT INTO number VALUES (%s)", [card])
            for statement in (
                f"INSERT INTO number VALUES ('{card}')",
                f"SELECT uuid('{card}')",
                f"SELECT pg_sleep(0.6), '{card}', 1 / 0",
            ):
                with pytest.raises(psycopg.Error):
                    connection.execute(statement)
            with pytest.raises(psycopg.Error):
                connection.execute("INSERT INTO number VALUES (%s)", [card])
        (log,) = home.glob("data-*/server.log")
        assert "ready to accept connections" in log.read_text()
        assert card not in log.read_text()


def test_a_path_too_long_or_odd_for_a_socket_gets_a_short_one(tmp_path):
    for name in ("x" * 100, "a,b", "it's", "naïve"):
        found = postgres.connection_settings(tmp_path / name)["HOST"]
        assert re.fullmatch(r"/tmp/switchboard-postgres-[0-9a-f]{16}", found)
    assert postgres.connection_settings(Path("/srv/a b"))["HOST"] == "/srv/a b/sock"


def test_a_home_with_a_space_and_a_quote_works(homes):
    home = homes().parent / "it's a home"
    with postgres.running(home, fast=True), connect(home) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_cluster_of_another_major_version_is_refused_in_one_line(homes):
    home = homes()
    (home / "data-9").mkdir(parents=True)
    with pytest.raises(postgres.PostgresError, match="made by another PostgreSQL") as refused:
        postgres.ensure(home)
    assert "\n" not in str(refused.value)


def test_a_broken_cluster_is_told_in_one_line(homes):
    home = homes()
    with postgres.running(home, fast=True):
        pass
    (control,) = home.glob("data-*/global/pg_control")
    control.unlink()
    with pytest.raises(postgres.PostgresError, match="does not start") as told:
        postgres.ensure(home, fast=True)
    assert "\n" not in str(told.value)


def test_settings_say_nothing_of_values():
    assert SETTINGS["log_parameter_max_length"] == "0"
    assert SETTINGS["log_parameter_max_length_on_error"] == "0"


def test_computing_settings_starts_and_makes_nothing(tmp_path):
    home = postgres.embedded_home(tmp_path / "data")
    assert postgres.connection_settings(home)["NAME"] == "postgres"
    assert not (tmp_path / "data").exists()


text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20)


@given(user=text, password=text, name=text, port=st.integers(1, 65_535))
def test_every_part_of_a_url_comes_back_from_its_percent_encoding(user, password, name, port):
    encode = lambda part: "".join(f"%{byte:02X}" for byte in part.encode())  # noqa: E731
    found = postgres.database_from_url(
        f"postgres://{encode(user)}:{encode(password)}@db.example:{port}/{encode(name)}?sslmode=require"
    )
    assert found == {
        "HOST": "db.example",
        "PORT": str(port),
        "USER": user,
        "PASSWORD": password,
        "NAME": name,
        "OPTIONS": {"sslmode": "require"},
    }


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("postgresql://h/n", "h", ""),
        ("postgres:///n?host=/run/postgresql", "/run/postgresql", ""),
        ("postgres://%2Frun%2FPostgres/n", "/run/Postgres", ""),
        ("postgres://u@[2001:db8::1]:5433/n", "2001:db8::1", "5433"),
    ],
)
def test_a_url_may_name_a_host_an_address_or_a_socket(url, host, port):
    found = postgres.database_from_url(url)
    assert (found["HOST"], found["PORT"], found["NAME"]) == (host, port, "n")


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:secret@h/n",
        "secret",
        "postgres://u:secret@h",
        "postgres://u:secret@h/",
        "postgres://u:secret@h:0x10/n",
        "postgres://u:secret@h:70000/n",
        "postgres://u:secret@h/n?sslmode",
        "postgres://u:secret@h/n?search_path=x",
        "postgres://u:secret@h/n/m",
        "postgres://u:sec#ret@h/n",
        "postgres://u:secret@[h/n",
    ],
)
def test_a_bad_url_is_refused_in_one_line_without_its_password(url):
    with pytest.raises(postgres.PostgresError) as refused:
        postgres.database_from_url(url)
    assert str(refused.value).startswith("DATABASE_URL")
    assert "\n" not in str(refused.value)
    assert "secret" not in str(refused.value)
    assert "sec#ret" not in str(refused.value)
