"""People at the screen, and rows for them to look at."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from config.foundation.actor import Actor
from directory.models import Capability, Credential, Endpoint, Identifier, Participant
from directory.operations import save_row

ACTOR = Actor.system("tests")
MERCHANT = "MERCHANT-0042"
INPUT = re.compile(r"<(input|textarea|select)\b[^>]*?name=\"([^\"]+)\"[^>]*>", re.DOTALL)


class Screen:
    """A person at the admin of one tenant."""

    def __init__(self, slug: str, user: Any) -> None:
        self.root = f"/t/{slug}/admin/"
        self.client = Client(headers={"Host": "localhost"})
        self.client.force_login(user)

    def open(self, path: str, query: Any = None) -> Any:
        return self.client.get(self.root + path, query)

    def submit(self, path: str, values: dict[str, Any]) -> Any:
        return self.client.post(self.root + path, values)

    def count(self, path: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            response = self.open(path)
        assert response.status_code == 200, response.content[:500]
        return len(asked)

    def statements(self, path: str) -> list[str]:
        with CaptureQueriesContext(connection) as asked:
            assert self.open(path).status_code == 200
        return [query["sql"] for query in asked]


@pytest.fixture
def screen(acme: Any, acme_admin: Any) -> Screen:
    return Screen("acme", acme_admin)


@pytest.fixture
def make_party(acme: Any) -> Callable[..., Participant]:
    """Return a function that makes a participant of acme with one of everything."""

    def make(name: str = "Bank US") -> Participant:
        with acme:
            party: Participant = save_row(actor=ACTOR, row=Participant(name=name, country="US"))
            parts = [
                Identifier(participant=party, identifier_type="bic", value="BANKUS33", priority=10),
                Identifier(participant=party, identifier_type="mid", value=MERCHANT),
                Endpoint(
                    participant=party, protocol="as4", address=f"https://as4.example.com/{party.pk.hex}"
                ),
                Capability(participant=party, service="iso20022.fi", action="credit.transfer"),
                Credential(participant=party, credential_type="sign", vault_ref="vault://certs/bankus/key"),
            ]
            for row in parts:
                save_row(actor=ACTOR, row=row)
        return party

    return make
