"""Signing in and out leaves events in the platform's chain, and a failed attempt betrays nothing."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from config.foundation.rows import public_schema
from tests.cast import PASSWORD, email_of
from tests.sealing import seal

SIGNS = ("login", "logout", "login_failed")


def signs() -> list[AuditEvent]:
    seal()
    with public_schema():
        return list(AuditEvent.objects.filter(action__in=SIGNS).order_by("pk"))


@pytest.fixture
def browser(db: None) -> Client:
    return Client(headers={"Host": "localhost"})


def sign_in(browser: Client, address: str, password: str, at: str = "/admin/login/") -> Any:
    return browser.post(at, {"username": address, "password": password})


def test_signing_in_and_out_at_a_tenant_is_told_with_the_tenant(
    browser: Client, acme: Any, acme_admin: Any
) -> None:
    assert sign_in(browser, acme_admin.email, PASSWORD, "/t/acme/admin/login/").status_code == 302
    browser.post("/t/acme/admin/logout/")
    assert [event.action for event in signs()] == ["login", "logout"]
    assert {event.actor for event in signs()} == {f"user:{acme_admin.pk}"}
    assert {event.tenant_id for event in signs()} == {acme.pk}
    assert {event.resource_id for event in signs()} == {str(acme_admin.pk)}


def test_signing_in_at_the_platform_names_no_tenant(browser: Client, operator: Any) -> None:
    sign_in(browser, operator.email, PASSWORD)
    assert [event.tenant_id for event in signs()] == [None]


@pytest.mark.parametrize("name", ["operator", "nobody"])
def test_a_failed_attempt_names_the_account_where_there_is_one_and_never_what_was_typed(
    browser: Client, operator: Any, name: str
) -> None:
    for _ in range(2):
        sign_in(browser, email_of(name), "a wrong sentence")
        seal()
    (event,) = signs()
    assert (event.action, event.actor) == ("login_failed", "system:login")
    assert event.resource_id == (str(operator.pk) if name == "operator" else "")
    assert email_of(name) not in event.record
    assert "wrong sentence" not in event.record


def test_a_known_and_an_unknown_account_cost_the_same_statements(browser: Client, operator: Any) -> None:
    counts = []
    sign_in(browser, email_of("nobody"), "warm up")
    for name in ("operator", "nobody"):
        with CaptureQueriesContext(connection) as asked:
            sign_in(browser, email_of(name), "a wrong sentence")
        counts.append(len(asked))
    assert counts[0] == counts[1]
