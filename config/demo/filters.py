"""Filters that the demonstration's people saved for the lists of the API, for themselves or for all of their tenant."""

from collections.abc import Mapping
from dataclasses import dataclass

from audit.requests.models import SavedFilter
from audit.requests.operations import save_filter
from config.demo.consents import REASON, Part
from config.foundation.actor import Actor, acting
from customers.identity.models import User


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter of one of a firm's people."""

    who: Part
    slug: str
    name: str
    resource: str
    parameters: Mapping[str, list[str]]
    is_shared: bool = False


FILTERS: dict[str, tuple[Filter, ...]] = {
    "acme": (
        Filter(
            "admin",
            "nordic-correspondents",
            "Correspondents in the Nordics",
            "directory/participants",
            {"tags": ["correspondent", "nordic"]},
            is_shared=True,
        ),
        Filter(
            "admin",
            "merchants",
            "Merchants that we acquire for",
            "directory/participants",
            {"tags": ["merchant"], "country": ["SE"]},
            is_shared=True,
        ),
        Filter(
            "admin",
            "ending-endpoints",
            "Endpoints with an end",
            "directory/endpoints",
            {"valid_to__empty": ["false"]},
            is_shared=True,
        ),
        Filter(
            "admin",
            "what-was-deleted",
            "What was deleted",
            "audit/events",
            {"action": ["delete"]},
        ),
        Filter(
            "member",
            "never-verified",
            "Never verified",
            "directory/participants",
            {"verified_at__empty": ["true"]},
        ),
    ),
    "globex": (
        Filter(
            "admin",
            "swedish-ranges",
            "Ranges that begin with +46",
            "directory/prefix-rules",
            {"prefix__isw": ["46"]},
            is_shared=True,
        ),
        Filter(
            "member",
            "quiet-policies",
            "Policies that are switched off",
            "directory/policies",
            {"enabled": ["false"]},
        ),
    ),
}


def write_filters(*, slug: str, people: Mapping[Part, User]) -> None:
    """Save the firm's filters that are missing, in the schema that is selected, each by the person it is of."""
    for kept in FILTERS[slug]:
        actor = Actor.user(people[kept.who].pk)
        if not SavedFilter.objects.filter(owner_id=actor.user_id, slug=kept.slug).exists():
            row = SavedFilter(
                slug=kept.slug,
                name=kept.name,
                resource=kept.resource,
                parameters=dict(kept.parameters),
                is_shared=kept.is_shared,
            )
            with acting(actor, reason=REASON):
                save_filter(actor=actor, row=row)
