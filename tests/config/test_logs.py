import logging

import pytest

from config.foundation.actor import request_context
from config.logs import CoveringFormatter


def line(message, *args, exc_info=None):
    record = logging.LogRecord("test", logging.ERROR, "", 1, message, args, exc_info)
    return CoveringFormatter("%(message)s").format(record)


@pytest.mark.parametrize(
    "number",
    [
        "4111111111111111",
        "411111111",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4111%201111%201111%201111",
        "x4111111111111y",
    ],
)
def test_a_number_that_may_be_a_cards_is_covered(number):
    covered = line("Not Found: %s", f"/api/v1/{number}")
    assert "•••" in covered
    assert "4111" not in covered


@pytest.mark.parametrize(
    "text", ["2026-11-25 07:32:10,244", "41111122", "status 404, 20240101", "8e03978e-40d5-43e8-bc93"]
)
def test_dates_statuses_and_short_numbers_stay(text):
    assert line("%s", text) == text


@pytest.mark.parametrize(
    "name", ["8e03978e-40d5-43e8-bc93-123456789012", "par_12345678901234567890123456789012"]
)
def test_an_id_stays_however_many_digits_it_has(name):
    assert line("%s", name) == name


def test_a_line_names_its_request():
    record = logging.LogRecord("test", logging.ERROR, "", 1, "failed", (), None)
    formatter = CoveringFormatter("%(request_id)s %(message)s")
    assert formatter.format(record) == "- failed"
    with request_context(request_id="8e03978e-40d5-43e8-bc93-6894a57f9324"):
        assert formatter.format(record) == "8e03978e-40d5-43e8-bc93-6894a57f9324 failed"


def test_a_traceback_is_covered_as_well():
    try:
        raise ValueError("4111111111111111")
    except ValueError as error:
        text = line("failed", exc_info=(type(error), error, error.__traceback__))
    assert "ValueError" in text
    assert "4111" not in text
