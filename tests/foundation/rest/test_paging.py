from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.foundation.rest.errors import Faults
from config.foundation.rest.paging import Paging, binding_of, read_cursor, read_limit, read_ordering


class Row:
    """Stands for a row of any table: a cursor reads its columns and nothing else."""

    def __init__(self, **columns: Any) -> None:
        self.__dict__ |= columns


def cursor_after(paging: Paging, *, is_backward: bool = False, **columns: Any) -> str:
    row: Any = Row(**columns)
    return paging._cursor(row, is_backward=is_backward)


@given(st.text(max_size=50), st.integers(), st.datetimes(timezones=st.just(UTC)), st.uuids(), st.booleans())
def test_a_cursor_says_what_was_put_in(name, number, moment, pk, is_backward):
    paging = Paging(("name", "-number", "moment", "pk"), binding="here")
    text = cursor_after(paging, is_backward=is_backward, name=name, number=number, moment=moment, pk=pk)
    cursor = read_cursor(text, binding="here", faults=Faults())
    assert cursor is not None
    assert cursor.values == (name, number, moment, pk)
    assert cursor.is_backward is is_backward


def test_a_cursor_is_refused_elsewhere_and_when_tampered_with():
    text = cursor_after(Paging(("pk",), binding="here"), pk=uuid4())
    for cursor, binding in [
        (text, "there"),
        (text[:-1], "here"),
        ("x" + text, "here"),
        ("", "here"),
        ("a:b:c", "here"),
    ]:
        faults = Faults()
        assert read_cursor(cursor, binding=binding, faults=faults) is None
        assert [fault.code for fault in faults.found] == ["invalid_cursor"]


def test_a_binding_tells_its_parts_apart():
    assert binding_of("a", "bc") != binding_of("ab", "c")


@pytest.mark.parametrize("text", ["0", "201", "-1", "x", "", "1.5", "٣", "00001"])
def test_a_page_size_out_of_bounds_is_refused(text):
    faults = Faults()
    read_limit(text, faults)
    assert [fault.code for fault in faults.found] == ["limit_out_of_range"]


@pytest.mark.parametrize("text", ["id", "name,", "name,name", "name,-name", "--name", "password"])
def test_an_ordering_is_of_declared_columns_each_once(text):
    faults = Faults()
    assert read_ordering(text, allowed=("name", "kind"), faults=faults) == ()
    assert [fault.code for fault in faults.found] == ["unknown_ordering"]


def test_an_ordering_is_read_in_order():
    assert read_ordering("-kind,name", allowed=("name", "kind"), faults=Faults()) == ("-kind", "name")


def test_moments_keep_their_microseconds():
    moment = datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)
    text = cursor_after(Paging(("moment",), binding="b"), moment=moment)
    cursor = read_cursor(text, binding="b", faults=Faults())
    assert cursor is not None
    assert cursor.values == (moment,)
