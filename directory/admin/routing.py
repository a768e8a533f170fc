"""Pages of policies, the provenance graph, and versioned routing artifacts with their rules."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.html import format_html
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.decorators import action, display

from directory.admin.base import LINK, DirectoryAdmin, DirectoryInline, actor_of
from directory.admin.filters import SourceFilter
from directory.admin.words import rule_in_words
from directory.enums import ArtifactStatus, PolicyEffect
from directory.forms import ActivationForm, PrefixRuleForm
from directory.models import Policy, PrefixRule, RoutingArtifact
from directory.operations import activate_artifact
from directory.resolution.policies import validate_rule

INLINE_RULES_MAX = 100
ARTIFACT_COLOURS = {
    ArtifactStatus.DRAFT: "info",
    ArtifactStatus.ACTIVE: "success",
    ArtifactStatus.RETIRED: "warning",
}
SELECTORS = (
    ("calling_prefix", "origin"), ("gti", "tt"), ("np", "nai"), ("ssn", "network_indicator"), ("brand", "region"),
)  # fmt: skip


class PolicyAdmin(DirectoryAdmin):
    """Rules that let candidates stay or remove them."""

    list_display = ("name", "shown_effect", "priority", "enabled", "rule_words", "reason")
    list_filter = (("effect", ChoicesDropdownFilter), "enabled")
    search_fields = ("name", "reason")
    ordering = ("-priority", "-effect", "pk")
    readonly_fields = ("rule_words",)
    fieldsets = (
        ("Policy", {"fields": (("name", "effect"), ("priority", "enabled"), "reason")}),
        (
            "Rule",
            {
                "fields": ("rule_words", "rule_json"),
                "description": 'Like {"when": {"attr": "participant.country", "op": "in", "value": ["SE", "NO"]}}; '
                "conditions join by “all”, “any” and “not”.",
            },
        ),
    )

    @display(  # type: ignore[untyped-decorator]
        description="effect",
        ordering="effect",
        label={PolicyEffect.ALLOW: "success", PolicyEffect.DENY: "danger"},
    )
    def shown_effect(self, row: Policy) -> tuple[str, str]:
        """Show the effect as a coloured word."""
        return row.effect, row.get_effect_display()

    @admin.display(description="in words")
    def rule_words(self, row: Policy) -> str:
        """Say the rule as a sentence."""
        if validate_rule(row.rule_json):
            return "-"
        return f"{row.get_effect_display()} when {rule_in_words(row.rule_json['when'])}"


class PrefixRuleInline(DirectoryInline):
    """Rules of a small table."""

    model = PrefixRule
    form = PrefixRuleForm
    fk_name = "artifact"
    fields = ("prefix", "mode", "weight", "priority", "target_protocol", "target_address", "participant")
    autocomplete_fields = ("participant",)
    ordering = ("prefix", "-priority", "pk")


class RoutingArtifactAdmin(DirectoryAdmin):
    """Versions of routing tables and directives; what is, or was, in force is not edited."""

    list_display = ("name", "kind", "version", "shown_status", "effective_from", "effective_to", "source")
    list_filter = (("kind", ChoicesDropdownFilter), ("status", ChoicesDropdownFilter), SourceFilter)
    search_fields = ("name",)
    ordering = ("kind", "name", "-version", "pk")
    inlines = (PrefixRuleInline,)
    readonly_fields = ("status", "rule_list")
    actions = ("activate", "export_csv")
    actions_detail = ("activate_one",)
    fieldsets = (
        (
            "Artifact",
            {"fields": (("kind", "name"), ("version", "status"), ("effective_from", "effective_to"))},
        ),
        ("Content", {"fields": ("payload", "rule_list")}),
        ("Provenance", {"fields": ("source", "signature")}),
    )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let only drafts be edited."""
        return _is_draft(obj) and bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let only drafts be deleted."""
        return _is_draft(obj) and bool(super().has_delete_permission(request, obj))

    def has_activate_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 -- the signature is unfold's
        """Tell whether versions may be put in force."""
        return bool(super().has_change_permission(request))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Leave the rules out until there is a version that they belong to."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj:
            return fieldsets
        return [
            (title, parts | {"fields": _without(parts["fields"], "rule_list")}) for title, parts in fieldsets
        ]

    def get_inline_instances(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Show the rules on the page while they are few."""
        few = obj is not None and _rules_counted(obj) < INLINE_RULES_MAX
        return super().get_inline_instances(request, obj) if few else []

    @admin.action(description="Put in force", permissions=["activate"])
    def activate(self, request: HttpRequest, queryset: QuerySet[RoutingArtifact]) -> None:
        """Activate each version chosen, one operation each."""
        for artifact in queryset.order_by("version", "pk"):
            activate_artifact(actor=actor_of(request), artifact=artifact)
            messages.success(request, f"{artifact} is in force.")

    @action(  # type: ignore[untyped-decorator]
        description="Put in force",
        url_path="activate",
        permissions=["activate"],
        icon="published_with_changes",
        dialog={
            "title": "Put this version in force?",
            "description": "The version that is in force now is retired; activating it again undoes this.",
            "form_class": ActivationForm,
            "form_submit_text": "Put in force",
        },
    )
    def activate_one(self, request: HttpRequest, form: ActivationForm, object_id: str) -> HttpResponse:
        """Activate the version of the page."""
        artifact = get_object_or_404(RoutingArtifact, pk=object_id)
        activate_artifact(actor=actor_of(request), artifact=artifact, reason=form.cleaned_data["reason"])
        messages.success(request, f"{artifact} is in force.")
        there = reverse("admin:directory_routingartifact_change", args=[object_id])
        return HttpResponse(headers={"HX-Redirect": there})

    @display(description="status", ordering="status", label=ARTIFACT_COLOURS)  # type: ignore[untyped-decorator]
    def shown_status(self, row: RoutingArtifact) -> tuple[str, str]:
        """Show the status as a coloured word."""
        return row.status, row.get_status_display()

    @admin.display(description="prefix rules")
    def rule_list(self, row: RoutingArtifact) -> str:
        """Link the list of the version's rules."""
        counted = _rules_counted(row)
        words = f"{counted} rules" if counted < INLINE_RULES_MAX else f"{INLINE_RULES_MAX} rules or more"
        url = reverse("admin:directory_prefixrule_changelist", query={"artifact__id__exact": str(row.pk)})
        return format_html(LINK, url, words)


class PrefixRuleAdmin(DirectoryAdmin):
    """Rules of prefix tables."""

    form = PrefixRuleForm
    list_display = (
        "prefix", "range_text", "artifact_link", "mode", "weight", "priority", "target_protocol", "target_address",
        "participant",
    )  # fmt: skip
    list_filter = (
        ("mode", ChoicesDropdownFilter), ("artifact__kind", ChoicesDropdownFilter), ("valid_to", RangeDateTimeFilter),
    )  # fmt: skip
    list_select_related = ("artifact", "participant")
    search_fields = ("prefix__startswith",)
    search_help_text = "Beginning of a prefix"
    autocomplete_fields = ("artifact", "participant")
    ordering = ("prefix", "-priority", "pk")
    fieldsets = (
        ("What begins so", {"fields": ("artifact", ("prefix", "range_text"))}),
        (
            "Goes there",
            {
                "fields": (
                    ("target_protocol", "target_address"),
                    ("transport_profile", "participant"),
                    "result",
                )
            },
        ),
        ("Among several", {"fields": (("mode", "weight", "priority"), ("valid_from", "valid_to"))}),
        (
            "Selectors",
            {"fields": SELECTORS, "description": "An empty selector matches any."},
        ),
    )

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Let the list be narrowed to one artifact."""
        return lookup == "artifact__id__exact" or bool(super().lookup_allowed(lookup, value, request))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let only rules of a draft be edited."""
        return _is_draft(obj) and bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let only rules of a draft be deleted."""
        return _is_draft(obj) and bool(super().has_delete_permission(request, obj))

    @admin.display(description="table", ordering="artifact__name")
    def artifact_link(self, row: PrefixRule) -> str:
        """Link the version that holds the rule."""
        url = reverse("admin:directory_routingartifact_change", args=[row.artifact_id])
        return format_html(LINK, url, row.artifact)


def _is_draft(row: Any) -> bool:
    """Tell whether an artifact, or the one that a rule belongs to, may be edited; so is a row that is not there yet."""
    artifact = row.artifact if isinstance(row, PrefixRule) else row
    return artifact is None or artifact.status == ArtifactStatus.DRAFT


def _rules_counted(artifact: RoutingArtifact) -> int:
    """Return how many rules a version has, counting no further than the page shows."""
    return len(artifact.prefix_rules.order_by("pk").values_list("pk", flat=True)[:INLINE_RULES_MAX])


def _without(fields: Any, name: str) -> tuple[Any, ...]:
    return tuple(field for field in fields if field != name)
