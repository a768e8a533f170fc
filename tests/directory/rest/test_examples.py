"""The document's example bodies, sent as they stand there, but for the ids of rows that exist."""

import json

import pytest
from django.conf import settings

from config.foundation.rows import public_schema
from config.openapi import document_bytes
from directory.models import Identifier, Participant
from directory.rest.examples import EDGE, HEX
from tests.cast import make_token
from tests.directory.rest.bodies import Rows
from tests.directory.rest.calling import Api

DOCUMENT = json.loads(document_bytes(settings.TENANT_URLCONF, "json"))
CREATING = {
    path: [
        example["value"]
        for example in item["post"]["requestBody"]["content"]["application/json"]["examples"].values()
        if isinstance(example["value"], dict)
    ]
    for path, item in DOCUMENT["paths"].items()
    if path.startswith("/api/v1/directory/") and "201" in item.get("post", {}).get("responses", {})
}


@pytest.fixture
def api(acme):
    return Api("acme", make_token("acme", "directory.read", "directory.manage", may_write=True))


@pytest.fixture
def rows(api):
    return Rows.made_by(api)


@pytest.fixture
def known(api, rows):
    """Return an existing row's id for each id of the examples."""
    mine = {"participant_id": rows.participant}
    capability = api.send("POST", "directory/capabilities", mine | {"service": "parent"}).json()["id"]
    body = mine | {"identifier_type": "mid", "value": "MERCHANT-PARENT"}
    identifier = api.send("POST", "directory/identifiers", body).json()["id"]
    with public_schema():
        everybodys = Participant.objects.create(name="Parent")
        Identifier.objects.create(
            participant=everybodys, identifier_type="bic", value="NDEASESS", normalized="NDEASESSXXX"
        )
        of_all = Identifier.objects.get(participant=everybodys).display_id
    return {
        f"par_{HEX}": rows.participant,
        f"ept_{HEX}": rows.endpoint,
        f"art_{HEX}": rows.artifact,
        f"cap_{HEX}": capability,
        f"idf_{HEX}": identifier,
        EDGE["to_id"]: of_all,
    }


def test_every_table_that_is_written_shows_a_body():
    assert len(CREATING) >= 11
    assert all(CREATING.values())


@pytest.mark.parametrize("path", CREATING)
def test_the_example_of_a_creation_creates_a_row(path, api, known):
    for body in CREATING[path]:
        text = json.dumps(body)
        for shown, row_id in known.items():
            text = text.replace(shown, row_id)
        response = api.send("POST", path.removeprefix("/api/v1/"), json.loads(text))
        assert response.status_code == 201, response.content
