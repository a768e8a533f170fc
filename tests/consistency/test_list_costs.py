"""What a list costs grows neither with its rows nor with their relations; every list of both documents is decided on.

The next list is added to ``LISTS``, with what makes it longer.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.enums import ConsentAction, SubjectKind
from audit.operations import record_consent
from audit.operations.verifications import VERIFICATION
from audit.requests.models import SavedFilter
from audit.requests.operations import save_filter, start_job
from config.foundation.actor import Actor
from config.foundation.rest.views import exporting
from config.foundation.rows import public_schema
from customers.identity.operations import create_token
from directory.models import Identifier, Participant
from tests import cast
from tests.cast import make_token
from tests.directory.rest.calling import Api
from tests.directory.rest.conftest import fill, saved
from tests.journeys.isolation.documents import documents, operations
from tests.openapi import resolved
from tests.sealing import seal

SIZES = (1, 3, 30)
PRIVILEGES = ("directory.read", "view_confidential", "view_audit", "export_audit", "tokens.manage")
NARROWINGS = {
    "q": "a",
    "source__n": "x",
    "at__lt": "2100-01-01T00:00:00Z",
    "created_at__gte": "2000-01-01T00:00:00Z",
}
JSON, CSV, LINES = "application/json", "text/csv", "application/x-ndjson"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def add_directory_rows(number: int) -> None:
    participant = fill(number)
    saved(Identifier(participant=participant, identifier_type="mid", value=f"MERCHANT{number:07}"))


def add_consent(number: int) -> None:
    record_consent(
        actor=Actor.system("tests"),
        now=NOW.replace(minute=number % 60),
        subject_kind=SubjectKind.USER,
        subject_id=uuid4(),
        purpose="terms",
        text_version=2,
        action=ConsentAction.GIVEN,
    )


def add_saved_filter(number: int) -> None:
    row = SavedFilter(
        slug=f"filter-{number}", name="Any", resource="directory/participants", parameters={"q": ["a"]}
    )
    save_filter(actor=Actor.user(cast.user("acme_admin").pk), row=row)


def add_platform_event(number: int) -> None:
    with public_schema():
        saved(Participant(name=f"Everybody's {number}"))


def add_job(_number: int) -> None:
    start_job(actor=cast.ACTOR, kind=VERIFICATION)


def add_platform_job(number: int) -> None:
    with public_schema():
        add_job(number)


def add_token(_number: int) -> None:
    make_token("acme", "directory.read", "directory.resolve")


def add_own_token(number: int) -> None:
    create_token(
        actor=cast.ACTOR,
        user=cast.user("operator"),
        tenant=None,
        name=f"token {number}",
        privileges=["directory.read", "directory.resolve"],
        expires_at=timezone.now() + timedelta(days=1),
    )


LISTS: dict[str, Callable[[int], None]] = {  # what makes each longer by a row; a number sets rows apart
    "platform:audit_events_list": add_platform_event,
    "tenant:audit_events_list": add_directory_rows,
    "tenant:consents_list": add_consent,
    "tenant:saved_filters_list": add_saved_filter,
    "tenant:jobs_list": add_job,
    "tenant:tokens_list": add_token,
    "platform:jobs_list": add_platform_job,
    "platform:my_tokens_list": add_own_token,
    "tenant:capabilities_list": add_directory_rows,
    "tenant:credentials_list": add_directory_rows,
    "tenant:edges_list": add_directory_rows,
    "tenant:endpoints_list": add_directory_rows,
    "tenant:identifiers_list": add_directory_rows,
    "tenant:participants_list": add_directory_rows,
    "tenant:policies_list": add_directory_rows,
    "tenant:prefix_rules_list": add_directory_rows,
    "tenant:probes_list": add_directory_rows,
    "tenant:routing_artifacts_list": add_directory_rows,
    "tenant:source_runs_list": add_directory_rows,
    "tenant:sources_list": add_directory_rows,
}


def lists_of_documents() -> set[str]:
    """Return the keys of all operations that answer with ``results``, however they page."""
    found = set()
    for name, document in documents().items():
        for item in document["paths"].values():
            content = item.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
            schema = resolved(document, content.get(JSON, {}).get("schema", {}))
            if "results" in schema.get("properties", {}):
                found.add(f"{name}:{item['get']['operationId']}")
    return found


def test_every_list_is_decided_on():
    assert lists_of_documents() == set(LISTS)
    assert {key for key, one in operations().items() if one.is_list} == set(LISTS)


def ways_of(key: str) -> dict[str, tuple[dict[str, str], str]]:
    """Return the ways to ask for a list, each as its query and media type."""
    (fields,) = (one for one in operations()[key].queries() if one["name"] == "fields")
    names = fields["schema"]["items"]["enum"]
    nested = [name for name in names if "." in name]
    plain = {"limit": "200"}
    return {
        "all": (plain, JSON),
        "id alone": (plain | {"fields": "id"}, JSON),
        "nested": (plain | {"fields": ",".join(nested or names)}, JSON),
        "without nested": (plain | {"omit": ",".join(nested or names[-1:])}, JSON),
        "brief": (plain | {"brief": "true"}, JSON),
        "counted": (plain | {"offset": "0"}, JSON),
        "narrowed": (plain | {"fields": "id", **narrowed(key)}, JSON),
        "as CSV": ({}, CSV),
        "as lines": ({}, LINES),
    }


def narrowed(key: str) -> dict[str, str]:
    names = {one["name"] for one in operations()[key].queries()}
    return next({name: value} for name, value in NARROWINGS.items() if name in names)


def cost_of(client: Any, address: str, query: dict[str, str], media_type: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        response = client.get(address, query, headers={"Accept": media_type})
        assert response.status_code == 200, response.content
        _sent = response.getvalue()
    return len(captured)


def costs(clients: dict[str, tuple[Any, str]]) -> dict[tuple[str, str], int]:
    """Return the statements of each list in each way."""
    found = {}
    for key in LISTS:
        client, root = clients[key.partition(":")[0]]
        address = f"{root}{operations()[key].path.rpartition('/api/v1')[2]}"
        for way, (query, media_type) in ways_of(key).items():
            found[key, way] = cost_of(client, address, query, media_type)
    return found


def lengths(clients: dict[str, tuple[Any, str]]) -> dict[str, int]:
    """Return how many rows each list has."""
    found = {}
    for key in LISTS:
        client, root = clients[key.partition(":")[0]]
        response = client.get(f"{root}{operations()[key].path.rpartition('/api/v1')[2]}", {"offset": "0"})
        found[key] = response.json()["count"]
    return found


@pytest.fixture
def clients(db, operator):
    operators = Client(headers={"Host": "localhost"})
    operators.force_login(operator)
    token = make_token("acme", *PRIVILEGES)
    members = Client(headers={"Authorization": f"Bearer {token}"})
    return {"platform": (operators, "/api/v1"), "tenant": (members, Api("acme").address("").rstrip("/"))}


def test_a_list_costs_as_many_statements_for_one_row_as_for_thirty(acme, clients, monkeypatch):
    monkeypatch.setattr(exporting, "PAGE_SIZE", 5_000)
    seal()
    found: dict[int, dict[tuple[str, str], int]] = {}
    added = 0
    for size in SIZES:
        with acme:
            for number in range(added, size):
                for add in set(LISTS.values()):
                    add(number)
        added = size
        costs(clients)  # what is kept after the first request is not counted
        found[size] = costs(clients)
        assert min(lengths(clients).values()) >= size
    grown = {
        one: [found[size][one] for size in SIZES]
        for one in found[SIZES[0]]
        if len({found[size][one] for size in SIZES}) > 1
    }
    assert grown == {}
