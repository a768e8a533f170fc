"""How lists of events and consents are narrowed, by the API and the admin alike."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from audit.enums import SUBJECT_PREFIXES, SubjectKind, Verb
from audit.models import AuditEvent, ChainHead, Consent
from audit.operations import rows_created_by, rows_updated_by
from config.foundation.display_ids import parse_display_id
from config.foundation.rest.described import DescribedFilter, RequestFilter
from config.foundation.rest.filters import (
    SEARCH_MAX_LENGTH,
    DeclaredFilter,
    DeclaredFilters,
    IdField,
    id_schema,
)
from config.foundation.rest.lookups import EQUAL, MOMENT, WORDS
from customers.identity.models import ApiToken, Membership, User
from customers.tenants.models import Tenant

SEARCHED_EVENTS_MAX = 20_000  # the newest, whose payload a search reads
_SUBJECT_PATTERN = "^(usr|org|par)_[0-9a-f]{32}$"


def searched_events(events: QuerySet[Any], term: str) -> QuerySet[Any]:
    """Keep events whose payload holds the term, among the newest."""
    last_id = ChainHead.objects.values_list("last_id", flat=True).order_by("pk").first() or 0
    newest = events.filter(pk__gt=last_id - SEARCHED_EVENTS_MAX)
    found: QuerySet[Any] = newest.alias(text=Cast("payload", TextField())).filter(text__icontains=term)
    return found


def events_of_person(events: QuerySet[Any], user_id: UUID) -> QuerySet[Any]:
    """Keep what a person did, themselves or by a token, and what was done to the person's rows."""
    tokens = list(ApiToken.objects.filter(user_id=user_id).values_list("pk", "key_id").order_by("pk"))
    memberships = Membership.objects.filter(user_id=user_id).values_list("pk", flat=True).order_by("pk")
    consents = Consent.objects.of_subject(SubjectKind.USER, user_id).values_list("pk", flat=True)
    actors = [f"user:{user_id}", *(f"token:{key_id}" for _, key_id in tokens)]
    about = Q(resource=User._meta.label_lower, resource_id=str(user_id))
    for model, ids in ((ApiToken, [pk for pk, _ in tokens]), (Membership, memberships), (Consent, consents)):
        about |= Q(resource=model._meta.label_lower, resource_id__in=[str(pk) for pk in ids])
    return events.filter(Q(actor__in=actors) | about)


class PersonField(IdField):
    """The display id of a person; cleaned to the uuid, or None where it is left out."""

    def to_python(self, value: Any) -> Any:
        """Return the uuid.

        Raises:
            ValidationError: ``invalid_id``.
        """
        return super().to_python(value) if value else None


class PersonFilter(DescribedFilter):
    """By or about one person."""

    meaning = "Done by this person, by one of their tokens, or to one of their rows."

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        """Narrow the events."""
        return events_of_person(qs, value) if value else qs


class PayloadFilter(DescribedFilter):
    """By text in the change, in a bounded number of events."""

    meaning = f"Text in the payload, in any case, among the newest {SEARCHED_EVENTS_MAX:,} events."

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        """Narrow the events."""
        return searched_events(qs, value) if value else qs


class AuditEventFilters(DeclaredFilters):
    """Filters of the list of events."""

    person = PersonFilter(
        lookup_expr="person",
        each=PersonField(prefix=User.display_prefix, required=False),
        schema=id_schema("usr"),
    )
    q = PayloadFilter(
        lookup_expr="icontains",
        each=forms.CharField(required=False, max_length=SEARCH_MAX_LENGTH),
        schema={"type": "string", "minLength": 1, "maxLength": SEARCH_MAX_LENGTH},
    )

    class Meta:
        model = AuditEvent
        fields = {
            "actor": WORDS,
            "action": WORDS,
            "resource": WORDS,
            "resource_id": EQUAL,
            "request_id": EQUAL,
            "at": MOMENT,
        }

    @classmethod
    def parameters(cls) -> list[dict[str, Any]]:
        """Return the OpenAPI parameter objects; of ``action``, the usual words and what they say."""
        verbs = ", ".join(f"`{verb.value}` ({verb.label})" for verb in Verb)
        return [
            one | {"description": f"What was done; repeated: any of these. {verbs}; others occur."}
            if one["name"] == "action"
            else one
            for one in super().parameters()
        ]


class PlatformEventFilters(AuditEventFilters):
    """Filters of the list of the platform's events, which say what tenant they are about."""

    tenant = DeclaredFilter(
        field_name="tenant_id",
        lookup_expr="exact",
        each=IdField(prefix=Tenant.display_prefix, required=False),
        schema=id_schema(Tenant.display_prefix),
    )


class SubjectField(forms.CharField):
    """A display id of any kind of subject; cleaned to (kind, uuid)."""

    def to_python(self, value: Any) -> Any:
        """Return kind and uuid.

        Raises:
            ValidationError: ``invalid_id``.
        """
        if not value:
            return None
        for prefix, kind in SUBJECT_PREFIXES.items():
            if parsed := parse_display_id(prefix, str(value)):
                return kind, parsed
        raise ValidationError("A subject is usr_, org_ or par_ and 32 hex digits.", code="invalid_id")


class SubjectFilter(DescribedFilter):
    """By who gave or withdrew it."""

    meaning = "Whose consents: a user, organization or participant."

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        """Narrow the consents."""
        return qs.filter(subject_kind=value[0], subject_id=value[1]) if value else qs


class ConsentFilters(DeclaredFilters):
    """Filters of the list of consents."""

    created_by_request = RequestFilter("created", rows_created_by)
    updated_by_request = RequestFilter("changed", rows_updated_by)
    subject = SubjectFilter(
        lookup_expr="subject",
        each=SubjectField(required=False),
        schema={
            "type": "string",
            "pattern": _SUBJECT_PATTERN,
            "example": "usr_00000000000000000000000000000001",
        },
    )

    class Meta:
        model = Consent
        fields = {"purpose": WORDS, "action": EQUAL, "subject_kind": EQUAL, "at": MOMENT}
