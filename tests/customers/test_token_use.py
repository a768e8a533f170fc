"""The use of tokens: counted in the process, written beside the requests."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError
from django.test import Client

from customers.identity.models import ApiToken, ApiTokenTally, ApiTokenUse
from customers.identity.operations import TokenUses, token_uses, usage_of_token, write_token_uses
from customers.identity.operations.token_use import agent_of
from tests.directory.rest.calling import Api
from tests.sealing import seal

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PATH = "/t/acme/api/v1/directory/participants"


@pytest.fixture
def token(make_token):
    return ApiToken.objects.get(key_id=make_token("acme", "directory.read")[4:16])


class Written(list[Any]):
    """Keeps what was written, and may fail."""

    fails: type[Exception] | None = None

    def __call__(self, uses):
        if self.fails:
            raise self.fails("the database is away")
        self.append({token: dict(one.counts) for token, one in uses.items()})


def test_a_token_is_written_at_once_and_then_once_a_minute(token):
    written = Written()
    uses = TokenUses(written, interval_s=0.2)
    uses.note(token.pk, now=NOW)
    uses.flush(only_due=True)
    for _ in range(3):
        uses.note(token.pk, now=NOW)
        uses.flush(only_due=True)
    assert written == [{token.pk: {(NOW.date(), ""): 1}}]
    time.sleep(0.25)
    uses.flush(only_due=True)
    assert written[1:] == [{token.pk: {(NOW.date(), ""): 3}}]


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_what_cannot_be_written_is_kept_and_no_request_fails(token, error):
    written = Written()
    uses = TokenUses(written, interval_s=0)
    written.fails = error
    uses.note(token.pk, now=NOW)
    uses.flush()
    uses.note(token.pk, now=NOW, code="not_found")
    written.fails = None
    uses.flush()
    assert written == [{token.pk: {(NOW.date(), ""): 1, (NOW.date(), "not_found"): 1}}]


def test_a_thread_writes_and_leaves_nothing_when_it_stops(token):
    written = Written()
    uses = TokenUses(written, gathering_s=0)
    uses.start()
    uses.start()
    uses.note(token.pk, now=NOW)
    deadline = time.monotonic() + 5
    while not written and time.monotonic() < deadline:
        time.sleep(0.01)
    uses.note(token.pk, now=NOW)
    uses.stop()
    assert [one[token.pk] for one in written] == [{(NOW.date(), ""): 1}] * 2


def test_uses_are_added_to_what_is_kept_and_the_last_one_stays(token):
    for at, address in ((NOW, "192.0.2.7"), (NOW - timedelta(hours=1), "192.0.2.8")):
        uses = TokenUses(write_token_uses)
        uses.note(token.pk, now=at, address=address, agent="curl/8.5.0")
        uses.note(token.pk, now=at, code="token_expired", is_use=False, address="192.0.2.9")
        uses.flush()
    kept = ApiTokenUse.objects.get(token=token)
    assert (kept.last_used_at, kept.last_address, kept.last_agent) == (NOW, "192.0.2.7", "curl/8.5")
    counts = {tally.code: tally.count for tally in ApiTokenTally.objects.filter(token=token)}
    assert counts == {"": 2, "token_expired": 2}


def test_the_uses_of_a_token_that_is_not_there_hinder_no_others(token, acme):
    uses = TokenUses(write_token_uses)
    for token_id in (acme.pk, token.pk):
        uses.note(token_id, now=NOW)
    uses.flush()
    assert ApiTokenTally.objects.get().token == token


def test_a_call_is_counted_without_a_statement_and_neither_audited_nor_versioned(make_token):
    text = make_token("acme", "directory.read")
    token = ApiToken.objects.get(key_id=text[4:16])
    client = Client(headers={"Authorization": f"Bearer {text}", "Host": "localhost"})
    client.get(PATH)
    token_uses.flush()
    seal()
    assert ApiTokenUse.objects.filter(token=token).exists()
    before = token.row_version
    token.refresh_from_db()
    assert token.row_version == before
    assert str(token.pk) not in str(token.use.__dict__.get("row_version", ""))


@pytest.mark.parametrize(
    ("columns", "status", "code"),
    [
        ({"is_enabled": False}, 401, "token_disabled"),
        ({"revoked_at": NOW}, 401, "token_revoked"),
        ({"allowed_networks": ["192.0.2.0/24"]}, 403, "ip_not_allowed"),
    ],
)
def test_a_refused_token_is_counted_and_not_used(make_token, columns, status, code):
    text = make_token("acme", "directory.read")
    ApiToken.objects.update(**columns)
    assert Api("acme", text).get("directory/participants").status_code == status
    token_uses.flush()
    assert ApiTokenTally.objects.get().code == code
    assert not ApiTokenUse.objects.exists()


def test_a_wrong_secret_is_counted_for_nobody(make_token):
    text = make_token("acme", "directory.read")
    Api("acme", text[:-1] + ("a" if text[-1] != "a" else "b")).get("directory/participants")
    token_uses.flush()
    assert not ApiTokenTally.objects.exists()


def test_usage_shows_each_of_thirty_days(token):
    uses = TokenUses(write_token_uses)
    for days in (0, 0, 29, 30):
        uses.note(token.pk, now=NOW - timedelta(days=days))
    uses.note(token.pk, now=NOW, code="not_found")
    uses.flush()
    usage = usage_of_token(token, now=NOW)
    assert (len(usage.days), usage.days[0].day, usage.days[-1].day) == (
        30,
        NOW.date() - timedelta(29),
        NOW.date(),
    )
    assert [one.count for one in usage.days if one.count] == [1, 3]
    assert usage.codes == {"not_found": 1}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("curl/8.5.0", "curl/8.5"),
        ("python-requests/2.32.3 x", "python-requests/2.32"),
        ("Mozilla/5.0 (X11; Linux)", "Mozilla/5.0"),
        ("curl/4539578763621486", ""),
        ("sbt_mfzwizltonss.abc", ""),
        ("<script>", ""),
        ("", ""),
    ],
)
def test_of_an_agent_one_short_word_is_kept(given, kept):
    assert agent_of(given) == kept
