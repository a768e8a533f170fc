import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from config.foundation.display_ids import display_id
from config.foundation.rows import public_schema
from directory.models import Identifier, Participant
from directory.rest.resources import RESOURCES, Identifiers, Participants
from tests.directory.rest.calling import places, problem_of
from tests.sealing import seal

TABLES = [resource.plural.replace(" ", "-") for resource in RESOURCES]
LISTED = [(resource, table) for resource, table in zip(RESOURCES, TABLES, strict=True)]


@pytest.mark.parametrize("table", TABLES)
def test_every_table_is_listed_and_each_row_read_alike(acme_api, full_directory, table):
    rows = acme_api.list(table)
    assert rows
    for row in rows:
        detail = acme_api.get(row["url"].removeprefix("http://testserver"))
        assert detail.status_code == 200
        assert detail.json() == row


@pytest.mark.parametrize(("resource", "table"), LISTED)
def test_a_page_costs_as_many_statements_for_one_row_as_for_many(acme_api, full_directory, resource, table):
    def statements(limit):
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert acme_api.get(f"directory/{table}", {"limit": limit}).status_code == 200
        return len(captured)

    statements(1)  # what is kept after the first request is not counted
    with full_directory.tenant:
        assert resource.model.objects.count() >= 3
    assert statements(1) == statements(200)


@pytest.mark.parametrize("table", TABLES)
def test_walking_by_cursor_meets_each_row_once_and_back_again(acme_api, full_directory, table):
    def walk(url, direction):
        pages = []
        while url:
            body = acme_api.get(url.removeprefix("http://testserver")).json()
            pages.append([row["id"] for row in body["results"]])
            url, last = body[direction], body
        return pages, last

    forward, last = walk(acme_api.address(f"directory/{table}") + "?limit=2", "next")
    seen = [one for page in forward for one in page]
    assert len(seen) == len(set(seen))
    assert set(seen) == acme_api.ids(table)
    backward, _first = walk(last["previous"], "previous") if last["previous"] else ([], None)
    assert [one for page in reversed(backward) for one in page] == [
        one for page in forward[:-1] for one in page
    ]


def test_rows_inserted_meanwhile_neither_repeat_nor_skip_the_others(acme_api, acme):
    with acme:
        before = [Participant.objects.create(name=f"P{number}") for number in range(4)]
    body = acme_api.get("directory/participants", {"limit": 2, "q": "P"}).json()
    with acme:
        Participant.objects.create(name="P0")
    rest = acme_api.get(body["next"].removeprefix("http://testserver")).json()
    seen = [row["id"] for row in body["results"] + rest["results"]]
    assert seen == [row.display_id for row in before]


def test_the_link_header_says_what_the_body_says(acme_api, full_directory):
    response = acme_api.get("directory/participants", {"limit": 1})
    assert f'<{response.json()["next"]}>; rel="next"' in response["Link"]
    assert 'rel="first"' in response["Link"]
    assert 'rel="prev"' not in response["Link"]


@pytest.mark.parametrize("of", ["list", "detail", "audit"])
def test_lists_and_details_say_where_they_are_described(acme_api, make_api, full_directory, of):
    row = full_directory.participants[0]
    paths = {"list": "directory/participants", "detail": f"directory/participants/{row.display_id}"}
    api = make_api("acme", "view_audit") if of == "audit" else acme_api
    links = api.get(paths.get(of, "audit/events"))["Link"]
    document = "http://testserver/t/acme/api/schema/"
    assert f'<{document}>; rel="describedby"' in links
    assert f'<{document}>; rel="service-desc"' in links


def test_a_cursor_is_good_for_its_own_list_filter_order_and_tenant_alone(
    acme_api, globex_api, full_directory
):
    url = acme_api.get("directory/participants", {"limit": 1}).json()["next"]
    cursor = url.partition("cursor=")[2]
    for query in ({"kind": "node"}, {"ordering": "-name"}, {"directory": "global"}):
        response = acme_api.get(
            "directory/participants?cursor=" + cursor + "&" + "&".join(f"{k}={v}" for k, v in query.items())
        )
        assert problem_of(response)["code"] == "invalid_cursor"
    assert problem_of(acme_api.get("directory/endpoints?cursor=" + cursor))["code"] == "invalid_cursor"
    assert problem_of(globex_api.get("directory/participants?cursor=" + cursor))["code"] == "invalid_cursor"
    assert acme_api.get("directory/participants?limit=3&cursor=" + cursor).status_code == 200


def test_every_fault_of_the_parameters_is_told_at_once(acme_api):
    query = (
        "nmae=x&limit=0&kind=foo&kind=node&ordering=password&directory=all&name__ic=&limit=5&cursor=x"
        "&participant=y"
    )
    assert sorted(places(acme_api.get(f"directory/participants?{query}"))) == [
        ("cursor", "invalid_cursor"),
        ("directory", "invalid_choice"),
        ("kind", "invalid_choice"),
        ("limit", "repeated"),
        ("name__ic", "required"),
        ("nmae", "unknown_parameter"),
        ("ordering", "unknown_ordering"),
        ("participant", "unknown_parameter"),
    ]


def test_a_misspelt_filter_is_named_and_never_returns_everything(acme_api):
    response = acme_api.get("directory/participants", {"nmae": "x"})
    assert problem_of(response)["code"] == "unknown_parameter"
    assert places(response) == [("nmae", "unknown_parameter")]


@pytest.mark.parametrize(
    "query", ["x=4111111111111111", "4111111111111111=1", "tier=4111111111111111", "cursor=4111111111111111"]
)
def test_a_refusal_never_repeats_a_number(acme_api, query):
    assert b"4111" not in acme_api.get(f"directory/identifiers?{query}").content


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("name=Alpha Bank", {"Alpha Bank"}),
        ("name=Alpha Bank&name=Beta Node", {"Alpha Bank", "Beta Node"}),
        ("name__ic=BAN", {"Alpha Bank"}),
        ("name__isw=beta", {"Beta Node"}),
        ("kind=node", {"Beta Node"}),
        ("kind=node&kind=range", {"Beta Node", "Gamma Range"}),
        ("country=SE", {"Alpha Bank"}),
        ("tags=a", {"Alpha Bank", "Beta Node"}),
        ("tags=a&tags=b", {"Alpha Bank"}),
        ("confidence__lt=0.5", {"Gamma Range"}),
        ("confidence=0.25&confidence=7", {"Gamma Range"}),
        ("verified_at__empty=false", {"Alpha Bank"}),
        ("verified_at__empty=true", {"Beta Node", "Gamma Range"}),
        ("verified_at__gte=2026-01-01T00:00:00Z", {"Alpha Bank"}),
        ("q=bank alpha", {"Alpha Bank"}),
        ("q=bank beta", set()),
        ("created_at__lt=2000-01-01T00:00:00Z", set()),
    ],
)
def test_filters_narrow_a_list(acme_api, three_participants, query, names):
    assert {row["name"] for row in acme_api.list("participants", dict(QueryDict(query).lists()))} == names


def test_an_ordering_is_obeyed(acme_api, three_participants):
    names = [row["name"] for row in acme_api.list("participants", {"ordering": "-name"})]
    assert names == ["Gamma Range", "Beta Node", "Alpha Bank"]


def test_rows_are_found_by_the_participant_they_belong_to(acme_api, full_directory):
    participant = full_directory.participants[0]
    by_id = acme_api.list("identifiers", {"participant_id": participant.display_id})
    by_name = acme_api.list("identifiers", {"participant": participant.name})
    assert by_id == by_name != []
    assert {row["participant_id"] for row in by_id} == {participant.display_id}
    assert {row["participant"]["name"] for row in by_id} == {participant.name}


def test_an_id_of_another_kind_is_refused_in_a_filter(acme_api, full_directory):
    wrong = display_id("ept", full_directory.participants[0].pk)
    assert places(acme_api.get("directory/identifiers", {"participant_id": wrong})) == [
        ("participant_id", "invalid_id")
    ]


def test_edges_are_found_by_either_end(acme_api, full_directory):
    (edge, *_others) = acme_api.list("edges")
    assert edge["id"] in acme_api.ids("edges", {"from_id": edge["from_id"]})
    assert edge["id"] in acme_api.ids("edges", {"to_id": edge["to_id"]})
    assert edge["id"] not in acme_api.ids("edges", {"to_id": edge["from_id"]})


def test_the_global_directory_is_read_on_request_and_only_then(acme_api, db):
    with public_schema():
        shared = Participant.objects.create(name="Everybody's Bank")
    assert shared.display_id not in acme_api.ids("participants", {"name": shared.name})
    (row,) = acme_api.list("participants", {"name": shared.name, "directory": "global"})
    assert row["url"].endswith(f"/{shared.display_id}?directory=global")
    assert acme_api.get(f"directory/participants/{shared.display_id}").status_code == 404
    assert acme_api.get(row["url"].removeprefix("http://testserver")).json() == row


def test_a_detail_is_held_by_its_tag_until_the_row_changes(acme_api, acme):
    with acme:
        row = Participant.objects.create(name="Before")
    path = f"directory/participants/{row.display_id}"
    tag = acme_api.get(path)["ETag"]
    assert not tag.startswith("W/")
    again = acme_api.get(path, If_None_Match=tag)
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)
    assert again["Cache-Control"] == "private, no-cache"
    with acme, connection.cursor() as cursor:
        cursor.execute("UPDATE directory_participant SET name = 'After' WHERE id = %s", [row.pk])
    assert acme_api.get(path, If_None_Match=tag).json()["name"] == "After"


def test_the_tag_of_a_row_moves_with_the_names_it_shows(acme_api, acme):
    with acme:
        participant = Participant.objects.create(name="Before")
        row = Identifier(participant=participant, identifier_type="bic", value="BANKUS33")
        row.full_clean()
        row.save()
    path = f"directory/identifiers/{row.display_id}"
    tag = acme_api.get(path)["ETag"]
    with acme:
        participant.name = "After"
        participant.save()
    assert acme_api.get(path, If_None_Match=tag).json()["participant"] == {"name": "After"}


@pytest.mark.parametrize(
    "wrong", ["par_" + "0" * 32, "x", "idf_{hex}", "par_{HEX}", "{uuid}", "par_{hex}0", "4111111111111111"]
)
def test_unknown_malformed_and_mistaken_ids_are_answered_alike(acme_api, acme, wrong):
    with acme:
        pk = Participant.objects.create(name="Here").pk
    text = wrong.format(hex=pk.hex, HEX=pk.hex.upper(), uuid=pk)
    body = problem_of(acme_api.get(f"directory/participants/{text}"))
    assert (body["code"], body["detail"]) == ("not_found", "There is no such object.")


def test_a_row_of_another_tenant_is_as_unknown_as_none(acme_api, globex_api, acme):
    with acme:
        row = Participant.objects.create(name="Acme's own")
    assert acme_api.get(f"directory/participants/{row.display_id}").status_code == 200
    assert problem_of(globex_api.get(f"directory/participants/{row.display_id}"))["code"] == "not_found"
    assert globex_api.list("participants", {"name": "Acme's own"}) == []


def test_a_confidential_value_is_hidden_from_who_may_not_see_it(acme_api, confidential_identifier):
    row = acme_api.get(f"directory/identifiers/{confidential_identifier.display_id}").json()
    assert (row["value"], row["normalized"], row["tier"]) == ("•••", "•••", 2)
    assert "MERCHANT" not in acme_api.get("directory/identifiers").content.decode()


def test_a_confidential_value_is_shown_to_who_may_and_the_reading_is_audited(
    make_api, acme, confidential_identifier
):
    api = make_api("acme", "directory.read", "view_confidential")
    row = api.get(f"directory/identifiers/{confidential_identifier.display_id}").json()
    assert row["value"] == "MERCHANT0000001"
    with acme:
        seal()
        event = AuditEvent.objects.order_by("-pk").first()
    assert (event.action, event.resource, event.resource_id) == (
        "read",
        "directory.identifier",
        str(confidential_identifier.pk),
    )
    assert event.actor.startswith("token:")
    assert "MERCHANT" not in str(event.payload)


def test_values_are_never_searched_in_ciphertext(acme_api, confidential_identifier):
    for query in ({"value__isw": "enc1"}, {"normalized": confidential_identifier.normalized}, {"q": "enc1"}):
        assert confidential_identifier.display_id not in acme_api.ids("identifiers", query)


def test_of_a_vault_reference_only_the_kind_of_vault_is_shown(acme_api, full_directory):
    assert {row["vault_ref"] for row in acme_api.list("credentials")} == {"vault://•••"}


def test_the_privilege_is_asked_before_anything_is_looked_up(make_api):
    api = make_api("acme", "directory.resolve")
    for path in ("directory/participants", "directory/participants/x", "directory/participants?nmae=1"):
        body = problem_of(api.get(path))
        assert (body["code"], body["status"], body["needed"]) == ("permission_denied", 403, "directory.read")


@pytest.mark.parametrize(
    ("path", "methods", "offered"),
    [
        ("directory/participants", ("PUT", "DELETE"), "GET, POST, PATCH, HEAD, OPTIONS"),
        ("directory/participants/x", ("PUT", "POST"), "GET, PATCH, DELETE, HEAD, OPTIONS"),
        ("directory/source-runs", ("POST", "PUT", "PATCH", "DELETE"), "GET, HEAD, OPTIONS"),
    ],
)
def test_what_is_not_offered_is_a_405_that_says_what_is(acme_api, path, methods, offered):
    for method in methods:
        response = acme_api.request(method, path)
        assert problem_of(response)["code"] == "method_not_allowed"
        assert response["Allow"] == offered


def test_head_answers_like_get_without_a_body(acme_api):
    response = acme_api.request("HEAD", "directory/participants")
    assert (response.status_code, response.content) == (200, b"")


def test_a_format_that_is_not_offered_is_a_406(acme_api):
    assert problem_of(acme_api.get("directory/participants", Accept="text/html"))["code"] == "not_acceptable"


@pytest.mark.parametrize(
    "path", ["directory/nothing", "directory/participants/", "nothing", "/t/acme/api/", "/t/acme/api/v2/x"]
)
def test_an_unknown_address_is_a_problem_too(acme_api, path):
    assert problem_of(acme_api.get(path))["code"] == "not_found"


def test_declared_orderings_are_columns_that_are_never_null():
    for resource in RESOURCES:
        for name in resource.orderings:
            assert not resource.model._meta.get_field(name).null, (resource, name)
        assert resource.default_ordering[-1] == "pk"


def test_every_resource_reads_its_relations_along():
    assert Identifiers.relations == ("participant",)
    for resource in RESOURCES:
        foreign = {field.name for field in resource.model._meta.fields if field.many_to_one}
        assert set(resource.relations) == foreign, resource
    assert Participants.relations == ()
