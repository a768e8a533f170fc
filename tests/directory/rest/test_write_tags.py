"""Tags that are added and removed one by one, so that of two editors at once neither undoes the other's work."""

import pytest

from directory.models import Participant
from directory.validators.columns import TAGS_MAX
from tests.cast import make_token
from tests.directory.rest.calling import Api, places
from tests.directory.rest.conftest import saved
from tests.directory.rest.test_preconditions import count_events

WRITE = ("directory.read", "directory.manage")


@pytest.fixture
def writer(db):
    return Api("acme", make_token("acme", *WRITE, may_write=True))


@pytest.fixture
def party(acme):
    with acme:
        return saved(Participant(name="Bank", tags=["a", "b", "c"]))


def change(api, party, body):
    return api.send("PATCH", f"directory/participants/{party.display_id}", body)


@pytest.mark.parametrize(
    ("body", "left"),
    [
        ({"add_tags": ["d"]}, ["a", "b", "c", "d"]),
        ({"add_tags": ["d", " d ", "a"]}, ["a", "b", "c", "d"]),
        ({"remove_tags": ["b"]}, ["a", "c"]),
        ({"remove_tags": ["x"]}, ["a", "b", "c"]),
        ({"add_tags": ["d"], "remove_tags": ["a", "c"]}, ["b", "d"]),
        ({"add_tags": [], "remove_tags": []}, ["a", "b", "c"]),
        ({"add_tags": ["d"], "country": "SE"}, ["a", "b", "c", "d"]),
        ({"add_tags": ["a"], "remove_tags": ["a"]}, ["b", "c", "a"]),
    ],
)
def test_tags_come_and_go(writer, party, body, left):
    answer = change(writer, party, body)
    assert (answer.status_code, answer.json()["tags"]) == (200, left)


def test_what_changes_no_tag_changes_nothing(writer, party, acme):
    before = count_events(acme)
    answer = change(writer, party, {"add_tags": ["a"], "remove_tags": ["x"]})
    assert answer.json()["row_version"] == 1
    assert count_events(acme) == before


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"tags": ["x"], "add_tags": ["y"]}, [("#/add_tags", "exclusive")]),
        ({"tags": [], "remove_tags": []}, [("#/remove_tags", "exclusive")]),
        ({"add_tags": "a"}, [("#/add_tags", "invalid_type")]),
        ({"add_tags": None}, [("#/add_tags", "null")]),
        ({"remove_tags": [1]}, [("#/remove_tags", "invalid_type")]),
        ({"add_tags": [" "]}, [("#/add_tags", "blank")]),
        ({"add_tags": ["x" * 65]}, [("#/add_tags", "max_length")]),
        ({"remove_tags": ["x" * 65]}, [("#/remove_tags", "max_length")]),
        ({"add_tags": [str(n) for n in range(TAGS_MAX - 2)]}, [("#/add_tags", "tags_invalid")]),
        ({"add_tags": ["4111111111111111"]}, [("#/add_tags", "possible_card_number")]),
    ],
)
def test_what_is_no_change_of_tags_is_refused_where_it_stands(writer, party, body, found):
    answer = change(writer, party, body)
    assert (answer.status_code, places(answer)) == (400, found), answer.content
    assert writer.get(f"directory/participants/{party.display_id}").json()["tags"] == ["a", "b", "c"]


def test_as_many_tags_as_there_may_be_are_added(writer, party):
    answer = change(writer, party, {"add_tags": [str(n) for n in range(TAGS_MAX - 3)]})
    assert (answer.status_code, len(answer.json()["tags"])) == (200, TAGS_MAX)


@pytest.mark.parametrize("key", ["tags", "add_tags", "remove_tags"])
def test_a_very_long_list_is_refused_before_its_texts_are_looked_at(writer, party, key, monkeypatch):
    def search(*_):
        raise AssertionError("the texts were searched")

    monkeypatch.setattr(Participant, "full_clean", search)
    answer = change(writer, party, {key: [f"{number:x}" for number in range(1001)]})
    assert (answer.status_code, places(answer)) == (400, [(f"#/{key}", "too_many")])


def test_a_new_row_and_a_row_without_tags_take_no_change_of_tags(writer, full_directory):
    refused = writer.post("directory/participants", {"name": "x", "add_tags": ["a"]})
    assert places(refused) == [("#/add_tags", "unknown_field")]
    (policy, *_) = writer.list("policies")
    refused = writer.send("PATCH", f"directory/policies/{policy['id']}", {"add_tags": ["a"]})
    assert places(refused) == [("#/add_tags", "unknown_field")]
