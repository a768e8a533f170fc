"""A list that is held already costs one small statement, and a tag is good for one schema, address and caller."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.foundation.rows import public_schema
from directory.models import Participant
from directory.rest.resources import RESOURCES
from tests.directory.rest.conftest import fill, saved
from tests.sealing import seal

TABLES = [one.plural.replace(" ", "-") for one in RESOURCES]


@pytest.fixture(autouse=True)
def sealed(full_directory):
    """Let every later change move what a commit would move."""
    seal()


def tag_of(api, path, query=None):
    response = api.get(path, query)
    assert response.status_code == 200, response.content
    return response["ETag"]


def status_of(api, path, tag, query=None):
    return api.get(path, query, If_None_Match=tag).status_code


@pytest.mark.parametrize("table", TABLES)
def test_a_list_is_held_until_any_row_changes(acme_api, acme, table):
    path = f"directory/{table}"
    tag = tag_of(acme_api, path)
    held = acme_api.get(path, If_None_Match=tag)
    assert (held.status_code, held.content, held["ETag"]) == (304, b"", tag)
    with acme:
        fill(7)
    assert status_of(acme_api, path, tag) == 200


def test_a_list_that_is_held_is_not_read(acme_api):
    def statements(**headers):
        with CaptureQueriesContext(connection) as captured:
            acme_api.get("directory/participants", **headers)
        return [one["sql"] for one in captured]

    tag = tag_of(acme_api, "directory/participants")
    read, held = statements(), statements(If_None_Match=tag)
    assert len(held) == len(read) - 1
    assert any('FROM "directory_participant"' in sql for sql in read)
    assert not any('FROM "directory_participant"' in sql for sql in held)


def test_a_tag_is_good_for_its_own_address_tenant_and_directory(acme_api, globex_api):
    path = "directory/participants"
    tag = tag_of(acme_api, path)
    assert not tag.startswith("W/")
    for query in ({"limit": 1}, {"kind": "node"}, {"fields": "name"}, {"directory": "global"}):
        assert status_of(acme_api, path, tag, query) == 200
    assert status_of(globex_api, path, tag) == 200


def test_a_change_of_another_tenant_moves_no_tag_and_one_of_the_global_directory_its_own(
    acme_api, globex, globex_api
):
    path = "directory/participants"
    own, shared = tag_of(acme_api, path), tag_of(acme_api, path, {"directory": "global"})
    with globex:
        saved(Participant(name="Globex's own"))
    assert status_of(acme_api, path, own) == 304
    assert status_of(acme_api, path, shared, {"directory": "global"}) == 304
    with public_schema():
        saved(Participant(name="Everybody's"))
    assert status_of(acme_api, path, own) == 304
    assert status_of(acme_api, path, shared, {"directory": "global"}) == 200


def test_who_sees_confidential_values_holds_another_tag(acme_api, make_api):
    clear = make_api("acme", "directory.read", "view_confidential")
    assert tag_of(clear, "directory/identifiers") != tag_of(acme_api, "directory/identifiers")
    assert tag_of(clear, "directory/participants") == tag_of(acme_api, "directory/participants")


def test_an_estimate_has_no_tag(acme_api):
    assert "ETag" not in acme_api.get("directory/participants", {"count": "estimate"})


def test_a_refusal_comes_before_the_tag(acme_api):
    tag = tag_of(acme_api, "directory/participants")
    assert status_of(acme_api, "directory/participants", tag, {"nmae": "x"}) == 400
