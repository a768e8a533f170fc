"""Under whose rules: policies, the provenance graph, and versioned routing artifacts with their prefix rules."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from config.foundation.constraints import NOT_FOUND
from config.foundation.errors import Refused
from config.foundation.rows import TenantRow, public_schema
from config.foundation.tiers import Tiers
from config.foundation.trigrams import words_index
from directory.enums import (
    ArtifactKind,
    ArtifactStatus,
    EdgeEnd,
    EdgeRelation,
    NodeType,
    PolicyEffect,
    PrefixMode,
)
from directory.errors import ARTIFACT_NOT_DRAFT, NOT_A_DRAFT
from directory.models.base import DirectoryRow
from directory.models.participants import INTERNAL_SOURCE, Capability, Endpoint, Identifier, Participant
from directory.validators import (
    check_artifact,
    check_prefix_rule,
    validate_digits,
    validate_policy_rule,
    validate_result,
)

NODE_MODELS: dict[NodeType, type[TenantRow]] = {
    NodeType.PARTICIPANT: Participant,
    NodeType.IDENTIFIER: Identifier,
    NodeType.ENDPOINT: Endpoint,
    NodeType.CAPABILITY: Capability,
}
NO_SUCH_END = "There is no such row in this directory."
RELATION_ENDS: dict[EdgeRelation, frozenset[tuple[str, str]]] = {
    EdgeRelation.SAME_AS: frozenset({("participant", "participant"), ("identifier", "identifier")}),
    EdgeRelation.RESOLVES_TO: frozenset({("identifier", "participant")}),
    EdgeRelation.HAS_ENDPOINT: frozenset({("participant", "endpoint")}),
    EdgeRelation.HAS_CAPABILITY: frozenset({("participant", "capability")}),
    EdgeRelation.TRANSLATES_TO: frozenset({("identifier", "identifier"), ("identifier", "endpoint")}),
}


class Policy(DirectoryRow):
    """A rule that lets candidates of a resolution stay or removes them; the first that matches decides."""

    display_prefix = "pol"
    tiers = Tiers(plain=("name", "rule_json", "effect", "priority", "enabled", "reason"))

    name = models.CharField(
        max_length=128, unique=True, error_messages={"unique": "A policy with this name exists."}
    )
    rule_json = models.JSONField("rule", validators=[validate_policy_rule])
    effect = models.CharField(max_length=8, choices=PolicyEffect)
    priority = models.IntegerField(
        default=0, help_text="The higher is asked first; at equal priority deny is."
    )
    enabled = models.BooleanField(default=True)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name_plural = "policies"
        indexes = [words_index("policy_words", "name", "reason")]

    def __str__(self) -> str:
        return self.name


class Edge(DirectoryRow):
    """A link of the provenance graph that no foreign key says: equivalence, translation, other sources' word.

    Each end is in the directory that holds the edge, or in the global one; ends are plain uuids, so that no relation
    crosses schemas. A later import of the same source supersedes an edge, it never deletes it.
    """

    display_prefix = "edg"
    tiers = Tiers(
        plain=(
            "from_type", "from_id", "from_end", "to_type", "to_id", "to_end", "relation", "confidence", "source",
            "valid_from", "valid_to", "superseded_at",
        )
    )  # fmt: skip

    from_type = models.CharField(max_length=16, choices=NodeType)
    from_id = models.UUIDField()
    from_end = models.CharField("from directory", max_length=8, choices=EdgeEnd, default=EdgeEnd.OWN)
    to_type = models.CharField(max_length=16, choices=NodeType)
    to_id = models.UUIDField()
    to_end = models.CharField("to directory", max_length=8, choices=EdgeEnd, default=EdgeEnd.OWN)
    relation = models.CharField(max_length=16, choices=EdgeRelation)
    confidence = models.FloatField(
        default=1.0, validators=[MinValueValidator(0.0), MaxValueValidator(1.0)], help_text="From 0 to 1."
    )
    source = models.CharField(max_length=64, default=INTERNAL_SOURCE)
    valid_from = models.DateTimeField(null=True, blank=True)
    valid_to = models.DateTimeField(null=True, blank=True)
    superseded_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="edge_confidence",
                condition=Q(confidence__gte=0, confidence__lte=1),
                violation_error_message="Confidence is a number from 0 to 1.",
                violation_error_code="confidence_out_of_range",
            ),
            models.CheckConstraint(
                name="edge_window",
                condition=Q(valid_from__isnull=True)
                | Q(valid_to__isnull=True)
                | Q(valid_to__gt=F("valid_from")),
                violation_error_message="The end of validity lies after its beginning.",
                violation_error_code="validity_reversed",
            ),
            models.CheckConstraint(
                name="edge_no_loop",
                condition=~Q(from_type=F("to_type"), from_id=F("to_id"), from_end=F("to_end")),
                violation_error_message="An edge joins two different rows.",
                violation_error_code="edge_to_itself",
            ),
            models.UniqueConstraint(
                name="edge_once",
                fields=[
                    "from_end",
                    "from_type",
                    "from_id",
                    "to_end",
                    "to_type",
                    "to_id",
                    "relation",
                    "source",
                ],
                condition=Q(superseded_at__isnull=True),
                violation_error_message="This source says so already.",
                violation_error_code="duplicate",
            ),
        ]
        indexes = [
            models.Index(fields=["from_id", "relation"], name="edge_from"),
            models.Index(fields=["to_id", "relation"], name="edge_to"),
        ]

    def __str__(self) -> str:
        return f"{self.from_type} {self.get_relation_display()} {self.to_type}"

    def clean(self) -> None:
        """Refuse an edge with an end that does not exist, or one of its relation's wrong kind.

        Raises:
            ValidationError: ``edge_end_kind`` or ``not_found``, with the field.
        """
        super().clean()
        if self.relation not in EdgeRelation or {self.from_type, self.to_type} - set(NodeType):
            return  # the fields themselves have said so
        allowed = RELATION_ENDS[EdgeRelation(self.relation)]
        if (self.from_type, self.to_type) not in allowed:
            kinds = " or ".join(f"{left} to {right}" for left, right in sorted(allowed))
            message = f"“{self.get_relation_display()}” joins {kinds}."
            raise ValidationError({"relation": ValidationError(message, code="edge_end_kind")})
        missing = {
            side: ValidationError(NO_SUCH_END, code=NOT_FOUND)
            for side in ("from", "to")
            if not self._end_exists(side)
        }
        if missing:
            raise ValidationError({f"{side}_id": error for side, error in missing.items()})

    def _end_exists(self, side: str) -> bool:
        model = NODE_MODELS[NodeType(getattr(self, f"{side}_type"))]
        row_id = getattr(self, f"{side}_id")
        if getattr(self, f"{side}_end") == EdgeEnd.GLOBAL:
            with public_schema():
                return bool(model.objects.filter(pk=row_id).exists())
        return bool(model.objects.filter(pk=row_id).exists())


class RoutingArtifact(DirectoryRow):
    """A version of a table or set of directives that is put in force, and taken back, as a whole.

    States: draft → active → retired → active. One version of each kind and name is active; activating another retires
    it in the same transaction. An active or retired version is not edited: a change is a new version.
    """

    display_prefix = "art"
    tiers = Tiers(
        plain=(
            "kind", "name", "version", "status", "effective_from", "effective_to", "payload", "source", "signature",
        )
    )  # fmt: skip

    kind = models.CharField(max_length=24, choices=ArtifactKind)
    name = models.CharField(max_length=128)
    version = models.PositiveIntegerField(default=1, validators=[MinValueValidator(1)])
    status = models.CharField(max_length=8, choices=ArtifactStatus, default=ArtifactStatus.DRAFT)
    effective_from = models.DateTimeField(null=True, blank=True)
    effective_to = models.DateTimeField(null=True, blank=True)
    payload = models.JSONField(default=dict, blank=True)
    source = models.CharField(max_length=64, default=INTERNAL_SOURCE)
    signature = models.TextField(blank=True, max_length=16384)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="artifact_version_once",
                fields=["kind", "name", "version"],
                violation_error_message="This version exists.",
                violation_error_code="duplicate",
            ),
            models.UniqueConstraint(
                name="artifact_one_active",
                fields=["kind", "name"],
                condition=Q(status=ArtifactStatus.ACTIVE),
                violation_error_message="Another version of this artifact is active.",
                violation_error_code="artifact_active",
            ),
            models.CheckConstraint(
                name="artifact_window",
                condition=Q(effective_from__isnull=True)
                | Q(effective_to__isnull=True)
                | Q(effective_to__gt=F("effective_from")),
                violation_error_message="The end of effect lies after its beginning.",
                violation_error_code="validity_reversed",
            ),
        ]
        indexes = [words_index("artifact_words", "name")]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"

    def clean(self) -> None:
        """Check the payload against the JSON Schema of its kind.

        Raises:
            ValidationError: ``payload_invalid``.
        """
        super().clean()
        check_artifact(self)

    def refuse_unless_draft(self) -> None:
        """Let pass only a version that was never in force: others are changed by a new version.

        Raises:
            Refused: ``artifact_not_draft``.
        """
        if self.status != ArtifactStatus.DRAFT:
            raise Refused(ARTIFACT_NOT_DRAFT, NOT_A_DRAFT)


class PrefixRule(DirectoryRow):
    """A rule of a prefix table: what begins so, and has these selectors, goes there; a null selector matches any."""

    display_prefix = "prx"
    tiers = Tiers(
        plain=(
            "artifact", "prefix", "range_text", "gti", "tt", "np", "nai", "ssn", "network_indicator", "brand", "region",
            "calling_prefix", "origin", "mode", "weight", "priority", "target_protocol", "target_address",
            "transport_profile", "participant", "result", "valid_from", "valid_to",
        )
    )  # fmt: skip

    artifact = models.ForeignKey(RoutingArtifact, models.CASCADE, related_name="prefix_rules")
    prefix = models.CharField(max_length=15, validators=[validate_digits])
    range_text = models.CharField(
        "range", max_length=64, blank=True, help_text="The range this prefix was split from."
    )
    gti = models.PositiveSmallIntegerField("GTI", null=True, blank=True, validators=[MaxValueValidator(15)])
    tt = models.PositiveSmallIntegerField(
        "translation type", null=True, blank=True, validators=[MaxValueValidator(255)]
    )
    np = models.PositiveSmallIntegerField(
        "numbering plan", null=True, blank=True, validators=[MaxValueValidator(15)]
    )
    nai = models.PositiveSmallIntegerField(
        "nature of address", null=True, blank=True, validators=[MaxValueValidator(127)]
    )
    ssn = models.PositiveSmallIntegerField("SSN", null=True, blank=True, validators=[MaxValueValidator(255)])
    network_indicator = models.CharField(max_length=16, null=True, blank=True)  # noqa: DJ001 -- null matches any
    brand = models.CharField(max_length=32, null=True, blank=True)  # noqa: DJ001 -- null matches any
    region = models.CharField(max_length=32, null=True, blank=True)  # noqa: DJ001 -- null matches any
    calling_prefix = models.CharField(max_length=15, null=True, blank=True, validators=[validate_digits])  # noqa: DJ001 -- null matches any
    origin = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001 -- null matches any
    mode = models.CharField(max_length=16, choices=PrefixMode, default=PrefixMode.SOLITARY)
    weight = models.PositiveIntegerField(default=1, validators=[MinValueValidator(1)])
    priority = models.IntegerField(default=0, help_text="The higher is preferred.")
    target_protocol = models.CharField(max_length=32, blank=True)
    target_address = models.CharField(max_length=1024, blank=True)
    transport_profile = models.CharField(max_length=128, blank=True)
    participant = models.ForeignKey(
        Participant, models.PROTECT, null=True, blank=True, related_name="prefix_rules"
    )
    result = models.JSONField(default=dict, blank=True, validators=[validate_result])
    valid_from = models.DateTimeField(null=True, blank=True)
    valid_to = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="prefix_rule_once",
                fields=[
                    "artifact", "prefix", "gti", "tt", "np", "nai", "ssn", "network_indicator", "brand", "region",
                    "calling_prefix", "origin", "target_protocol", "target_address", "participant",
                ],
                nulls_distinct=False,
                violation_error_message="The table has this rule already.",
                violation_error_code="duplicate",
            ),
            models.CheckConstraint(
                name="prefix_rule_target_whole",
                condition=Q(target_protocol="", target_address="") | (~Q(target_protocol="") & ~Q(target_address="")),
                violation_error_message="A target has a protocol and an address, or there is no target.",
                violation_error_code="target_incomplete",
            ),
            models.CheckConstraint(
                name="prefix_rule_window",
                condition=Q(valid_from__isnull=True) | Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")),
                violation_error_message="The end of validity lies after its beginning.",
                violation_error_code="validity_reversed",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["artifact", "prefix"], name="prefix_rule_lookup"),
            words_index("prefix_rule_words", "prefix", "range_text", "target_address"),
        ]

    def __str__(self) -> str:
        return f"{self.prefix} → {self.target_address or self.participant or 'nowhere'}"

    def clean(self) -> None:
        """Check that the version is a draft, and prefix and target by the table's kind and the registered rails.

        Raises:
            ValidationError: with the field, ``artifact_not_draft`` and ``possible_card_number`` among them (the value
                is not echoed).
        """
        super().clean()
        if getattr(self, "artifact_id", None) is None:
            return  # the field itself has said so
        if self.artifact.status != ArtifactStatus.DRAFT:
            raise ValidationError({"artifact": ValidationError(NOT_A_DRAFT, code=ARTIFACT_NOT_DRAFT)})
        check_prefix_rule(self)
