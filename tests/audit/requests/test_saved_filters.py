"""Filters of lists under a name: checked by their list, of one person or shared, and a part of cursor and tag."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from audit.models import AuditEvent
from audit.requests.models import SavedFilter
from audit.requests.operations import change_filter, delete_filter, save_filter
from config.foundation.actor import Actor
from config.foundation.errors import Refused
from config.foundation.saved_filters import list_names
from customers.identity.operations import create_token
from directory.models import Participant
from directory.rest.resources import RESOURCES
from tests import cast
from tests.cast import ACTOR
from tests.directory.rest.calling import Api, places, problem_of
from tests.sealing import seal

PATH, LIST = "saved-filters", "directory/participants"
NODES = {
    "slug": "nodes",
    "name": "All nodes",
    "resource": "directory/participants",
    "parameters": {"kind": ["node"]},
}


def caller(slug="acme", *privileges):
    return Api(slug, cast.make_token(slug, "directory.read", *privileges, may_write=True))


@pytest.fixture
def api(acme):
    with acme:
        for name, kind in (("One", "node"), ("Two", "node"), ("Three", "organization")):
            Participant.objects.create(name=name, kind=kind)
    return caller()


@pytest.fixture
def member(acme, acme_member):
    """Return a caller of the same tenant who is somebody else."""
    token = create_token(
        actor=ACTOR,
        user=acme_member,
        tenant=acme,
        name="test",
        privileges=["directory.read"],
        may_write=True,
        allowed_networks=[],
        expires_at=datetime.now(UTC) + timedelta(days=1),
    )
    return Api("acme", token)


def saved(api, **changes):
    response = api.send("POST", PATH, NODES | changes)
    assert response.status_code == 201, response.content
    return response.json()


def names(api, **query):
    return [row["name"] for row in api.list("participants", query)]


def test_a_saved_filter_narrows_its_list_and_what_else_is_asked_for_narrows_further(api):
    saved(api)
    assert names(api, filter="nodes") == ["One", "Two"]
    assert names(api, filter="nodes", name__ic="tw") == ["Two"]
    assert names(api, filter="nodes", kind="organization") == []
    assert names(api, filter="nodes", ordering="-name", fields="name") == ["Two", "One"]
    exported = api.get(LIST, {"filter": "nodes", "fields": "name"}, Accept="text/csv")
    assert exported.getvalue() == b"name\r\nOne\r\nTwo\r\n"


def test_a_text_stands_for_a_list_of_one(api):
    assert saved(api, parameters={"q": "one"})["parameters"] == {"q": ["one"]}
    assert names(api, filter="nodes") == ["One"]


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"parameters": {"knid": ["node"]}}, "#/parameters", "unknown_parameter"),
        ({"parameters": {"kind": ["bank"]}}, "#/parameters", "invalid_choice"),
        ({"parameters": {"limit": ["5"]}}, "#/parameters", "unknown_parameter"),
        ({"parameters": {"filter": ["other"]}}, "#/parameters", "unknown_parameter"),
        ({"parameters": {"name__regex": ["("]}}, "#/parameters", "invalid_regex"),
        ({"parameters": {}}, "#/parameters", "blank"),
        ({"parameters": {"kind": [7]}}, "#/parameters", "parameters_invalid"),
        ({"parameters": ["kind"]}, "#/parameters", "parameters_invalid"),
        ({"parameters": {"q": ["4539578763621486"]}}, "#/parameters", "possible_card_number"),
        ({"name": "4539578763621486"}, "#/name", "possible_card_number"),
        ({"resource": "directory/nothing"}, "#/resource", "unknown_list"),
        ({"slug": "a b"}, "#/slug", "invalid"),
    ],
)
def test_what_the_list_does_not_take_is_not_saved(api, acme, changes, pointer, code):
    response = api.send("POST", PATH, NODES | changes)
    assert places(response) == [(pointer, code)]
    assert b"4539" not in response.content
    with acme:
        assert not SavedFilter.objects.exists()


def test_a_filter_that_cannot_be_used_is_refused_in_the_same_words(api, member, globex):
    saved(api)
    saved(api, slug="ends", resource="directory/endpoints", parameters={"protocol": ["as4"]})
    foreign = caller("globex")
    saved(foreign, slug="theirs", is_shared=True)
    answers = [
        problem_of(one.get(path, {"filter": slug}))["errors"]
        for one, path, slug in (
            (api, LIST, "nothing"),
            (api, LIST, "ends"),
            (api, LIST, "theirs"),
            (member, LIST, "nodes"),
            (api, "directory/endpoints", "nodes"),
        )
    ]
    assert {(error["parameter"], error["code"]) for (error,) in answers} == {("filter", "not_found")}
    assert len({error["detail"] for (error,) in answers}) == 1


def test_a_shared_filter_is_everybodys_of_the_tenant_and_ones_own_goes_before_it(api, member):
    saved(api, is_shared=True)
    assert names(member, filter="nodes") == ["One", "Two"]
    saved(member, parameters={"name": ["Three"]})
    assert names(member, filter="nodes") == ["Three"]
    assert names(api, filter="nodes") == ["One", "Two"]


def test_what_is_private_is_seen_and_changed_by_its_owner_alone(api, member):
    private, shared = saved(api), saved(api, slug="shared", is_shared=True)
    assert [row["slug"] for row in member.get(PATH).json()["results"]] == ["shared"]
    for method, body in (("GET", None), ("PATCH", {"name": "x"}), ("DELETE", None)):
        assert problem_of(member.send(method, f"{PATH}/{private['id']}", body))["code"] == "not_found"
    for method, body in (("PATCH", {"name": "x"}), ("DELETE", None)):
        problem = problem_of(member.send(method, f"{PATH}/{shared['id']}", body))
        assert (problem["code"], problem["needed"]) == ("permission_denied", "directory.manage")
    assert member.get(f"{PATH}/{shared['id']}").status_code == 200
    assert api.send("DELETE", f"{PATH}/{private['id']}").status_code == 204


def test_a_cursor_and_a_tag_are_good_while_the_filter_stands(api):
    row = saved(api)
    seal()
    page = api.get(LIST, {"filter": "nodes", "limit": 1})
    following = page.json()["next"].removeprefix("http://testserver")
    assert [one["name"] for one in api.get(following).json()["results"]] == ["Two"]
    held = api.get(LIST, {"filter": "nodes", "limit": 1}, If_None_Match=page["ETag"])
    assert held.status_code == 304
    api.send("PATCH", f"{PATH}/{row['id']}", {"parameters": {"kind": ["organization"]}})
    assert problem_of(api.get(following))["code"] == "invalid_cursor"
    again = api.get(LIST, {"filter": "nodes", "limit": 1}, If_None_Match=page["ETag"])
    assert [one["name"] for one in again.json()["results"]] == ["Three"]


def test_the_writes_are_in_the_chain_without_the_parameters(api, acme):
    row = saved(api, parameters={"name": ["Marked"]})
    api.send("PATCH", f"{PATH}/{row['id']}", {"name": "Other"})
    api.send("DELETE", f"{PATH}/{row['id']}")
    with acme:
        seal()
        events = list(AuditEvent.objects.filter(resource="requests.savedfilter").order_by("pk"))
    assert [event.action for event in events] == ["create", "update", "delete"]
    assert not any("Marked" in event.record for event in events)


def test_a_filter_whose_list_has_changed_is_refused_and_never_shows_everything(api, acme):
    saved(api)
    with acme:
        SavedFilter.objects.update(parameters={"gone": ["node"]})
    assert places(api.get(LIST, {"filter": "nodes"})) == [("filter", "outdated")]


def test_a_slug_is_taken_once(api, member):
    saved(api, is_shared=True)
    assert problem_of(api.send("POST", PATH, NODES))["code"] == "duplicate"
    assert problem_of(member.send("POST", PATH, NODES | {"is_shared": True}))["code"] == "duplicate"


def test_filters_are_saved_for_every_list_of_a_tenant(acme):
    assert set(list_names()) == {*(one.list_name() for one in RESOURCES), "audit/events", "audit/consents"}


def test_a_filter_of_nobody_is_not_saved(acme):
    with acme, pytest.raises(ValidationError):
        save_filter(actor=ACTOR, row=SavedFilter(**NODES))


def test_who_changes_what_others_share_is_decided_by_the_operation(acme, acme_admin, acme_member):
    mine, other = Actor.user(acme_member.pk), Actor.user(acme_admin.pk)
    manager = {"directory.read", "directory.manage"}
    with acme:
        row = save_filter(actor=mine, row=SavedFilter(**NODES, is_shared=True))

        def attempts(actor, **rights):
            yield lambda: save_filter(actor=actor, row=SavedFilter.objects.get(), **rights)
            yield lambda: delete_filter(actor=actor, row=row, **rights)
            yield lambda: change_filter(
                actor=actor, model=SavedFilter, row_id=row.pk, changes={"name": "Theirs"}, **rights
            )

        for rights in ({}, {"privileges": {"directory.read"}}):
            for attempt in attempts(other, **rights):
                with pytest.raises(Refused) as refused:
                    attempt()
                assert (refused.value.code, refused.value.extensions["needed"]) == (
                    "permission_denied",
                    "directory.manage",
                )
        change_filter(
            actor=other, model=SavedFilter, row_id=row.pk, changes={"name": "Ours"}, privileges=manager
        )
        change_filter(actor=mine, model=SavedFilter, row_id=row.pk, changes={"is_shared": False})
        for attempt in attempts(other, privileges=manager):
            with pytest.raises(Refused) as refused:
                attempt()
            assert refused.value.code == "not_found"
        assert SavedFilter.objects.get().name == "Ours"


def test_what_others_share_is_not_taken_back_by_who_would_see_it_no_more(member, pages, acme):
    row = saved(member, is_shared=True)
    manager = caller("acme", "directory.manage")
    refused = manager.send("PATCH", f"{PATH}/{row['id']}", {"is_shared": False})
    assert places(refused) == [("#/is_shared", "owner_only")]
    with acme:
        stored = SavedFilter.objects.get()
    form = {"slug": "nodes", "name": "All nodes", "resource": LIST, "parameters": '{"kind": "node"}'}
    page = pages.post(f"{ADMIN}{stored.pk}/change/", form)
    assert problem_of(refused)["detail"] in page.content.decode().replace("&#x27;", "'")
    with acme:
        assert SavedFilter.objects.get().is_shared
    assert member.send("PATCH", f"{PATH}/{row['id']}", {"is_shared": False}).status_code == 200


ADMIN = "/t/acme/admin/requests/savedfilter/"


@pytest.fixture
def pages(acme_admin):
    client = Client()
    client.force_login(acme_admin)
    return client


def test_a_filter_is_written_on_a_page_by_the_same_rules(pages, acme, acme_admin):
    form = {
        "slug": "nodes",
        "name": "All nodes",
        "resource": "directory/participants",
        "parameters": '{"knid": ["node"]}',
    }
    refused = pages.post(f"{ADMIN}add/", form)
    assert "knid: This parameter is not known here." in refused.content.decode()
    assert pages.post(f"{ADMIN}add/", form | {"parameters": '{"kind": "node"}'}).status_code == 302
    with acme:
        row = SavedFilter.objects.get()
    assert (row.owner_id, row.parameters) == (acme_admin.pk, {"kind": ["node"]})
    assert "All nodes" in pages.get(ADMIN).content.decode()
    again = pages.post(f"{ADMIN}add/", form | {"parameters": '{"kind": "node"}'})
    assert "You have a filter with this slug." in again.content.decode()
    assert pages.post(f"{ADMIN}{row.pk}/delete/", {"post": "yes"}).status_code == 302
    with acme:
        assert not SavedFilter.objects.exists()


def test_a_page_shows_nobody_elses_private_filter(pages, member, acme):
    saved(member, name="Zq private")
    saved(member, slug="shared", name="Zq shared", is_shared=True)
    text = pages.get(ADMIN).content.decode()
    assert "Zq shared" in text
    assert "Zq private" not in text
    with acme:
        private = SavedFilter.objects.get(is_shared=False)
    assert pages.get(f"{ADMIN}{private.pk}/change/").status_code == 302
    assert pages.post(f"{ADMIN}{private.pk}/delete/", {"post": "yes"}).status_code == 302
    with acme:
        assert SavedFilter.objects.filter(pk=private.pk).exists()


def test_the_page_of_a_filter_leads_to_the_list_as_the_filter_narrows_it(pages, acme):
    filled = pages.get(f"{ADMIN}add/").content.decode()
    assert ">{}</textarea>" in filled
    pages.post(
        f"{ADMIN}add/",
        {
            "slug": "nodes",
            "name": "Nodes",
            "resource": "directory/participants",
            "parameters": '{"kind": "node"}',
        },
    )
    with acme:
        row = SavedFilter.objects.get(slug="nodes")
    shown = pages.get(f"{ADMIN}{row.pk}/change/").content.decode()
    address = "/t/acme/api/v1/directory/participants?filter=nodes"
    assert f'href="{address}"' in shown
    assert pages.get(address).status_code == 200
    deletion = pages.get(f"{ADMIN}{row.pk}/delete/").content.decode()
    assert "Programs of yours that ask directory/participants for ?filter=nodes are refused" in deletion
