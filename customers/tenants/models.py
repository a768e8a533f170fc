"""Tenants, the hosts that select them, and where their schemas are placed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, ClassVar, Self
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django_tenants.models import TenantMixin
from django_tenants.utils import get_public_schema_name

from config.foundation.rows import Row, schema_selected
from config.foundation.schemas import READ
from config.foundation.tiers import Tiers
from config.foundation.watch import Topic, process_watch
from customers.tenants.enums import PlacementState, TenantStatus
from customers.tenants.validators import validate_host, validate_images, validate_params, validate_slug

MAX_DEPTH = 5
TENANCY = process_watch.add(Topic("tenancy", "SELECT version FROM public.tenancy_version"))


def schema_name_of(tenant_id: Any) -> str:
    """Return ``t_`` + 32 hex digits: derived from the id alone, never from what a person typed, never changed."""
    return f"t_{tenant_id.hex}"


def name_key_of(name: str) -> str:
    """Return the form in which tenants' names are compared: trimmed and case-folded."""
    return name.strip().casefold()


class TenantQuerySet(models.QuerySet["Tenant"]):
    """Questions about many tenants."""

    def tenants(self) -> TenantQuerySet:
        """Leave out the row of the public schema, which is the platform's own and shown nowhere."""
        return self.exclude(schema_name=get_public_schema_name())

    def live(self) -> TenantQuerySet:
        """Leave out deleted tenants and the public row."""
        return self.tenants().filter(deleted_at__isnull=True)


class Tenant(Row, TenantMixin):  # type: ignore[misc]
    """The unit of isolation: one PostgreSQL schema, one directory, one audit chain.

    States: waitlisted → provisioning → active ↔ inactive; active or inactive → archived → active; any → deleted →
    active (restored within 30 days). Rejected: the schema named after the slug (people rename, schemas must not).
    """

    display_prefix = "ten"
    tiers = Tiers(
        plain=(
            "schema_name", "slug", "name", "name_key", "parent", "depth", "type", "description", "ordering", "images",
            "params", "status", "deleted_at", "deleted_by", "purged_at",
        ),
        personal=("head",),
    )  # fmt: skip
    auto_create_schema = False
    auto_drop_schema = False
    is_selected = True

    schema_name = models.CharField(max_length=63, unique=True, editable=False)
    slug = models.CharField(
        max_length=63,
        unique=True,
        validators=[validate_slug],
        help_text="In addresses: /t/<slug>/. Never changes.",
        error_messages={"unique": "This slug is taken."},
    )
    name = models.CharField(max_length=255)
    name_key = models.CharField(max_length=255, unique=True, null=True, editable=False)  # noqa: DJ001 -- null once free
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    depth = models.PositiveSmallIntegerField(default=1, editable=False)
    type = models.CharField(max_length=64, blank=True)
    description = models.TextField(blank=True, max_length=4000)
    head = models.CharField("program head", max_length=255, blank=True)
    ordering = models.PositiveIntegerField(default=0)
    images = models.JSONField(default=list, blank=True, validators=[validate_images])
    params = models.JSONField(default=dict, blank=True, validators=[validate_params])
    status = models.CharField(max_length=16, choices=TenantStatus, default=TenantStatus.PROVISIONING)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)
    deleted_by = models.UUIDField(null=True, blank=True, editable=False)
    purged_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[models.Manager[Tenant]] = TenantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="tenant_deleted_at_set",
                condition=Q(status=TenantStatus.DELETED, deleted_at__isnull=False)
                | (~Q(status=TenantStatus.DELETED) & Q(deleted_at__isnull=True)),
                violation_error_message="A deleted tenant has a time of deletion, and no other tenant has.",
                violation_error_code="deleted_at_mismatch",
            ),
            models.CheckConstraint(
                name="tenant_depth",
                condition=Q(depth__gte=1, depth__lte=MAX_DEPTH),
                violation_error_message=f"Tenants nest at most {MAX_DEPTH} levels deep.",
                violation_error_code="depth_exceeded",
            ),
            models.CheckConstraint(
                name="tenant_not_own_parent",
                condition=Q(parent__isnull=True) | ~Q(parent=models.F("id")),
                violation_error_message="A tenant is not its own parent.",
                violation_error_code="tenant_cycle",
            ),
            models.CheckConstraint(
                name="tenant_ordering",
                condition=Q(ordering__lte=999_999),
                violation_error_message="Ordering is a number from 0 to 999999.",
                violation_error_code="ordering_out_of_range",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def __enter__(self) -> Self:
        """Select the tenant's schema for the block; the earlier selection returns after it.

        django-tenants keeps the earlier tenants of all threads in one list; ours stays with the row and the block.
        """
        stack = ExitStack()
        stack.enter_context(schema_selected(self))
        self._selections.append(stack)
        return self

    def __exit__(self, *exc: object) -> None:
        self._selections.pop().close()

    @property
    def _selections(self) -> list[ExitStack]:
        selections: list[ExitStack] = self.__dict__.setdefault("_open_selections", [])
        return selections

    @property
    def is_public(self) -> bool:
        """Tell whether this is the platform's own row."""
        return bool(self.schema_name == get_public_schema_name())

    def clean(self) -> None:
        """Check what needs another row.

        Raises:
            ValidationError: ``parent_unavailable`` when the parent is deleted, ``tenant_cycle``, ``depth_exceeded``.
        """
        super().clean()
        self._clean_emptied("params", {}, validate_params)
        self._clean_emptied("images", [], validate_images)
        if self.parent is None:
            return
        if self.parent.deleted_at is not None:
            raise ValidationError(
                {"parent": ValidationError("The parent was deleted.", code="parent_unavailable")}
            )
        ancestor: Tenant | None = self.parent
        steps = 1
        while ancestor is not None:
            if ancestor.pk == self.pk:
                raise ValidationError(
                    {"parent": ValidationError("A tenant is below itself.", code="tenant_cycle")}
                )
            ancestor = ancestor.parent
            steps += 1
            if steps > MAX_DEPTH + 1:
                raise ValidationError(
                    {
                        "parent": ValidationError(
                            f"Tenants nest at most {MAX_DEPTH} levels deep.", code="depth_exceeded"
                        )
                    }
                )

    def _clean_emptied(self, column: str, empty: Any, validate: Callable[[Any], None]) -> None:
        """Check what Django's validators never see: an empty value of another kind than the column's."""
        value = getattr(self, column)
        if not value and value != empty:
            try:
                validate(value)
            except ValidationError as error:
                raise ValidationError({column: error}) from None

    def unique_error_message(self, model_class: Any, unique_check: Any) -> ValidationError:
        """Return what is said of a slug or name that another tenant has."""
        taken = {
            ("slug",): ("The slug “%(value)s” is taken: choose another.", "slug_taken", self.slug),
            ("name_key",): (
                "Another tenant is called “%(value)s”: choose another name.",
                "name_taken",
                self.name or self.name_key,
            ),
        }
        if tuple(unique_check) not in taken:
            return super().unique_error_message(model_class, unique_check)
        message, code, value = taken[tuple(unique_check)]
        return ValidationError(message, code=code, params={"value": value})

    def clean_fields(self, exclude: Any = None) -> None:
        """Check the columns; the slugs that are reserved for the platform are so for everybody else."""
        super().clean_fields(exclude={*(exclude or ()), "slug"} if self.is_public else exclude)

    def name_it(self, name: str) -> None:
        """Give the tenant a name, and the key by which no other live tenant has it."""
        self.name = name.strip()
        self.name_key = None if self.deleted_at else name_key_of(name)

    @classmethod
    def draft(cls, **values: Any) -> Tenant:
        """Return an unsaved tenant with its id, and the schema name that follows from it."""
        tenant_id = values.pop("id", None) or uuid4()
        parent = values.get("parent")
        return cls(
            id=tenant_id,
            schema_name=schema_name_of(tenant_id),
            name_key=name_key_of(values["name"]),
            depth=parent.depth + 1 if parent else 1,
            **values,
        )


class Domain(Row):
    """A host name that selects a tenant.

    One outside BASE_DOMAIN selects only once it is verified (a TXT record, or an operator's word).
    """

    display_prefix = "dom"
    tiers = Tiers(plain=("tenant", "domain", "is_primary", "verified_at"))

    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="domains")
    domain = models.CharField(
        max_length=255,
        unique=True,
        validators=[validate_host],
        error_messages={"unique": "This host name selects another tenant."},
    )
    is_primary = models.BooleanField(default=False)
    verified_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="domain_one_primary",
                fields=["tenant"],
                condition=Q(is_primary=True),
                violation_error_message="This tenant has a primary host name already.",
                violation_error_code="primary_domain",
            )
        ]

    def __str__(self) -> str:
        return self.domain

    def unique_error_message(self, model_class: Any, unique_check: Any) -> ValidationError:
        """Return what is said of a host name that exists; whose it is, is nobody's business."""
        if tuple(unique_check) != ("domain",):
            return super().unique_error_message(model_class, unique_check)
        message = "The host name “%(value)s” is taken: choose another."
        return ValidationError(message, code="domain_taken", params={"value": self.domain})


class Placement(Row):
    """Where a tenant's schema lives: the alias of a configured database, never its credentials.

    States: none → provisioning → ready; provisioning → failed → provisioning; ready → retired → ready.
    """

    display_prefix = "plc"
    tiers = Tiers(plain=("tenant", "db_alias", "state", "last_error", "ready_at"))

    tenant = models.OneToOneField(Tenant, models.PROTECT, related_name="placement")
    db_alias = models.CharField(max_length=64, default="default")
    state = models.CharField(max_length=16, choices=PlacementState, default=PlacementState.NONE)
    last_error = models.TextField(blank=True, editable=False)
    ready_at = models.DateTimeField(null=True, blank=True, editable=False)

    def __str__(self) -> str:
        return f"{self.tenant} on {self.db_alias}"


class TenancyVersion(models.Model):
    """The one row that every committed change of a tenant, host or placement moves (by trigger, once a transaction).

    What was remembered of them is good as long as the version it was read at still stands. Rejected: a sequence,
    whose next value is seen before the commit that it stands for.
    """

    application_may = READ

    id = models.SmallIntegerField(primary_key=True, default=1)
    version = models.BigIntegerField(default=0)

    class Meta:
        db_table = "tenancy_version"
        constraints = [
            models.CheckConstraint(
                name="tenancy_version_single",
                condition=Q(id=1),
                violation_error_message="There is one version.",
                violation_error_code="duplicate",
            )
        ]

    def __str__(self) -> str:
        return str(self.version)


class TenancyChangeMarker(models.Model):
    """That a running transaction changed a tenant, host or placement; gone when it ends, the version having moved."""

    application_may = READ

    transaction_id = models.BigIntegerField(primary_key=True)

    class Meta:
        db_table = "tenancy_change_marker"

    def __str__(self) -> str:
        return str(self.transaction_id)
