"""Rows under their source's key, and their tags, written by several at one moment."""

from functools import partial
from typing import Any

import pytest

from directory.models import Participant
from tests import cast
from tests.directory.rest.calling import Api, problem_of
from tests.directory.rest.test_write_keys import bodies
from tests.directory.rest.test_write_races import holding, made, path_of, statuses, stored
from tests.together import count_deadlocks, run_in_line, run_together

pytestmark = pytest.mark.race
KEY = {"source": "crm", "external_id": "7"}
BY_KEY = "participants/by/crm/7"


class Editor:
    """A caller of acme's API who names no state; each call may be made in a thread of its own."""

    def __init__(self) -> None:
        self.token = cast.make_token("acme", "directory.read", "directory.manage", may_write=True)

    def later(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Return a function that sends the request by a client of its own."""
        api = Api("acme", self.token)
        return partial(api.send, method, f"directory/{path}", body, **({"if_match": ""} | headers))


@pytest.fixture
def editor(committed):
    yield Editor()
    assert count_deadlocks() == 0


def test_of_eight_that_put_a_new_row_one_creates_it_and_seven_find_it(editor):
    bank = made(Participant(name="Bank"))
    for table, (model, body, _more) in bodies(bank).items():
        answers = run_together(*[editor.later("PUT", f"{table}/by/crm/7", body)] * 8)
        assert statuses(answers) == [200] * 7 + [201], (table, [one.content for one in answers])
        assert len({one["ETag"] for one in answers}) == 1
        assert len(stored(model, **KEY)) == 1


def test_of_eight_that_only_create_one_does_and_seven_are_told_the_state(editor):
    answers = run_together(*[editor.later("PUT", BY_KEY, {"name": "Bank"}, if_none_match="*")] * 8)
    assert statuses(answers) == [201] + [412] * 7
    assert len({one["ETag"] for one in answers}) == 1


def test_puts_of_different_rows_all_stand_one_after_another(editor):
    made(Participant(name="Bank", **KEY))
    names = [f"Bank {number}" for number in range(8)]
    answers = run_together(*[editor.later("PUT", BY_KEY, {"name": name}) for name in names])
    assert statuses(answers) == [200] * 8
    assert sorted(one.json()["row_version"] for one in answers) == list(range(2, 10))
    assert sorted(one.json()["name"] for one in answers) == names


def test_a_row_that_is_deleted_meanwhile_is_created_anew_or_goes(editor):
    for is_first in (True, False):
        row = made(Participant(name="Bank", **KEY))
        put, removal = editor.later("PUT", BY_KEY, {"name": "New"}), editor.later("DELETE", path_of(row))
        calls = (put, removal) if is_first else (removal, put)
        first, second = run_in_line(holding(row), *calls)
        if is_first:
            assert (first.status_code, second.status_code) == (200, 204)
            assert stored(Participant) == []
        else:
            assert (first.status_code, second.status_code) == (204, 201)
            (left,) = stored(Participant)
            assert left.pk != row.pk


def test_a_row_that_is_given_another_key_meanwhile_is_not_the_one(editor):
    row = made(Participant(name="Bank", **KEY))
    change = editor.later("PATCH", path_of(row), {"external_id": "8"})
    first, second = run_in_line(holding(row), change, editor.later("PUT", BY_KEY, {"name": "New"}))
    assert (first.status_code, second.status_code) == (200, 201)
    assert sorted((one.external_id, one.name) for one in stored(Participant)) == [("7", "New"), ("8", "Bank")]


def test_a_post_and_a_put_of_one_key_leave_one_row(editor):
    for number in range(4):
        body = {"name": "Bank", "source": "crm", "external_id": f"k{number}"}
        posts = [editor.later("POST", "participants", body)] * 4
        puts = [editor.later("PUT", f"participants/by/crm/k{number}", {"name": "Bank"})] * 4
        answers = run_together(*posts, *puts)
        assert {one.status_code for one in answers} <= {200, 201, 409}
        assert {problem_of(one)["code"] for one in answers if one.status_code == 409} <= {"duplicate"}
        assert statuses(answers).count(201) == 1
        assert len(stored(Participant, external_id=f"k{number}")) == 1


def test_tags_that_eight_editors_add_and_take_away_at_once_are_all_there_and_gone(editor):
    row = made(Participant(name="Bank", tags=[f"old {number}" for number in range(4)]))
    adding = [editor.later("PATCH", path_of(row), {"add_tags": [f"new {n}"]}) for n in range(4)]
    taking = [editor.later("PATCH", path_of(row), {"remove_tags": [f"old {n}"]}) for n in range(4)]
    assert statuses(run_in_line(holding(row), *adding, *taking)) == [200] * 8
    (left,) = stored(Participant)
    assert sorted(left.tags) == [f"new {number}" for number in range(4)]


def test_a_tag_that_several_add_at_once_is_there_once(editor):
    row = made(Participant(name="Bank"))
    answers = run_together(*[editor.later("PATCH", path_of(row), {"add_tags": ["new"]})] * 8)
    assert statuses(answers) == [200] * 8
    assert {one.json()["row_version"] for one in answers} == {2}
