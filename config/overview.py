"""The first page of each admin site: what there is, what happened last, and what to do first."""

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from audit.models import AuditEvent
from audit.presenters import name_in, summarize
from config.foundation.admin import COUNTED_ROWS_MAX, EstimatingPaginator
from customers.identity.models import ApiToken, Membership, User
from customers.tenants.models import Tenant
from directory import models as directory

RECENT_MAX = 8

PLATFORM_COUNTS = (Tenant, User, Membership, ApiToken, directory.Participant, directory.PrefixRule)
TENANT_COUNTS = (
    directory.Participant,
    directory.Identifier,
    directory.Endpoint,
    directory.Policy,
    directory.PrefixRule,
)


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows a table has, and where they are listed."""

    title: str
    value: int
    url: str

    @property
    def words(self) -> str:
        """Return the number; from where it is estimated on, rounded to two digits and marked so."""
        if self.value < COUNTED_ROWS_MAX:
            return f"{self.value:,}"
        scale = 10 ** (len(str(self.value)) - 2)
        return f"≈ {self.value // scale * scale:,}"


@dataclass(frozen=True, slots=True)
class Happening:
    """An audit event in words."""

    at: Any
    who: str
    words: str
    url: str


@dataclass(frozen=True, slots=True)
class Overview:
    """What the first page shows; ``first_steps`` are (sentence, address) for a directory that is empty."""

    counts: list[Count]
    happenings: list[Happening]
    links: list[tuple[str, str]]
    first_steps: list[tuple[str, str]] = field(default_factory=list)


def overview_of(site: Any, request: HttpRequest) -> Overview:
    """Return what the person may see of the first page."""
    tenant = site.tenant_of(request)
    models = TENANT_COUNTS if tenant else PLATFORM_COUNTS
    counts = [_count(site, request, model) for model in models if _may(site, request, model, "view")]
    is_empty = bool(tenant) and bool(counts) and not any(count.value for count in counts)
    return Overview(
        counts,
        _happenings(site, request),
        [("Read the API documentation", reverse("api-docs")), *_addable(site, request)],
        _first_steps(site, request) if is_empty else [],
    )


def _may(site: Any, request: HttpRequest, model: Any, action: str) -> bool:
    page = site._registry.get(model)  # noqa: SLF001 -- Django's get_model_admin raises instead
    return bool(page) and bool(getattr(page, f"has_{action}_permission")(request))


def _address(site: Any, model: Any, page: str, *args: Any) -> str:
    opts = model._meta
    return reverse(f"{site.name}:{opts.app_label}_{opts.model_name}_{page}", args=args)


def _count(site: Any, request: HttpRequest, model: Any) -> Count:
    rows = site._registry[model].get_queryset(request)  # noqa: SLF001 -- what the list would show
    title = str(model._meta.verbose_name_plural)
    return Count(
        title[:1].upper() + title[1:], EstimatingPaginator(rows, 1).count, _address(site, model, "changelist")
    )


def _happenings(site: Any, request: HttpRequest) -> list[Happening]:
    if not _may(site, request, AuditEvent, "view"):
        return []
    events = list(AuditEvent.objects.newest_first()[:RECENT_MAX])
    ids = {event.actor.removeprefix("user:") for event in events if event.actor.startswith("user:")}
    names = {str(person.pk): str(person) for person in User.objects.filter(pk__in=ids)}
    return [
        Happening(
            event.at,
            names.get(event.actor.removeprefix("user:"), event.actor),
            _words(event),
            _address(site, AuditEvent, "change", event.pk),
        )
        for event in events
    ]


def _words(event: AuditEvent) -> str:
    """Say the event, with the name of the row where the event holds it in clear."""
    said, name = summarize(event), name_in(event)
    said = f"{said} “{name}”" if name and not (event.before and event.after) else said
    return said[:1].upper() + said[1:]


def _addable(site: Any, request: HttpRequest) -> list[tuple[str, str]]:
    models = (directory.Participant, directory.Policy, ApiToken, Tenant, User, Membership)
    return [
        (f"Add {_a(str(model._meta.verbose_name))}", _address(site, model, "add"))
        for model in models
        if _may(site, request, model, "add")
    ]


def _a(noun: str) -> str:
    return f"{'an' if noun[0] in 'AEIOaeio' else 'a'} {noun}"


def _first_steps(site: Any, request: HttpRequest) -> list[tuple[str, str]]:
    if not _may(site, request, directory.Participant, "add"):
        return [("Ask whoever manages this directory to add the first participant", "")]
    adding = _address(site, directory.Participant, "add")
    return [("Add the first participant: a party you send to or receive from", adding)]
