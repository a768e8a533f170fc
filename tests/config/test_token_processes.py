"""A real server counts the calls of tokens, and leaves none uncounted when it is stopped in order."""

import socket
import time
import urllib.error
import urllib.request
from urllib.parse import quote

import pytest
from django.conf import settings
from django.utils import timezone

from config.foundation.actor import Actor
from config.management.commands.up import serving, wait_until_ready
from customers.identity.models import ApiToken, ApiTokenTally
from customers.identity.operations import revoke_token
from tests import cast

PATH = "/t/acme/api/v1/directory/participants"
pytestmark = [pytest.mark.race, pytest.mark.enable_socket, pytest.mark.usefixtures("committed")]


@pytest.fixture
def port(monkeypatch):
    where = settings.DATABASES["default"]
    url = f"postgres://{where['USER']}@{quote(where['HOST'], safe='')}:{where['PORT']}/{where['NAME']}"
    monkeypatch.setenv("DATABASE_URL", url)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def counted():
    return {tally.code: tally.count for tally in ApiTokenTally.objects.all()}


def until(is_so, within):
    deadline = time.monotonic() + within
    while not is_so():
        assert time.monotonic() < deadline, f"not within {within} s"
        time.sleep(0.02)


def test_a_server_writes_the_first_use_soon_and_the_rest_when_it_stops(port):
    text = cast.make_token("acme", "directory.read")

    def ask():
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}{PATH}", headers={"Authorization": f"Bearer {text}", "Host": "localhost"}
        )
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            error.close()
            return error.code

    with serving("127.0.0.1", port, 1) as server:
        wait_until_ready(server, f"http://127.0.0.1:{port}/healthz")
        assert ask() == 200
        until(lambda: counted() == {"": 1}, within=5)
        for _ in range(3):
            assert ask() == 200
        revoke_token(actor=Actor.system("tests"), token=ApiToken.objects.get(), now=timezone.now())
        until(lambda: ask() == 401, within=1)
    refused = counted()
    assert refused.pop("") == 4
    assert list(refused) == ["token_revoked"]
