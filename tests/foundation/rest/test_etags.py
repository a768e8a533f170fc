import pytest

from config.foundation.rest.etags import etag, etag_of_bytes, is_held


def test_a_tag_is_strong_quoted_and_depends_on_every_part():
    assert etag("a", 1).startswith('"')
    assert etag("a", 1) == etag("a", 1)
    assert len({etag("a", 1), etag("a", 2), etag("a1"), etag_of_bytes(b"b")}) == 4


@pytest.mark.parametrize("header", ['"x"', 'W/"x"', '"y", "x"', "*"])
def test_a_holder_is_recognised_by_weak_comparison(header):
    assert is_held('"x"', header)


@pytest.mark.parametrize("header", ["", '"y"', "x", 'W/"y"'])
def test_a_holder_of_something_else_is_not(header):
    assert not is_held('"x"', header)
