import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from config import postgres
from config.management.commands.up import serving, wait_until_ready
from config.schemas import MADE_BY_FILE, is_made_by_others, remember_maker

ROOT = Path(__file__).parent.parent.parent
pytestmark = pytest.mark.enable_socket  # loopback only: what is tested listens on a port


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    postgres.stop(postgres.embedded_home(tmp_path))


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free: int = probe.getsockname()[1]
    return free


def environment(data_dir: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "PORT"}}
    settings = {"SWITCHBOARD_DATA_DIR": str(data_dir), "DJANGO_SETTINGS_MODULE": "config.settings.dev"}
    return {**kept, **settings, **more}


def accepts(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def up(data_dir: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run `manage.py up` where it cannot succeed."""
    return subprocess.run(
        [sys.executable, "manage.py", "up", *arguments],
        cwd=ROOT,
        env=environment(data_dir, **more),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def assert_refused_in_one_line(ended: subprocess.CompletedProcess[str], words: str, data_dir: Path) -> None:
    assert ended.returncode == 1
    assert words in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1
    assert not postgres.is_running(postgres.embedded_home(data_dir))


@pytest.mark.parametrize("bad", ["0", "65536", "-1", "http", "80 80", "\uff18\uff10"])
def test_a_port_that_is_none_is_refused(bad):
    with pytest.raises(CommandError, match="port must be a number from 1 to 65535"):
        call_command("up", port=bad)


def test_the_port_may_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("PORT", "eighty")
    with pytest.raises(CommandError, match="not 'eighty'"):
        call_command("up")


def test_a_taken_port_is_refused_in_one_line_before_the_database_starts(data_dir, port):
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        assert_refused_in_one_line(up(data_dir, "--port", str(port)), f"127.0.0.1:{port}", data_dir)
    assert not postgres.embedded_home(data_dir).exists()


@pytest.mark.parametrize("url", ["mysql://u:secret@h/n", "postgres://u:secret@127.0.0.1:1/n"])
def test_a_database_that_is_not_there_is_told_in_one_line(data_dir, port, url):
    ended = up(data_dir, "--port", str(port), DATABASE_URL=url)
    assert_refused_in_one_line(ended, "rror: ", data_dir)
    assert "secret" not in ended.stderr


def test_of_the_makers_of_a_database_none_may_be_another_and_one_may_be_new(tmp_path):
    made_by = tmp_path / MADE_BY_FILE
    assert not is_made_by_others(tmp_path, ROOT)
    remember_maker(tmp_path, ROOT)
    lines = made_by.read_text().splitlines(keepends=True)
    assert len(lines) > 3
    made_by.write_text("".join(lines[1:]))  # made before that app came
    assert not is_made_by_others(tmp_path, ROOT)
    for others in (lines[0].replace(lines[0][:4], "xxxx"), "0" * 64 + " app_that_went\n", "0" * 64):
        made_by.write_text("".join([*lines[1:], others]))
        assert is_made_by_others(tmp_path, ROOT)


def test_a_database_of_other_initial_migrations_is_refused_with_the_command_to_remake_it(data_dir, port):
    home = postgres.embedded_home(data_dir)
    home.mkdir()
    (home / MADE_BY_FILE).write_text("another\n")
    assert_refused_in_one_line(up(data_dir, "--port", str(port)), "make reset", data_dir)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_the_database_is_made_leaves_nothing(data_dir, port, number):
    home = postgres.embedded_home(data_dir)
    argv = [sys.executable, "manage.py", "up", "--port", str(port)]
    with subprocess.Popen(argv, cwd=ROOT, env=environment(data_dir), stdout=subprocess.DEVNULL) as process:
        while not (home / "lock").exists():
            assert process.poll() is None
        process.send_signal(number)
    assert process.returncode == 0
    assert not postgres.is_running(home)


def test_it_serves_until_told_to_stop_and_leaves_nothing(data_dir, port):
    home = postgres.embedded_home(data_dir)
    argv = [sys.executable, "manage.py", "up", "--workers", "1"]
    with subprocess.Popen(
        argv, cwd=ROOT, env=environment(data_dir, PORT=str(port)), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        lines = []
        for line in process.stdout:
            lines.append(line)
            if "is ready" in line:
                break
        assert lines[0].startswith("public: applying "), lines
        assert f"http://localhost:{port}/" in lines[-1]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            assert answer.status == 200
        assert "cannot listen" in up(data_dir, "--port", str(port)).stderr
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)  # an impatient second one changes nothing
    assert process.returncode == 0
    assert not postgres.is_running(home)
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5)


def test_a_server_that_was_killed_leaves_no_worker_on_its_port(port):
    with serving("127.0.0.1", port, 1) as server:
        wait_until_ready(server, f"http://127.0.0.1:{port}/healthz")
        server.kill()
        server.wait()
    deadline = time.monotonic() + 5  # seconds: the kernel ends a killed process a moment later
    while accepts(port) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not accepts(port)
