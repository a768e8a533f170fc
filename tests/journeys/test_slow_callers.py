"""Callers that send or take a body slowly, or not to its end, against a real server."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from urllib.parse import urlsplit

import pytest

from config.callers import THREADS
from config.foundation.rest.exports import UNFINISHED
from directory.models import Participant
from tests import cast
from tests.roles import as_database_owner
from tests.serving import served

pytestmark = [pytest.mark.race, pytest.mark.enable_socket, pytest.mark.usefixtures("committed")]
LIST = "/t/acme/api/v1/directory/participants"
LOGIN = "/admin/login/"
FORM = "Content-Type: application/x-www-form-urlencoded\r\nCookie: switchboard_csrf=" + "a" * 32
JSON = "Content-Type: application/json"


@pytest.fixture
def token():
    return cast.make_token("acme", "directory.read", "directory.manage", may_write=True)


@pytest.fixture
def address(token):
    with served(workers=1) as address:
        yield address


def connected(address, *, patience_s=10.0):
    place = urlsplit(address)
    return socket.create_connection((place.hostname, place.port), timeout=patience_s)


def head(method, path, *headers, token=""):
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close", *headers]
    lines += [f"Authorization: Bearer {token}"] if token else []
    return "\r\n".join([*lines, "", ""]).encode()


def asked(address, request, *, ends=False, patience_s=10.0):
    """Send a request and return status, headers and body of its answer, as they are on the wire."""
    with closing(connected(address, patience_s=patience_s)) as connection:
        connection.sendall(request)
        if ends:
            connection.shutdown(socket.SHUT_WR)
        return parted(received(connection))


def received(connection):
    parts = []
    while part := connection.recv(65_536):
        parts.append(part)
    return b"".join(parts)


def parted(answer):
    top, _, body = answer.partition(b"\r\n\r\n")
    return int(top.split()[1]), top.decode(), body


def problem(answer):
    status, headers, body = answer
    assert "content-type: application/problem+json" in headers.lower()
    found = json.loads(body)
    assert found["status"] == status
    return status, found["code"]


@contextmanager
def many_waiting(address, request) -> Iterator[list[socket.socket]]:
    """Have more callers than there are threads send this and no more, for the block."""
    with ExitStack() as stack:
        callers = [stack.enter_context(closing(connected(address))) for _ in range(2 * THREADS)]
        for one in callers:
            one.sendall(request)
        time.sleep(1)
        yield callers


@pytest.mark.parametrize("path", [LIST, LOGIN])
def test_bodies_that_do_not_come_leave_others_answered(address, token, path):
    request = head("POST", path, JSON if path == LIST else FORM, "Content-Length: 1000", token=token)
    with many_waiting(address, request) as callers:
        start = time.monotonic()
        assert asked(address, head("GET", "/healthz"))[0] == 200
        assert asked(address, head("GET", LIST, token=token))[0] == 200
        assert time.monotonic() - start < 3
        for one in callers:
            one.sendall(b" " * 1000)
        statuses = {parted(one.recv(65_536))[0] for one in callers}
    assert statuses == {400 if path == LIST else 403}


def test_a_body_that_comes_in_pieces_is_read(address, token):
    body = json.dumps({"name": "Slow Bank"}).encode()
    with closing(connected(address)) as connection:
        connection.sendall(head("POST", LIST, JSON, f"Content-Length: {len(body)}", token=token))
        for byte in body:
            connection.sendall(bytes([byte]))
            time.sleep(0.05)
        assert parted(received(connection))[0] == 201


def test_a_body_that_is_cut_off_is_refused_even_where_it_reads_well(address, token):
    body = json.dumps({"name": "Cut Bank"}).encode()
    request = head("POST", LIST, JSON, f"Content-Length: {len(body) + 9}", token=token)
    assert problem(asked(address, request + body, ends=True)) == (400, "body_incomplete")
    with cast.tenant("acme"):
        assert not Participant.objects.exists()


def test_a_form_that_is_cut_off_is_refused(address):
    csrf = "a" * 32
    form = f"csrfmiddlewaretoken={csrf}&username=x&password=y".encode()
    whole = asked(address, head("POST", LOGIN, FORM, f"Content-Length: {len(form)}") + form)
    assert whole[0] == 200
    cut = asked(address, head("POST", LOGIN, FORM, f"Content-Length: {len(form) + 9}") + form, ends=True)
    assert cut[0] == 403


def test_only_the_protocol_is_spoken_whose_limits_are_set(address):
    with closing(connected(address, patience_s=3)) as connection:
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9))
        assert not connection.recv(100).startswith(b"\x00\x00")


def test_a_connection_that_asks_nothing_is_closed(address):
    with closing(connected(address, patience_s=20)) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\n")
        start = time.monotonic()
        received(connection)
        assert time.monotonic() - start < 15


def test_files_that_are_not_taken_leave_others_answered(address, token):
    with cast.tenant("acme"):
        Participant.objects.bulk_create([Participant(name="x" * 200) for _ in range(15_000)])
    request = head("GET", LIST, "Accept: application/x-ndjson", token=token)
    with many_waiting(address, request):
        time.sleep(3)
        assert asked(address, head("GET", "/healthz"))[0] == 200
        assert asked(address, head("GET", LIST, token=token))[0] == 200
    assert asked(address, head("GET", LIST, token=token))[0] == 200


@pytest.mark.parametrize("media_type", ["text/csv", "application/x-ndjson"])
def test_a_file_that_is_stopped_in_the_middle_cannot_pass_for_a_whole_one(address, token, media_type):
    """A column goes while the file is sent: no page can follow."""
    with cast.tenant("acme"):
        Participant.objects.bulk_create([Participant(name="x" * 200) for _ in range(15_000)])
    with closing(connected(address)) as connection:
        connection.sendall(head("GET", LIST, f"Accept: {media_type}", token=token))
        first = connection.recv(65_536)
        schema = cast.tenant("acme").schema_name
        as_database_owner(f'ALTER TABLE "{schema}".directory_participant RENAME notes TO gone')
        status, _, body = parted(first + received(connection))
    assert status == 200
    assert body.endswith(UNFINISHED.encode() + b"\r\n0\r\n\r\n")


@pytest.mark.parametrize("name", ["If-Match", "X-Tenant", "Audit-Reason"])
def test_a_header_that_the_server_cannot_read_is_refused_and_not_left_out(address, token, name):
    body = json.dumps({"name": "Bank"}).encode()
    request = head("POST", LIST, JSON, f"Content-Length: {len(body)}", f'{name}: "é"', token=token) + body
    answer = asked(address, request)
    assert problem(answer) == (400, "validation_failed")
    assert [(one["header"], one["code"]) for one in json.loads(answer[2])["errors"]] == [
        (name, "invalid_text")
    ]
