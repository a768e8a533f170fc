"""Names of actors and rows, joined for display: the chain holds only their ids."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import F, TextField, Value
from django.db.models.functions import Cast
from django.urls import reverse

from audit.models import AuditEvent
from audit.presenters import NAMING, name_in, name_resource
from config.foundation.tiers import Tiers
from customers.identity.models import User
from customers.identity.presenters import name_actors, uuid_of

LINK = '<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>'
PERSON = User._meta.label_lower
NO_TIERS = Tiers()


def name_row(event: Any) -> str:
    """Return the kind of row and its name: that of the change where it holds one, else the one that was joined."""
    kind = name_resource(event.resource)
    shown = name_in(event) or event.__dict__.get("row_name") or event.resource_id[:8]
    return f"{kind} {shown}".strip()


def join_names(events: Iterable[Any], *, site: Any) -> None:
    """Put ``actor_name`` on each event and, of a row that exists and has a page on the site, its name and address.

    These are ``row_name``, "" where the table has no name in clear, and ``row_url``.
    """
    events = list(events)
    people = {event.resource_id: f"user:{event.resource_id}" for event in events if event.resource == PERSON}
    names = name_actors([*(event.actor for event in events), *people.values()])
    existing = _existing(events, site)
    for event in events:
        event.__dict__["actor_name"] = names[event.actor]
        name = existing.get((event.resource, event.resource_id))
        if name is not None:
            app_label, _, model_name = event.resource.partition(".")
            page = f"{site.name}:{app_label}_{model_name}_change"
            event.__dict__["row_url"] = reverse(page, args=[event.resource_id])
            event.__dict__["row_name"] = (
                names[people[event.resource_id]] if event.resource == PERSON else name
            )


def person_of(event: AuditEvent) -> tuple[str, str] | None:
    """Return whom an event is about, or else who acted, as (id, actor); None where neither is a person."""
    about = event.resource_id if event.resource == PERSON else event.after.get("subject_id", "")
    kind, _, actor_id = event.actor.partition(":")
    for candidate in (about, actor_id if kind == "user" else ""):
        if isinstance(candidate, str) and uuid_of(candidate):
            return candidate, f"user:{candidate}"
    return None


def _existing(events: list[Any], site: Any) -> dict[tuple[str, str], str]:
    """Return the names of the rows that exist, by table and id; one statement for all tables that have pages here."""
    wanted: dict[str, set[UUID]] = {}
    for event in events:
        if row_id := uuid_of(event.resource_id):
            wanted.setdefault(event.resource, set()).add(row_id)
    parts = []
    for model in site._registry:  # noqa: SLF001 -- Django has no public list
        label = model._meta.label_lower
        if ids := wanted.get(label):
            rows = model._default_manager.filter(pk__in=ids).order_by()  # noqa: SLF001 -- Django's documented API
            parts.append(rows.values_list(Value(label, output_field=TextField()), "pk", _name_in(model)))
    found = parts[0].union(*parts[1:], all=True) if parts else ()
    return {(resource, str(pk)): name for resource, pk, name in found}


def _name_in(model: Any) -> Any:
    """Return the expression of a table's name in clear; what is declared personal or above is none."""
    plain = getattr(model, "tiers", NO_TIERS).plain
    column = next((one for one in NAMING if one in plain), None)
    return Cast(F(column) if column else Value(""), TextField())
