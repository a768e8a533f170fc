"""Filters of lists."""

from typing import Any, ClassVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import models
from django.db.models import Q

from config.foundation.rows import TenantManager, TenantQuerySet, TenantRow
from config.foundation.saved_filters import TEXT_REFUSED, check_parameters, may_be_kept
from config.foundation.tiers import Tiers


class SavedFilterQuerySet(TenantQuerySet):
    """Questions about many saved filters."""

    def usable_by(self, user_id: UUID) -> "SavedFilterQuerySet":
        """Keep a person's own, and those that are shared."""
        return self.filter(Q(owner_id=user_id) | Q(is_shared=True))


class SavedFilterManager(TenantManager.from_queryset(SavedFilterQuerySet)):  # type: ignore[misc]
    """Manager of the saved filters of the schema selected."""


class SavedFilter(TenantRow):
    """Parameters of a list under a name, of one person, who may share them with all of the tenant.

    ``parameters`` are values by parameter, ``{"kind": ["node"], "q": ["bank"]}``, as the list's address takes them;
    when they are saved, the list itself checks them. Where a person has a filter with the slug of a shared one, theirs
    is meant.

    Rejected: parameters as a text of a query: they would be taken apart at every reading.
    """

    display_prefix = "flt"
    tiers = Tiers(plain=("slug", "name", "resource", "owner_id", "is_shared"), confidential=("parameters",))

    slug = models.CharField(max_length=64, validators=[validate_slug], help_text="What `?filter=` names.")
    name = models.CharField(max_length=128)
    resource = models.CharField("list", max_length=64, help_text="Such as directory/participants.")
    parameters = models.JSONField(help_text='Values by parameter: {"kind": ["node"]}.')
    owner_id = models.UUIDField("owner", editable=False)
    is_shared = models.BooleanField("shared", default=False, help_text="Everybody of the tenant may use it.")

    objects: ClassVar[SavedFilterManager] = SavedFilterManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="saved_filter_own",
                fields=["owner_id", "slug"],
                violation_error_message="You have a filter with this slug.",
                violation_error_code="duplicate",
            ),
            models.UniqueConstraint(
                name="saved_filter_shared",
                fields=["slug"],
                condition=Q(is_shared=True),
                violation_error_message="A shared filter has this slug.",
                violation_error_code="duplicate",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Bring the parameters into one form, and let the list look at them.

        Raises:
            ValidationError: ``parameters_invalid``, ``possible_card_number``, ``unknown_list``, or what the list
                refuses, with the field.
        """
        super().clean()
        texts = {"slug": self.slug, "name": self.name, "parameters": str(self.parameters)}
        secret = {name: TEXT_REFUSED for name, text in texts.items() if not may_be_kept(text)}
        if secret:
            for name in secret:
                setattr(self, name, "" if name != "parameters" else {})
            raise ValidationError(
                {name: ValidationError(text, code="possible_card_number") for name, text in secret.items()}
            )
        if self.parameters:  # else the field itself has said so
            self.parameters = _values_by_parameter(self.parameters)
            check_parameters(self.resource, self.parameters)


def _values_by_parameter(given: Any) -> dict[str, list[str]]:
    """Return parameters, each with a list of texts.

    Raises:
        ValidationError: ``parameters_invalid``.
    """
    values = (
        {name: [value] if isinstance(value, str) else value for name, value in given.items()}
        if isinstance(given, dict)
        else {}
    )
    if not values or not all(
        isinstance(one, list) and one and all(isinstance(text, str) for text in one)
        for one in values.values()
    ):
        message = 'Give at least one parameter, with texts as its values: {"kind": ["node"]}.'
        raise ValidationError({"parameters": ValidationError(message, code="parameters_invalid")})
    return values
