"""Operators at work on the pages of the platform's administration."""

import html
import re
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


def text_of(answer: Any) -> str:
    """Return what a page says, without its tags, in one line."""
    bare = re.sub(r"<(script|style)\b.*?</\1>", "", answer.content.decode(), flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", bare)).split())


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
