"""A real server over the database that a test has selected."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import pytest
from django.conf import settings

from config.management.commands.up import serving, wait_until_ready


@contextmanager
def served(workers: int = 1) -> Iterator[str]:
    """Serve the database that is selected; give the address, like ``http://127.0.0.1:40123``.

    What is to be seen by the server must be committed: the test needs the fixture ``committed``.
    """
    port = free_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", database_url())
        patch.setenv("DJANGO_SETTINGS_MODULE", os.environ["DJANGO_SETTINGS_MODULE"])
        with serving("127.0.0.1", port, workers) as server:
            wait_until_ready(server, f"http://127.0.0.1:{port}/healthz")
            yield f"http://127.0.0.1:{port}"


def database_url() -> str:
    """Return how another process reaches the database that is selected."""
    where = settings.DATABASES["default"]
    return f"postgres://{where['USER']}@{quote(where['HOST'], safe='')}:{where['PORT']}/{where['NAME']}"


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
