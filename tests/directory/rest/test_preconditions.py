"""If-Match: a change is made to the state that the caller has read, or not at all (RFC 9110 §13, RFC 6585)."""

from functools import partial

import pytest

from audit.models import AuditEvent
from directory.models import Endpoint, Participant, Policy, RoutingArtifact
from directory.rest.resources import RESOURCES
from tests import cast
from tests.cast import make_token
from tests.directory.rest.calling import Api, problem_of
from tests.directory.rest.conftest import saved
from tests.sealing import seal
from tests.together import run_together

WRITE = ("directory.read", "directory.manage")
RULE = {"when": {"attr": "time.hour", "op": "gte", "value": 22}}
OTHER_TAG = '"0123456789abcdef0123456789abcdef"'


@pytest.fixture
def writer(db):
    return Api("acme", make_token("acme", *WRITE, may_write=True))


@pytest.fixture
def party(acme):
    with acme:
        return saved(Participant(name="Bank US"))


def path_of(row):
    table = next(one.plural.replace(" ", "-") for one in RESOURCES if one.model is type(row))
    return f"directory/{table}/{row.display_id}"


def tag_of(api, path):
    return api.get(path)["ETag"]


def count_events(tenant):
    seal()
    with tenant:
        return AuditEvent.objects.exclude(action="refused").count()


def test_of_two_changes_of_one_state_the_second_is_refused_and_told_the_present_tag(writer, party):
    path = path_of(party)
    tag = tag_of(writer, path)
    first = writer.send("PATCH", path, {"country": "US"}, if_match=tag)
    assert first.status_code == 200, first.content
    second = writer.send("PATCH", path, {"country": "SE"}, if_match=tag)
    assert problem_of(second)["code"] == "precondition_failed"
    assert (second.status_code, second["ETag"]) == (412, first["ETag"])
    assert writer.get(path).json()["country"] == "US"
    assert writer.send("PATCH", path, {"country": "SE"}, if_match=second["ETag"]).status_code == 200


@pytest.mark.parametrize("named", [OTHER_TAG, "W/{tag}", f"{OTHER_TAG}, W/{{tag}}", "nonsense"])
@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_state_that_is_not_named_is_neither_changed_nor_audited(writer, party, acme, method, named):
    path = path_of(party)
    before = count_events(acme)
    body = {"country": "US"} if method == "PATCH" else None
    answer = writer.send(method, path, body, if_match=named.format(tag=tag_of(writer, path)))
    assert (answer.status_code, problem_of(answer)["code"]) == (412, "precondition_failed")
    assert (writer.get(path).json()["country"], count_events(acme)) == ("", before)


def test_any_state_of_what_exists_is_named_by_a_star_and_one_of_several_suffices(writer, party):
    path = path_of(party)
    assert writer.send("PATCH", path, {"country": "US"}, if_match="*").status_code == 200
    several = f"{OTHER_TAG}, {tag_of(writer, path)}"
    assert writer.send("PATCH", path, {"country": "SE"}, if_match=several).status_code == 200
    assert writer.send("DELETE", path, if_match=tag_of(writer, path)).status_code == 204
    assert writer.send("DELETE", path, if_match="*").status_code == 404


def test_a_representation_has_another_state_once_what_it_shows_of_others_has_changed(writer, party, acme):
    with acme:
        endpoint = saved(Endpoint(participant=party, protocol="as4", address="https://as4.bankus.example/in"))
    tag = tag_of(writer, path_of(endpoint))
    writer.send("PATCH", path_of(party), {"name": "Bank of the US"})
    assert writer.send("PATCH", path_of(endpoint), {"priority": 3}, if_match=tag).status_code == 412


def test_what_routes_is_changed_only_by_who_says_which_state(writer, acme):
    with acme:
        policy = saved(Policy(name="Night", effect="deny", rule_json=RULE))
        draft = saved(RoutingArtifact(kind="bin_table", name="cards", version=1))
    for method, path, body in (
        ("PATCH", path_of(policy), {"priority": 7}),
        ("DELETE", path_of(policy), None),
        ("PATCH", path_of(draft), {"version": 2}),
        ("POST", f"{path_of(draft)}/activate", {}),
        ("DELETE", path_of(draft), None),
    ):
        answer = writer.send(method, path, body, if_match="")
        assert (answer.status_code, problem_of(answer)["code"]) == (428, "precondition_required"), path
        assert writer.send(method, path, body, if_match=OTHER_TAG).status_code == 412, path
    tag = tag_of(writer, path_of(draft))
    assert writer.send("POST", f"{path_of(draft)}/activate", {}, if_match=tag).status_code == 200
    assert writer.send("DELETE", path_of(policy), if_match=tag_of(writer, path_of(policy))).status_code == 204


def test_a_stranger_learns_nothing_from_a_precondition(writer, party, globex):
    stranger = Api("globex", make_token("globex", *WRITE, may_write=True))
    for row_path in (path_of(party), "directory/participants/par_" + "0" * 32):
        answer = stranger.send("PATCH", row_path, {"country": "US"}, if_match=tag_of(writer, path_of(party)))
        assert (answer.status_code, "ETag" in answer) == (404, False)


@pytest.mark.race
def test_of_changes_of_one_state_at_one_moment_one_is_made(committed):
    token = make_token("acme", *WRITE, may_write=True)
    with cast.tenant("acme"):
        party = saved(Participant(name="Bank US"))
    tag = tag_of(Api("acme", token), path_of(party))
    answers = run_together(
        *(
            partial(Api("acme", token).send, "PATCH", path_of(party), {"tags": [str(number)]}, if_match=tag)
            for number in range(8)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, *[412] * 7]
    (won,) = [answer for answer in answers if answer.status_code == 200]
    assert {answer["ETag"] for answer in answers} == {won["ETag"]}
