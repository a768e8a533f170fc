"""Operators at work on the pages of the platform's administration."""

from html.parser import HTMLParser
from typing import Any

from django.contrib.auth.models import Permission
from django.test import Client

from audit.models import AuditEvent
from config.foundation.rows import public_schema
from tests.sealing import seal


def signed_in(user: Any) -> Client:
    """Return a client in which the person is signed in to the platform."""
    client = Client(HTTP_HOST="localhost")
    client.force_login(user)
    return client


def permit(user: Any, *codes: str) -> None:
    """Give an operator permissions, such as ``change_tenant``."""
    user.user_permissions.add(*Permission.objects.filter(codename__in=codes))


class _Text(HTMLParser):
    """Collects what a page says outside of its scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._silent = False

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self._silent = tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._silent = False

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.said.append(data)


def text_of(answer: Any) -> str:
    """Return what a page says, without its tags, in one line."""
    page = _Text()
    page.feed(answer.content.decode())
    return " ".join(" ".join(page.said).split())


def errors_of(answer: Any) -> dict[str, list[str]]:
    """Return what the page's form refuses, by field."""
    assert answer.status_code == 200, answer.headers.get("Location")
    return {name: list(errors) for name, errors in answer.context["adminform"].form.errors.items()}


def events_of(resource: str, row: Any) -> list[tuple[str, str, str]]:
    """Return verb, actor and reason of each event about a public row, in order."""
    seal()
    with public_schema():
        events = AuditEvent.objects.of_row(resource, str(row.pk)).order_by("pk")
        return list(events.values_list("action", "actor", "reason"))
