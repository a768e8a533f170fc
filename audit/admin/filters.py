"""Filters of the pages of events and consents."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter, TextFilter

from audit.enums import Verb
from audit.filters import events_of_person
from audit.models import AuditEvent
from config.foundation.display_ids import parse_display_id
from customers.identity.models import User


class ActionFilter(DropdownFilter):  # type: ignore[misc]
    """By what was done."""

    title = "action"
    parameter_name = "action"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 -- the signature is Django's
        """Offer the usual verbs."""
        return [(verb.value, verb.value.replace("_", " ")) for verb in Verb]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002 -- the signature is Django's
        """Keep events of the action."""
        return queryset.filter(action=self.value()) if self.value() else queryset


class ResourceFilter(DropdownFilter):  # type: ignore[misc]
    """By the kind of row that it was done to."""

    title = "resource"
    parameter_name = "resource"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 -- the signature is Django's
        """Offer the tables that this site has pages of."""
        models = (model for model in model_admin.admin_site._registry if model is not AuditEvent)  # noqa: SLF001 -- Django has no public list
        return sorted((model._meta.label_lower, str(model._meta.verbose_name)) for model in models)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002 -- the signature is Django's
        """Keep events of the table."""
        return queryset.filter(resource=self.value()) if self.value() else queryset


class ExactFilter(TextFilter):  # type: ignore[misc]
    """By the whole text of one column."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002 -- the signature is Django's
        """Keep events that have the text."""
        wanted = (self.value() or "").strip()
        return queryset.filter(**{self.parameter_name: wanted}) if wanted else queryset


class ActorFilter(ExactFilter):
    """By who did it."""

    title, parameter_name = "actor", "actor"


class RequestFilter(ExactFilter):
    """By the request, or command run, that it was done in."""

    title, parameter_name = "request id", "request_id"


class ObjectFilter(ExactFilter):
    """By the row that it was done to."""

    title, parameter_name = "object id", "resource_id"


class PersonFilter(TextFilter):  # type: ignore[misc]
    """By or about one person: done by them, by their tokens, or to their rows."""

    title, parameter_name = "person (usr_…)", "person"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002 -- the signature is Django's
        """Keep the person's events; what is no id of a person has none."""
        wanted = (self.value() or "").strip()
        if not wanted:
            return queryset
        user_id = parse_display_id(User.display_prefix, wanted)
        return events_of_person(queryset, user_id) if user_id else queryset.none()
