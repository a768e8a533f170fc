"""Rows by the moment they are valid at, and by the request that wrote them."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.foundation.rest.described import AsOfFilter
from directory.enums import ArtifactKind
from directory.models import Credential, Edge, Endpoint, Participant, PrefixRule, RoutingArtifact
from directory.rest.resources import RESOURCES
from tests.cast import make_token
from tests.directory.rest.calling import Api, places
from tests.sealing import seal

DAY = timedelta(days=1)
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
WINDOWED = [
    (one, next(name for name in ("valid_from", "effective_from") if hasattr(one.model, name)))
    for one in RESOURCES
    if hasattr(one.model, "valid_from") or hasattr(one.model, "effective_from")
]
READ, WRITE = "directory.read", "directory.manage"


def moment(days=0.0):
    return (NOON + days * DAY).isoformat()


def row_of(model, number, participant, **window):
    """Make a row of a table that has validity; ``number`` sets it apart."""
    if model is Endpoint:
        return Endpoint.objects.create(
            participant=participant, protocol="as4", address=f"https://{number}", **window
        )
    if model is Credential:
        return Credential.objects.create(
            participant=participant, credential_type="sign", vault_ref="vault://a/b", **window
        )
    if model is Edge:
        ends = {"from_type": "participant", "to_type": "participant", "from_id": uuid4(), "to_id": uuid4()}
        return Edge.objects.create(relation="same_as", **ends, **window)
    if model is RoutingArtifact:
        return RoutingArtifact.objects.create(kind=ArtifactKind.BIN_TABLE, name=f"table {number}", **window)
    artifact, _made = RoutingArtifact.objects.get_or_create(kind=ArtifactKind.BIN_TABLE, name="of rules")
    return PrefixRule.objects.create(artifact=artifact, prefix=f"41{number}", **window)


@pytest.mark.parametrize(("resource", "begins"), WINDOWED, ids=[one.plural for one, _begins in WINDOWED])
def test_rows_are_found_that_are_valid_at_a_moment(acme_api, acme, resource, begins):
    ends, table = begins.replace("from", "to"), resource.plural.replace(" ", "-")
    with acme:
        participant = Participant.objects.create(name="Here")
        always = row_of(resource.model, 1, participant)
        past = row_of(resource.model, 2, participant, **{ends: NOON - DAY})
        present = row_of(resource.model, 3, participant, **{begins: NOON - DAY, ends: NOON + DAY})
        future = row_of(resource.model, 4, participant, **{begins: NOON + DAY})
        ids = {one.display_id for one in (always, past, present, future)}
    for days, expected in (
        (-100, {always, past}),
        (-1.001, {always, past}),
        (-1, {always, present}),  # begins with its first moment, and ends before its last
        (0, {always, present}),
        (1, {always, future}),
        (100, {always, future}),
    ):
        found = acme_api.ids(table, {"as_of": moment(days)}) & ids
        assert found == {row.display_id for row in expected}, days


def test_a_superseded_row_is_valid_until_it_was(acme_api, acme):
    with acme:
        participant = Participant.objects.create(name="Here")
        window = {"valid_to": NOON + DAY, "superseded_at": NOON}
        row = row_of(Endpoint, 1, participant, **window)
    assert acme_api.ids("endpoints", {"as_of": moment(-0.001)}) == {row.display_id}
    assert acme_api.ids("endpoints", {"as_of": moment()}) == set()


def test_every_list_of_rows_with_validity_takes_a_moment_and_no_other_does():
    taking = {
        one for one in RESOURCES if isinstance(one.filterset_class.base_filters.get("as_of"), AsOfFilter)
    }
    assert taking == {one for one, _begins in WINDOWED}
    assert {one.plural for one in taking} >= {
        "endpoints",
        "credentials",
        "edges",
        "prefix rules",
        "routing artifacts",
    }


@pytest.mark.parametrize("value", ["now", "2026-13-01T00:00:00Z", "", "0001-01-01T00:00:00+14:00"])
def test_what_is_no_moment_is_named(acme_api, acme, value):
    ((place, _code),) = places(acme_api.get("directory/endpoints", {"as_of": value}))
    assert place == "as_of"


def test_every_audited_list_is_narrowed_by_request(acme_api, acme):
    assert len(RESOURCES) >= 12
    for resource in RESOURCES:
        for name in ("created_by_request", "updated_by_request"):
            table = resource.plural.replace(" ", "-")
            assert acme_api.ids(table, {name: str(uuid4())}) == set()
            assert places(acme_api.get(f"directory/{table}", {name: "x"})) == [(name, "invalid")]


@pytest.fixture
def writers(db):
    seal()
    return {slug: Api(slug, make_token(slug, READ, WRITE, may_write=True)) for slug in ("acme", "globex")}


def created(api, request_id, name):
    response = api.post("directory/participants", {"name": name}, X_Request_ID=request_id)
    assert response.status_code == 201, response.content
    return response.json()["id"]


def changed(api, request_id, row_id, **changes):
    response = api.send("PATCH", f"directory/participants/{row_id}", changes, X_Request_ID=request_id)
    assert response.status_code == 200, response.content


def test_rows_are_found_by_the_request_that_created_or_changed_them(writers):
    api, first, second, third = writers["acme"], *(str(uuid4()) for _ in range(3))
    one, two = created(api, first, "One"), created(api, second, "Two")
    changed(api, second, one, country="SE")
    changed(api, third, two, name="Two")  # which it is already
    api.send("DELETE", f"directory/participants/{created(api, first, 'Three')}", X_Request_ID=second)
    for query, expected in (
        ({"created_by_request": first}, {one}),
        ({"created_by_request": second}, {two}),
        ({"created_by_request": first.upper()}, {one}),
        ({"updated_by_request": first}, set()),
        ({"updated_by_request": second}, {one}),
        ({"updated_by_request": third}, set()),
        ({"created_by_request": first, "updated_by_request": second}, {one}),
        ({"created_by_request": first, "name": "Two"}, set()),
    ):
        assert api.ids("participants", query) == expected, query
    assert api.ids("endpoints", {"created_by_request": first}) == set()


def test_an_act_with_a_verb_of_its_own_is_a_change_of_its_rows(writers, acme):
    api, request_id = writers["acme"], str(uuid4())
    with acme:
        row = row_of(RoutingArtifact, 1, None)
    path = f"directory/routing-artifacts/{row.display_id}/activate"
    assert api.post(path, {}, X_Request_ID=request_id).status_code == 200
    assert api.ids("routing-artifacts", {"updated_by_request": request_id}) == {row.display_id}
    assert api.ids("routing-artifacts", {"created_by_request": request_id}) == set()


def test_a_request_finds_rows_of_its_own_tenant_alone(writers):
    request_id = str(uuid4())
    ids = {slug: created(api, request_id, f"{slug}'s own") for slug, api in writers.items()}
    for slug, api in writers.items():
        assert api.ids("participants", {"created_by_request": request_id}) == {ids[slug]}
        assert api.ids("participants", {"created_by_request": request_id, "directory": "global"}) == set()


def test_a_reading_is_no_change(acme, make_api, confidential_identifier):
    api, request_id = make_api("acme", READ, "view_confidential"), str(uuid4())
    seal()
    assert api.get("directory/identifiers", X_Request_ID=request_id).status_code == 200
    for name in ("created_by_request", "updated_by_request"):
        assert api.ids("identifiers", {name: request_id}) == set()


def test_a_consent_is_found_by_its_request(make_api, acme):
    api = make_api("acme", "view_audit")
    response = api.get("audit/consents", {"created_by_request": str(uuid4())})
    assert response.json()["results"] == []


def test_an_index_finds_the_events_of_a_request(writers, acme):
    api = writers["acme"]
    with CaptureQueriesContext(connection) as asked:
        api.ids("participants", {"created_by_request": str(uuid4())})
    (statement,) = [one["sql"] for one in asked if 'FROM "directory_participant"' in one["sql"]]
    with acme, connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {statement}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("SET LOCAL enable_seqscan = on")
    assert "audit_event_request" in plan
    assert "Seq Scan" not in plan
