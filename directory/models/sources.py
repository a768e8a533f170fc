"""Where rows come from: sources, their runs, routing tests kept as data, and the directory's version."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from config.foundation.rows import TenantRow
from config.foundation.schemas import READ
from config.foundation.tiers import Tiers
from config.foundation.trigrams import words_index
from directory.enums import FailureMode, RunState, SourceKind
from directory.models.base import DirectoryRow
from directory.validators import check_objects


class Source(DirectoryRow):
    """A connector's configuration: what it reads, how long its rows hold, what happens when it fails."""

    display_prefix = "src"
    tiers = Tiers(
        plain=(
            "name", "kind", "trust_anchors", "ttl_s", "jitter_s", "negative_ttl_s", "max_stale_s", "timeout_ms",
            "retries", "breaker_threshold", "breaker_cool_down_s", "failure_mode", "enabled",
        ),
        confidential=("settings",),
    )  # fmt: skip

    name = models.CharField(
        max_length=64, unique=True, error_messages={"unique": "A source with this name exists."}
    )
    kind = models.CharField(max_length=16, choices=SourceKind)
    settings = models.JSONField(default=dict, blank=True)
    trust_anchors = models.TextField(
        blank=True, max_length=262144, help_text="PEM certificates, one after another."
    )
    ttl_s = models.PositiveIntegerField("time to live (s)", default=86_400)
    jitter_s = models.PositiveIntegerField("jitter (s)", default=0)
    negative_ttl_s = models.PositiveIntegerField("negative time to live (s)", default=60)
    max_stale_s = models.PositiveIntegerField("longest staleness (s)", default=604_800)
    timeout_ms = models.PositiveIntegerField(
        "time-out (ms)", default=3_000, validators=[MaxValueValidator(60_000)]
    )
    retries = models.PositiveSmallIntegerField(default=2, validators=[MaxValueValidator(10)])
    breaker_threshold = models.PositiveSmallIntegerField(default=5, validators=[MinValueValidator(1)])
    breaker_cool_down_s = models.PositiveIntegerField("breaker's cool-down (s)", default=30)
    failure_mode = models.CharField(max_length=16, choices=FailureMode, default=FailureMode.CACHED_ONLY)
    enabled = models.BooleanField(default=True)

    class Meta:
        indexes = [words_index("source_words", "name")]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse settings that are no object.

        Raises:
            ValidationError: ``object_required``.
        """
        super().clean()
        check_objects(self, "settings")


class SourceRun(TenantRow):
    """One run of a source: what it read and wrote, and each row it refused with the reason.

    States: running → succeeded or failed.
    """

    display_prefix = "run"
    tiers = Tiers(
        plain=(
            "source", "started_at", "finished_at", "state", "rows_read", "rows_created", "rows_updated",
            "rows_unchanged", "rows_superseded", "rows_rejected", "errors", "progress_percent",
        )
    )  # fmt: skip

    source = models.ForeignKey(Source, models.PROTECT, related_name="runs")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=16, choices=RunState, default=RunState.RUNNING)
    rows_read = models.PositiveIntegerField(default=0)
    rows_created = models.PositiveIntegerField(default=0)
    rows_updated = models.PositiveIntegerField(default=0)
    rows_unchanged = models.PositiveIntegerField(default=0)
    rows_superseded = models.PositiveIntegerField(default=0)
    rows_rejected = models.PositiveIntegerField(default=0)
    errors = models.JSONField(
        default=list, blank=True, help_text="The first 1,000 refused rows, with row numbers."
    )
    progress_percent = models.PositiveSmallIntegerField(
        "progress (%)", default=0, validators=[MaxValueValidator(100)]
    )

    def __str__(self) -> str:
        return f"{self.source} {self.started_at:%Y-%m-%d %H:%M}"


class Probe(DirectoryRow):
    """A routing test kept as data: a request and what its answer must hold."""

    display_prefix = "prb"
    tiers = Tiers(plain=("name", "request", "expected", "last_result", "last_run_at"))

    name = models.CharField(
        max_length=128, unique=True, error_messages={"unique": "A probe with this name exists."}
    )
    request = models.JSONField()
    expected = models.JSONField(help_text="The part of the answer that must be so.")
    last_result = models.JSONField(null=True, blank=True, editable=False)
    last_run_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        indexes = [words_index("probe_words", "name")]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a request or an expectation that is no object.

        Raises:
            ValidationError: ``object_required``.
        """
        super().clean()
        check_objects(self, "request", "expected")


class DirectoryVersion(models.Model):
    """The one row of each schema that every committed change of its directory moves (by trigger, once a transaction).

    An answer is good as long as the versions it was made from still stand.
    """

    application_may = READ

    id = models.SmallIntegerField(primary_key=True, default=1)
    version = models.BigIntegerField(default=0)

    class Meta:
        db_table = "directory_version"
        constraints = [
            models.CheckConstraint(
                name="directory_version_single",
                condition=models.Q(id=1),
                violation_error_message="There is one version.",
                violation_error_code="duplicate",
            )
        ]

    def __str__(self) -> str:
        return str(self.version)


class ChangeMarker(models.Model):
    """That a running transaction changed this schema's directory; gone when it ends, by when the version has moved."""

    application_may = READ

    transaction_id = models.BigIntegerField(primary_key=True)

    class Meta:
        db_table = "directory_change_marker"

    def __str__(self) -> str:
        return str(self.transaction_id)
