import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.foundation.errors import Refused
from config.foundation.rest.errors import InvalidInput
from config.foundation.rest.parsers import DEPTH_MAX, INTEGER_MAX, StrictJSONParser, parse_json

TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-INTEGER_MAX, INTEGER_MAX)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=15,
)


@given(JSON)
def test_what_json_can_say_is_read_as_it_is(value):
    assert parse_json(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{'a': 1}",
        b'{"a": 1} {}',
        b'{"a": 1, "a": 2}',
        b'{"a": {"b": 1, "b": 1}}',
        b"NaN",
        b"[Infinity]",
        b"[-Infinity]",
        b'"\xff"',
        b"\xef\xbb\xbf{}",
        b"[" * 40 + b"]" * 40,
        b"[" * 100_000,
        b"1" * 5_000,
    ],
)
def test_what_programs_read_differently_is_refused(body):
    with pytest.raises(Refused) as refusal:
        parse_json(body)
    assert refusal.value.code == "malformed_json"


def test_every_text_and_number_out_of_bounds_is_named_with_its_place():
    with pytest.raises(InvalidInput) as refusal:
        parse_json(b'{"a": ["\\u0000", 9007199254740993, 1e999], "b": "\\ud800"}')
    assert [(fault.place["pointer"], fault.code) for fault in refusal.value.faults] == [
        ("#/a/0", "invalid_text"),
        ("#/a/1", "number_out_of_range"),
        ("#/a/2", "number_out_of_range"),
        ("#/b", "invalid_text"),
    ]


def test_nesting_up_to_the_limit_is_read():
    body = b"[" * DEPTH_MAX + b"]" * DEPTH_MAX
    assert parse_json(body) is not None


def test_the_refusal_of_a_broken_body_does_not_repeat_it():
    with pytest.raises(Refused) as refusal:
        parse_json(b'{"value": 4111111111111111 "x"}')
    assert "4111" not in refusal.value.detail


@pytest.mark.parametrize("declared", ["", "3000000"])
def test_a_body_over_the_limit_is_refused_whatever_length_it_declares(settings, declared):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    context = {"request": type("Request", (), {"META": {"CONTENT_LENGTH": declared}})()}
    with pytest.raises(Refused) as refusal:
        StrictJSONParser().parse(io.BytesIO(b'"' + b"x" * 20 + b'"'), parser_context=context)
    assert refusal.value.code == "payload_too_large"


def test_a_compressed_body_is_refused():
    context = {"request": type("Request", (), {"META": {"HTTP_CONTENT_ENCODING": "gzip"}})()}
    with pytest.raises(Refused) as refusal:
        StrictJSONParser().parse(io.BytesIO(b"{}"), parser_context=context)
    assert refusal.value.code == "unsupported_media_type"
