"""A running demo and a browser; both are started once and stopped at the end."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ROOT = Path(__file__).resolve().parent.parent.parent
RUNNING_DEMO = "SWITCHBOARD_DEMO"  # names the demo.json of a demo that runs already
STOP_PATIENCE_S = 30


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Return where a demo answers and who signs in: the content of its demo.json."""
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is missing: `make test-all` installs it")
    if given := os.environ.get(RUNNING_DEMO):
        yield json.loads(Path(given).read_text())
        return
    home = tmp_path_factory.mktemp("demo")
    with _serving(home):
        yield json.loads((home / "demo.json").read_text())


@pytest.fixture(scope="session")
def browser(demo: dict[str, Any]) -> Iterator[Browser]:
    """Return a browser that asks nobody but the demo."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@contextmanager
def _serving(home: Path) -> Iterator[None]:
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    environment |= {"SWITCHBOARD_DATA_DIR": str(home), "DJANGO_SETTINGS_MODULE": "config.settings.dev"}
    command = [sys.executable, "manage.py", "up", "--demo", "--workers", "1", "--port", str(_free_port())]
    with (home / "up.log").open("w") as log:
        server = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=log, text=True
        )
    try:
        said = []
        for line in server.stdout or ():
            said.append(line)
            if "is ready" in line:
                break
        else:
            pytest.fail(f"the demo did not start: {''.join(said)}{(home / 'up.log').read_text()}")
        yield
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=STOP_PATIENCE_S)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
