"""Whatever body is sent to whatever writes: a problem with its place, never a fault of ours, and nothing stored."""

import json
from typing import Any

import pytest

from directory.rest.resources import RESOURCES, WrittenResource
from tests.cast import make_token
from tests.directory.rest.calling import Api, places, problem_of
from tests.directory.rest.writes import Table, Written, document, tables, written
from tests.openapi import checker

TABLES = pytest.mark.parametrize("table", tables(), ids=lambda table: table.path)
OF_ANY_TYPE: tuple[Any, ...] = (None, True, 7, 1.5, "x", [], {}, [1], {"a": 1}, [[]], [None])
DEEP = b"[" * 200 + b"]" * 200
BROKEN = {
    "empty": b"",
    "cut off": b'{"a":',
    "not UTF-8": b'{"a": "\xff\xfe"}',
    "UTF-16": '{"a": "b"}'.encode("utf-16"),
    "a key twice": b'{"a": 1, "a": 2}',
    "NaN": b'{"a": NaN}',
    "Infinity": b'{"a": -Infinity}',
    "deep lists": b'{"a": ' + DEEP + b"}",
    "deep objects": b'{"a": ' * 200 + b"1" + b"}" * 200,
    "very deep": b"[" * 100_000,
    "a long number": b'{"a": ' + b"9" * 10_000 + b"}",
    "two values": b"{} {}",
    "a control character": b'{"a": "\x01"}',
    "a comment": b"{} // done",
    "single quotes": b"{'a': 1}",
}
NO_OBJECTS = (b"7", b'"x"', b"null", b"true", b"1e3")
HOSTILE_TEXTS = ("a\x00b", "\ud800", "a\udfffb", "\x00")
BEYOND = (b"9007199254740993", b"-9007199254740993", b"1e999", b"9" * 100, b"NaN")
HEADERS = (
    {"Audit-Reason": "a\x01b"},
    {"Audit-Reason": "a\x00b"},
    {"Audit-Reason": "x" * 10_000},
    {"Content-Encoding": "gzip"},
    {"Content-Type": "text/plain"},
    {"Content-Type": "\x01\x02"},
    {"Accept": "text/\x01html"},
)
MOMENTS = (
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-02-30T00:00:00Z",
    "2026-01-01T00:00:00",
)


@pytest.fixture
def world(acme) -> Written:
    api = Api(
        "acme", make_token("acme", "directory.read", "directory.manage", "view_confidential", may_write=True)
    )
    return written(api, acme)


def refused(response, *statuses: int) -> None:
    assert response.status_code in (statuses or (400,)), (response.status_code, response.content[:500])
    problem_of(response)


def ways(world: Written, table: Table) -> list[tuple[str, str]]:
    """Return both requests that take a body."""
    return [("POST", table.path), ("PATCH", world.row_path(table))]


def ways_of_many(world: Written, table: Table) -> list[tuple[str, str]]:
    """Return the requests that take an array."""
    return [("POST", table.path), ("PATCH", table.path), ("POST", f"{table.path}/bulk-delete")]


def test_every_table_that_is_written_is_looked_at(world):
    assert len(tables()) == sum(issubclass(one, WrittenResource) for one in RESOURCES) == 11
    for table in tables():
        response = world.send("POST", table.path, world.body(table))
        assert response.status_code == 201, (table.path, response.content)
        response = world.send("PATCH", world.row_path(table), {})
        assert response.status_code == 200, (table.path, response.content)


def all_ways(world: Written, table: Table) -> list[tuple[str, str]]:
    """Return every request that takes a body, that by the source's key as well where the table has one."""
    keyed = [("PUT", f"{table.path}/by/internal/ext-1")] if "external_id" in table.fields else []
    return ways(world, table) + keyed


@TABLES
def test_a_body_that_is_no_json_is_refused(world, table):
    before = world.stored()
    for method, path in all_ways(world, table):
        for name, body in BROKEN.items():
            response = world.send(method, path, body)
            assert response.status_code == 400, (name, method, response.status_code, response.content[:300])
            assert problem_of(response)["code"] in ("malformed_json", "validation_failed", "unknown_field"), (
                name
            )
    assert world.stored() == before


@TABLES
def test_an_array_is_refused_of_one_row_and_its_items_are_looked_at_of_many(world, table):
    before = world.stored()
    for body in (b"[]", b"[{}]"):
        assert places(world.send("PATCH", world.row_path(table), body)) == [("#", "invalid_type")]
    for method, path in ways_of_many(world, table):
        assert places(world.send(method, path, b"[]")) == [("#", "item_count")]
        for item in (b"7", b"null", b"true", b"[]", b"[{}]", b"1e3"):
            assert places(world.send(method, path, b"[%s, {}]" % item))[0] == ("#/0", "invalid_type"), item
        for body in BROKEN.values():
            refused(world.send(method, path, b"[%s]" % body))
        for text in HOSTILE_TEXTS:
            response = world.send(method, path, [{"id": text, "etag": text, text: text, "notes": text}])
            assert (response.status_code, {code for _, code in places(response)}) == (400, {"invalid_text"})
    assert world.stored() == before


@TABLES
def test_each_key_of_an_item_takes_its_own_type_alone(world, table):
    before, whole = world.stored(), world.body(table)
    wrong = [
        (name, value)
        for name, schema in table.fields.items()
        for value in OF_ANY_TYPE
        if not checker(document(), schema).is_valid(value)
    ]
    named = {"id": world.ids[table.path], "etag": "*"}
    response = world.send("POST", table.path, [whole | {name: value} for name, value in wrong])
    found = [place for place, _ in places(response)]
    for index, (name, value) in enumerate(wrong):
        assert any(place.startswith(f"#/{index}/{name}") for place in found), (name, value)
        response = world.send("PATCH", table.path, [named | {name: value}])
        assert any(place.startswith(f"#/0/{name}") for place, _ in places(response)), (name, value)
    assert world.stored() == before


@TABLES
def test_anything_but_an_object_is_refused_with_its_place(world, table):
    before = world.stored()
    for method, path in all_ways(world, table):
        for body in NO_OBJECTS:
            assert places(world.send(method, path, body)) == [("#", "invalid_type")], (method, body)
    assert world.stored() == before


@TABLES
def test_each_key_takes_its_own_type_alone(world, table):
    before, whole, tried = world.stored(), world.body(table), 0
    for name, schema in table.fields.items():
        takes = checker(document(), schema)
        for value in OF_ANY_TYPE:
            if takes.is_valid(value):
                continue
            for method, path in ways(world, table):
                response = world.send(
                    method, path, whole | {name: value} if method == "POST" else {name: value}
                )
                pointers = [place for place, _ in places(response)]
                assert response.status_code == 400, (name, value)
                assert any(pointer.startswith(f"#/{name}") for pointer in pointers), (name, value, pointers)
                tried += 1
    assert tried > len(table.fields)
    assert world.stored() == before


@TABLES
def test_no_json_column_breaks_on_any_json(world, table):
    for name, schema in table.fields.items():
        takes = checker(document(), schema)
        for value in OF_ANY_TYPE:
            if takes.is_valid(value):
                response = world.send("PATCH", world.row_path(table), {name: value})
                assert response.status_code < 500, (name, value, response.content[:300])


@TABLES
def test_texts_that_are_none_and_texts_without_end_are_refused_with_their_place(world, table):
    before, whole = world.stored(), world.body(table)
    for name, schema in table.fields.items():
        kinds = schema.get("type", "string")
        if not {"string", "object", "array"} & set([kinds] if isinstance(kinds, str) else kinds):
            continue
        in_list = "array" in kinds and "object" not in kinds
        for text in (*HOSTILE_TEXTS, "x" * 1_000_000):
            value = [text] if in_list else {text[:9]: text} if "object" in kinds else text
            for method, path in ways(world, table):
                if "object" in kinds and len(text) > 9:
                    continue  # a JSON column may be as large as a body
                response = world.send(
                    method, path, whole | {name: value} if method == "POST" else {name: value}
                )
                refused(response)
                assert len(response.content) < 20_000, name
                assert any(place.startswith(f"#/{name}") for place, _ in places(response)), (
                    name,
                    response.content,
                )
    assert world.stored() == before


@TABLES
def test_numbers_that_programs_read_differently_are_refused(world, table):
    before = world.stored()
    for name in table.fields:
        for number in BEYOND:
            body = b"{%s: %s}" % (json.dumps(name).encode(), number)
            for method, path in ways(world, table):
                response = world.send(method, path, body)
                refused(response)
                code = problem_of(response)["code"]
                assert code == "malformed_json" or (f"#/{name}", "number_out_of_range") in places(response), (
                    code
                )
    assert world.stored() == before


@TABLES
def test_numbers_beyond_their_column_are_refused_with_their_place(world, table):
    before, whole = world.stored(), world.body(table)
    for name, schema in table.fields.items():
        kinds = schema.get("type", ())
        if not {"integer", "number"} & set([kinds] if isinstance(kinds, str) else kinds) or "object" in kinds:
            continue
        for number in (2**31, -(2**31) - 1, 2**53 - 1, 1e300):
            if number == 1e300 and "integer" in kinds:
                continue
            for method, path in ways(world, table):
                response = world.send(
                    method, path, whole | {name: number} if method == "POST" else {name: number}
                )
                refused(response)
                assert f"#/{name}" in [place for place, _ in places(response)], (name, number)
    assert world.stored() == before


@TABLES
def test_moments_without_a_place_in_time_are_refused_with_their_place(world, table):
    before, whole = world.stored(), world.body(table)
    named = [name for name, schema in table.fields.items() if schema.get("format") == "date-time"]
    for name in named:
        for moment in MOMENTS:
            for method, path in ways(world, table):
                response = world.send(
                    method, path, whole | {name: moment} if method == "POST" else {name: moment}
                )
                assert (f"#/{name}", "invalid_moment") in places(response), (name, moment)
    for name in ("created_at__gte", "updated_at__lt"):
        for moment in MOMENTS[:2]:
            response = world.api.get(table.path, {name: moment})
            assert (response.status_code, places(response)) == (400, [(name, "invalid")])
    assert world.stored() == before


@TABLES
def test_unknown_and_read_only_keys_are_refused_with_their_place(world, table):
    before = world.stored()
    body = {"nmae": 1, "": 1, "a/b~c": 1, "id": "x", "row_version": 3, "x" * 10_000: 1}
    for method, path in all_ways(world, table):
        response = world.send(method, path, world.body(table) | body)
        found = dict(places(response))
        assert found["#/nmae"] == "unknown_field"
        refusal = "read_only" if method == "POST" else "field_not_editable"
        assert found["#/id"] == found["#/row_version"] == refusal
        assert len(places(response)) >= len(body)
        assert len(response.content) < 20_000
    assert world.stored() == before


@TABLES
def test_headers_that_are_no_text_are_refused(world, table):
    before = world.stored()
    for headers in HEADERS:
        for method, path in all_ways(world, table):
            response = world.send(method, path, world.body(table), **headers)
            refused(response, 400, 406, 415)
    assert world.stored() == before
