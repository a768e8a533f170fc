"""Pages of the rate buckets: looked at, never written."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import display

from audit.requests.models import RateBucket
from config.foundation.admin import ExportMixin, ReadOnlyAdmin
from config.foundation.rest.limits import MEANINGS

NEAR = 0.8  # of a quota
COLOURS = {"used up": "danger", "near": "warning", "below": "success"}


class NearFilter(DropdownFilter):  # type: ignore[misc]
    """By how much of the quota is used in a window that still runs."""

    title, parameter_name = "limit", "limit"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 -- the signature is Django's
        """Offer those near their limit, and those that have reached it."""
        return [("near", f"{NEAR:.0%} used, or more"), ("used_up", "used up")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002 -- the signature is Django's
        """Keep what has used so much."""
        least = {"near": NEAR, "used_up": 1.0}.get(self.value() or "")
        return queryset if least is None else queryset.filter(share__gte=least)


class PolicyFilter(DropdownFilter):  # type: ignore[misc]
    """By the policy."""

    title, parameter_name = "policy", "policy"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 -- the signature is Django's
        """Offer the policies."""
        return [(name, name) for name in MEANINGS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002 -- the signature is Django's
        """Keep buckets of the policy."""
        return queryset.filter(policy=self.value()) if self.value() else queryset


class RateBucketAdmin(ExportMixin, ReadOnlyAdmin):
    """Who has how much of their quota left now: windows that have ended are not shown; the fullest first."""

    list_display = ("subject", "policy", "shown_share", "used", "quota", "shown_state", "ends_at")
    list_filter = (NearFilter, PolicyFilter)
    search_fields = ("subject",)
    search_help_text = "Key id of a token, id of a person or tenant, or an address"
    fieldsets = (
        ("Bucket", {"fields": (("policy", "subject"), ("starts_at", "ends_at"))}),
        ("Quota", {"fields": ("shown_share", ("used", "quota", "granted"))}),
    )
    readonly_fields = ("shown_share",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:  # noqa: ARG002 -- Django's signature
        """Return what counts now."""
        buckets: QuerySet[Any] = RateBucket.objects.live().with_share()
        return buckets

    def get_ordering(self, request: HttpRequest) -> list[str]:  # noqa: ARG002 -- Django's signature
        """Return the fullest first; an ordering that is declared would have to name a column."""
        return ["-share", "pk"]

    @admin.display(description="leased", ordering="share")
    def shown_share(self, bucket: Any) -> str:
        """Show how much of the quota the processes have leased, spent or not."""
        return f"{bucket.share:.0%}"

    @display(description="state", label=COLOURS)  # type: ignore[untyped-decorator]
    def shown_state(self, bucket: Any) -> str:
        """Show as a coloured word how close the limit is."""
        return "used up" if bucket.share >= 1 else "near" if bucket.share >= NEAR else "below"
