import uuid
from pathlib import Path

import django.contrib.postgres.fields
import django.contrib.postgres.functions
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import directory.validators
from config.foundation.triggers import DomainTriggers, InstallTriggers, Trigger

SQL = Path(__file__).parent / "sql" / "0001"
VERSIONED = (
    "capability",
    "credential",
    "edge",
    "endpoint",
    "identifier",
    "participant",
    "policy",
    "prefixrule",
    "routingartifact",
    "source",
)


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("audit", "0001_chain"),
    ]

    operations = [
        migrations.CreateModel(
            name="ChangeMarker",
            fields=[
                ("transaction_id", models.BigIntegerField(primary_key=True, serialize=False)),
            ],
            options={
                "db_table": "directory_change_marker",
            },
        ),
        migrations.CreateModel(
            name="Policy",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("created_by", models.UUIDField(blank=True, editable=False, null=True)),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("updated_by", models.UUIDField(blank=True, editable=False, null=True)),
                ("row_version", models.BigIntegerField(db_default=1, editable=False)),
                (
                    "name",
                    models.CharField(
                        error_messages={"unique": "A policy with this name exists."},
                        max_length=128,
                        unique=True,
                    ),
                ),
                (
                    "rule_json",
                    models.JSONField(
                        validators=[directory.validators.validate_policy_rule], verbose_name="rule"
                    ),
                ),
                ("effect", models.CharField(choices=[("allow", "Allow"), ("deny", "Deny")], max_length=8)),
                (
                    "priority",
                    models.IntegerField(
                        default=0, help_text="The higher is asked first; at equal priority deny is."
                    ),
                ),
                ("enabled", models.BooleanField(default=True)),
                ("reason", models.CharField(blank=True, max_length=500)),
            ],
            options={
                "verbose_name_plural": "policies",
            },
        ),
        migrations.CreateModel(
            name="Probe",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("created_by", models.UUIDField(blank=True, editable=False, null=True)),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("updated_by", models.UUIDField(blank=True, editable=False, null=True)),
                ("row_version", models.BigIntegerField(db_default=1, editable=False)),
                (
                    "name",
                    models.CharField(
                        error_messages={"unique": "A probe with this name exists."},
                        max_length=128,
                        unique=True,
                    ),
                ),
                ("request", models.JSONField()),
                ("expected", models.JSONField(help_text="The part of the answer that must be so.")),
                ("last_result", models.JSONField(blank=True, editable=False, null=True)),
                ("last_run_at", models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Source",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("created_by", models.UUIDField(blank=True, editable=False, null=True)),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("updated_by", models.UUIDField(blank=True, editable=False, null=True)),
                ("row_version", models.BigIntegerField(db_default=1, editable=False)),
                (
                    "name",
                    models.CharField(
                        error_messages={"unique": "A source with this name exists."},
                        max_length=64,
                        unique=True,
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("manual", "By hand"),
                            ("file", "File"),
                            ("bic", "Bank registries"),
                            ("numbering", "Numbering plans"),
                            ("gtt", "Global title tables"),
                            ("bin", "BIN tables"),
                            ("smp", "SMP"),
                            ("ktt", "KTT"),
                            ("dtc", "DTC"),
                        ],
                        max_length=16,
                    ),
                ),
                ("settings", models.JSONField(blank=True, default=dict)),
                (
                    "trust_anchors",
                    models.TextField(
                        blank=True, help_text="PEM certificates, one after another.", max_length=262144
                    ),
                ),
                ("ttl_s", models.PositiveIntegerField(default=86400, verbose_name="time to live (s)")),
                ("jitter_s", models.PositiveIntegerField(default=0, verbose_name="jitter (s)")),
                (
                    "negative_ttl_s",
                    models.PositiveIntegerField(default=60, verbose_name="negative time to live (s)"),
                ),
                (
                    "max_stale_s",
                    models.PositiveIntegerField(default=604800, verbose_name="longest staleness (s)"),
                ),
                (
                    "timeout_ms",
                    models.PositiveIntegerField(
                        default=3000,
                        validators=[django.core.validators.MaxValueValidator(60000)],
                        verbose_name="time-out (ms)",
                    ),
                ),
                (
                    "retries",
                    models.PositiveSmallIntegerField(
                        default=2, validators=[django.core.validators.MaxValueValidator(10)]
                    ),
                ),
                (
                    "breaker_threshold",
                    models.PositiveSmallIntegerField(
                        default=5, validators=[django.core.validators.MinValueValidator(1)]
                    ),
                ),
                (
                    "breaker_cool_down_s",
                    models.PositiveIntegerField(default=30, verbose_name="breaker's cool-down (s)"),
                ),
                (
                    "failure_mode",
                    models.CharField(
                        choices=[
                            ("cached_only", "Cached rows only"),
                            ("fail_closed", "Fail closed"),
                            ("fail_open", "Fail open"),
                        ],
                        default="cached_only",
                        max_length=16,
                    ),
                ),
                ("enabled", models.BooleanField(default=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="DirectoryVersion",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("version", models.BigIntegerField(default=0)),
            ],
            options={
                "db_table": "directory_version",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("id", 1)),
                        name="directory_version_single",
                        violation_error_code="duplicate",
                        violation_error_message="There is one version.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Edge",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("created_by", models.UUIDField(blank=True, editable=False, null=True)),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("updated_by", models.UUIDField(blank=True, editable=False, null=True)),
                ("row_version", models.BigIntegerField(db_default=1, editable=False)),
                (
                    "from_type",
                    models.CharField(
                        choices=[
                            ("participant", "Participant"),
                            ("identifier", "Identifier"),
                            ("endpoint", "Endpoint"),
                            ("capability", "Capability"),
                        ],
                        max_length=16,
                    ),
                ),
                ("from_id", models.UUIDField()),
                (
                    "from_end",
                    models.CharField(
                        choices=[("own", "Own directory"), ("global", "Global directory")],
                        default="own",
                        max_length=8,
                        verbose_name="from directory",
                    ),
                ),
                (
                    "to_type",
                    models.CharField(
                        choices=[
                            ("participant", "Participant"),
                            ("identifier", "Identifier"),
                            ("endpoint", "Endpoint"),
                            ("capability", "Capability"),
                        ],
                        max_length=16,
                    ),
                ),
                ("to_id", models.UUIDField()),
                (
                    "to_end",
                    models.CharField(
                        choices=[("own", "Own directory"), ("global", "Global directory")],
                        default="own",
                        max_length=8,
                        verbose_name="to directory",
                    ),
                ),
                (
                    "relation",
                    models.CharField(
                        choices=[
                            ("same_as", "same as"),
                            ("resolves_to", "resolves to"),
                            ("has_endpoint", "has endpoint"),
                            ("has_capability", "has capability"),
                            ("translates_to", "translates to"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "confidence",
                    models.FloatField(
                        default=1.0,
                        help_text="From 0 to 1.",
                        validators=[
                            django.core.validators.MinValueValidator(0.0),
                            django.core.validators.MaxValueValidator(1.0),
                        ],
                    ),
                ),
                ("source", models.CharField(default="internal", max_length=64)),
                ("valid_from", models.DateTimeField(blank=True, null=True)),
                ("valid_to", models.DateTimeField(blank=True, null=True)),
                ("superseded_at", models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["from_id", "relation"], name="edge_from"),
                    models.Index(fields=["to_id", "relation"], name="edge_to"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("confidence__gte", 0), ("confidence__lte", 1)),
                        name="edge_confidence",
                        violation_error_code="confidence_out_of_range",
                        violation_error_message="Confidence is a number from 0 to 1.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_from__isnull", True),
                            ("valid_to__isnull", True),
                            ("valid_to__gt", models.F("valid_from")),
                            _connector="OR",
                        ),
                        name="edge_window",
                        violation_error_code="validity_reversed",
                        violation_error_message="The end of validity lies after its beginning.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("from_end", models.F("to_end")),
                            ("from_id", models.F("to_id")),
                            ("from_type", models.F("to_type")),
                            _negated=True,
                        ),
                        name="edge_no_loop",
                        violation_error_code="edge_to_itself",
                        violation_error_message="An edge joins two different rows.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("superseded_at__isnull", True)),
                        fields=(
                            "from_end",
                            "from_type",
                            "from_id",
                            "to_end",
                            "to_type",
                            "to_id",
                            "relation",
                            "source",
                        ),
                        name="edge_once",
                        violation_error_code="duplicate",
                        violation_error_message="This source says so already.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Participant",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("created_by", models.UUIDField(blank=True, editable=False, null=True)),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("updated_by", models.UUIDField(blank=True, editable=False, null=True)),
                ("row_version", models.BigIntegerField(db_default=1, editable=False)),
                ("source", models.CharField(default="internal", max_length=64)),
                ("external_id", models.CharField(blank=True, max_length=255)),
                ("verified_at", models.DateTimeField(blank=True, null=True)),
                (
                    "confidence",
                    models.FloatField(
                        default=1.0,
                        help_text="From 0 to 1.",
                        validators=[
                            django.core.validators.MinValueValidator(0.0),
                            django.core.validators.MaxValueValidator(1.0),
                        ],
                    ),
                ),
                ("superseded_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("name", models.CharField(max_length=255)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("organization", "Organization"),
                            ("node", "Node"),
                            ("service", "Service"),
                            ("range", "Range"),
                        ],
                        default="organization",
                        max_length=16,
                    ),
                ),
                (
                    "country",
                    models.CharField(
                        blank=True,
                        help_text="ISO 3166-1 alpha-2, like SE.",
                        max_length=2,
                        validators=[directory.validators.validate_country],
                    ),
                ),
                (
                    "tags",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=64),
                        blank=True,
                        default=list,
                        size=None,
                        validators=[directory.validators.validate_tags],
                    ),
                ),
                ("notes", models.TextField(blank=True, max_length=4000)),
            ],
            options={
                "indexes": [models.Index(fields=["name", "id"], name="participant_name")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("confidence__gte", 0), ("confidence__lte", 1)),
                        name="participant_confidence",
                        violation_error_code="confidence_out_of_range",
                        violation_error_message="Confidence is a number from 0 to 1.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("external_id", ""), _negated=True),
                        fields=("source", "external_id"),
                        name="participant_source_external_id",
                        violation_error_code="duplicate",
                        violation_error_message="A participant with this id from this source exists.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Endpoint",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("created_by", models.UUIDField(blank=True, editable=False, null=True)),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("updated_by", models.UUIDField(blank=True, editable=False, null=True)),
                ("row_version", models.BigIntegerField(db_default=1, editable=False)),
                ("source", models.CharField(default="internal", max_length=64)),
                ("external_id", models.CharField(blank=True, max_length=255)),
                ("verified_at", models.DateTimeField(blank=True, null=True)),
                (
                    "confidence",
                    models.FloatField(
                        default=1.0,
                        help_text="From 0 to 1.",
                        validators=[
                            django.core.validators.MinValueValidator(0.0),
                            django.core.validators.MaxValueValidator(1.0),
                        ],
                    ),
                ),
                ("superseded_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("protocol", models.CharField(max_length=32)),
                ("address", models.CharField(max_length=1024)),
                ("profile", models.CharField(blank=True, max_length=128)),
                ("priority", models.IntegerField(default=0, help_text="The higher is preferred.")),
                (
                    "status",
                    models.CharField(
                        choices=[("active", "Active"), ("draining", "Draining"), ("inactive", "Inactive")],
                        default="active",
                        max_length=16,
                    ),
                ),
                ("valid_from", models.DateTimeField(blank=True, null=True)),
                ("valid_to", models.DateTimeField(blank=True, null=True)),
                (
                    "qos",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        validators=[directory.validators.validate_qos],
                        verbose_name="quality of service",
                    ),
                ),
                (
                    "published",
                    models.BooleanField(default=False, help_text="May be shown to connected tenants."),
                ),
                (
                    "participant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="endpoints",
                        to="directory.participant",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Credential",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("created_by", models.UUIDField(blank=True, editable=False, null=True)),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("updated_by", models.UUIDField(blank=True, editable=False, null=True)),
                ("row_version", models.BigIntegerField(db_default=1, editable=False)),
                ("source", models.CharField(default="internal", max_length=64)),
                ("external_id", models.CharField(blank=True, max_length=255)),
                ("verified_at", models.DateTimeField(blank=True, null=True)),
                (
                    "confidence",
                    models.FloatField(
                        default=1.0,
                        help_text="From 0 to 1.",
                        validators=[
                            django.core.validators.MinValueValidator(0.0),
                            django.core.validators.MaxValueValidator(1.0),
                        ],
                    ),
                ),
                ("superseded_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "credential_type",
                    models.CharField(
                        choices=[("tls", "TLS"), ("sign", "Signing"), ("encrypt", "Encryption")],
                        max_length=16,
                        verbose_name="type",
                    ),
                ),
                (
                    "vault_ref",
                    models.CharField(
                        blank=True,
                        help_text="vault://, arn:aws:kms:, azurekv://, gcpkms:// or pkcs11:",
                        max_length=512,
                        verbose_name="vault reference",
                    ),
                ),
                (
                    "fingerprint",
                    models.CharField(
                        blank=True, help_text="SHA-256 of the certificate, 64 hex digits.", max_length=64
                    ),
                ),
                (
                    "certificate",
                    models.TextField(
                        blank=True,
                        help_text="Public PEM; fingerprint and validity follow from it.",
                        max_length=65536,
                    ),
                ),
                ("valid_from", models.DateTimeField(blank=True, null=True)),
                ("valid_to", models.DateTimeField(blank=True, null=True)),
                (
                    "endpoint",
                    models.ForeignKey(
                        blank=True,
                        help_text="Set: the credential is used for this endpoint alone.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="credentials",
                        to="directory.endpoint",
                    ),
                ),
                (
                    "participant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="credentials",
                        to="directory.participant",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Capability",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("created_by", models.UUIDField(blank=True, editable=False, null=True)),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("updated_by", models.UUIDField(blank=True, editable=False, null=True)),
                ("row_version", models.BigIntegerField(db_default=1, editable=False)),
                ("source", models.CharField(default="internal", max_length=64)),
                ("external_id", models.CharField(blank=True, max_length=255)),
                ("verified_at", models.DateTimeField(blank=True, null=True)),
                (
                    "confidence",
                    models.FloatField(
                        default=1.0,
                        help_text="From 0 to 1.",
                        validators=[
                            django.core.validators.MinValueValidator(0.0),
                            django.core.validators.MaxValueValidator(1.0),
                        ],
                    ),
                ),
                ("superseded_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("service", models.CharField(blank=True, max_length=255)),
                ("action", models.CharField(blank=True, max_length=255)),
                ("process", models.CharField(blank=True, max_length=512)),
                ("document_type", models.CharField(blank=True, max_length=512)),
                (
                    "constraints_json",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text='Like {"mpc": ["urgent"]}.',
                        validators=[directory.validators.validate_constraints],
                        verbose_name="constraints",
                    ),
                ),
                (
                    "endpoint",
                    models.ForeignKey(
                        blank=True,
                        help_text="Set: the capability holds for this endpoint alone.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="capabilities",
                        to="directory.endpoint",
                    ),
                ),
                (
                    "participant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="capabilities",
                        to="directory.participant",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "capabilities",
            },
        ),
        migrations.CreateModel(
            name="RoutingArtifact",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("created_by", models.UUIDField(blank=True, editable=False, null=True)),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("updated_by", models.UUIDField(blank=True, editable=False, null=True)),
                ("row_version", models.BigIntegerField(db_default=1, editable=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("tenant_override", "Tenant override"),
                            ("contract", "Contract"),
                            ("bin_table", "BIN table"),
                            ("gtt_table", "Global title translation"),
                            ("number_range", "Number ranges"),
                            ("default_route", "Default route"),
                        ],
                        max_length=24,
                    ),
                ),
                ("name", models.CharField(max_length=128)),
                (
                    "version",
                    models.PositiveIntegerField(
                        default=1, validators=[django.core.validators.MinValueValidator(1)]
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("draft", "Draft"), ("active", "Active"), ("retired", "Retired")],
                        default="draft",
                        max_length=8,
                    ),
                ),
                ("effective_from", models.DateTimeField(blank=True, null=True)),
                ("effective_to", models.DateTimeField(blank=True, null=True)),
                ("payload", models.JSONField(blank=True, default=dict)),
                ("source", models.CharField(default="internal", max_length=64)),
                ("signature", models.TextField(blank=True, max_length=16384)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("kind", "name", "version"),
                        name="artifact_version_once",
                        violation_error_code="duplicate",
                        violation_error_message="This version exists.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("status", "active")),
                        fields=("kind", "name"),
                        name="artifact_one_active",
                        violation_error_code="artifact_active",
                        violation_error_message="Another version of this artifact is active.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("effective_from__isnull", True),
                            ("effective_to__isnull", True),
                            ("effective_to__gt", models.F("effective_from")),
                            _connector="OR",
                        ),
                        name="artifact_window",
                        violation_error_code="validity_reversed",
                        violation_error_message="The end of effect lies after its beginning.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PrefixRule",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("created_by", models.UUIDField(blank=True, editable=False, null=True)),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("updated_by", models.UUIDField(blank=True, editable=False, null=True)),
                ("row_version", models.BigIntegerField(db_default=1, editable=False)),
                (
                    "prefix",
                    models.CharField(max_length=15, validators=[directory.validators.validate_digits]),
                ),
                (
                    "range_text",
                    models.CharField(
                        blank=True,
                        help_text="The range this prefix was split from.",
                        max_length=64,
                        verbose_name="range",
                    ),
                ),
                (
                    "gti",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[django.core.validators.MaxValueValidator(15)],
                        verbose_name="GTI",
                    ),
                ),
                (
                    "tt",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[django.core.validators.MaxValueValidator(255)],
                        verbose_name="translation type",
                    ),
                ),
                (
                    "np",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[django.core.validators.MaxValueValidator(15)],
                        verbose_name="numbering plan",
                    ),
                ),
                (
                    "nai",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[django.core.validators.MaxValueValidator(127)],
                        verbose_name="nature of address",
                    ),
                ),
                (
                    "ssn",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[django.core.validators.MaxValueValidator(255)],
                        verbose_name="SSN",
                    ),
                ),
                ("network_indicator", models.CharField(blank=True, max_length=16, null=True)),
                ("brand", models.CharField(blank=True, max_length=32, null=True)),
                ("region", models.CharField(blank=True, max_length=32, null=True)),
                (
                    "calling_prefix",
                    models.CharField(
                        blank=True,
                        max_length=15,
                        null=True,
                        validators=[directory.validators.validate_digits],
                    ),
                ),
                ("origin", models.CharField(blank=True, max_length=64, null=True)),
                (
                    "mode",
                    models.CharField(
                        choices=[
                            ("solitary", "Solitary"),
                            ("dominant", "Dominant"),
                            ("loadshare", "Load share"),
                            ("broadcast", "Broadcast"),
                        ],
                        default="solitary",
                        max_length=16,
                    ),
                ),
                (
                    "weight",
                    models.PositiveIntegerField(
                        default=1, validators=[django.core.validators.MinValueValidator(1)]
                    ),
                ),
                ("priority", models.IntegerField(default=0, help_text="The higher is preferred.")),
                ("target_protocol", models.CharField(blank=True, max_length=32)),
                ("target_address", models.CharField(blank=True, max_length=1024)),
                ("transport_profile", models.CharField(blank=True, max_length=128)),
                (
                    "result",
                    models.JSONField(
                        blank=True, default=dict, validators=[directory.validators.validate_result]
                    ),
                ),
                ("valid_from", models.DateTimeField(blank=True, null=True)),
                ("valid_to", models.DateTimeField(blank=True, null=True)),
                (
                    "participant",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="prefix_rules",
                        to="directory.participant",
                    ),
                ),
                (
                    "artifact",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="prefix_rules",
                        to="directory.routingartifact",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SourceRun",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("created_by", models.UUIDField(blank=True, editable=False, null=True)),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("updated_by", models.UUIDField(blank=True, editable=False, null=True)),
                ("row_version", models.BigIntegerField(db_default=1, editable=False)),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[("running", "Running"), ("succeeded", "Succeeded"), ("failed", "Failed")],
                        default="running",
                        max_length=16,
                    ),
                ),
                ("rows_read", models.PositiveIntegerField(default=0)),
                ("rows_created", models.PositiveIntegerField(default=0)),
                ("rows_updated", models.PositiveIntegerField(default=0)),
                ("rows_unchanged", models.PositiveIntegerField(default=0)),
                ("rows_superseded", models.PositiveIntegerField(default=0)),
                ("rows_rejected", models.PositiveIntegerField(default=0)),
                (
                    "errors",
                    models.JSONField(
                        blank=True, default=list, help_text="The first 1,000 refused rows, with row numbers."
                    ),
                ),
                (
                    "progress_percent",
                    models.PositiveSmallIntegerField(
                        default=0,
                        validators=[django.core.validators.MaxValueValidator(100)],
                        verbose_name="progress (%)",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="runs",
                        to="directory.source",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Identifier",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("created_by", models.UUIDField(blank=True, editable=False, null=True)),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("updated_by", models.UUIDField(blank=True, editable=False, null=True)),
                ("row_version", models.BigIntegerField(db_default=1, editable=False)),
                ("source", models.CharField(default="internal", max_length=64)),
                ("external_id", models.CharField(blank=True, max_length=255)),
                ("verified_at", models.DateTimeField(blank=True, null=True)),
                (
                    "confidence",
                    models.FloatField(
                        default=1.0,
                        help_text="From 0 to 1.",
                        validators=[
                            django.core.validators.MinValueValidator(0.0),
                            django.core.validators.MaxValueValidator(1.0),
                        ],
                    ),
                ),
                ("superseded_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("identifier_type", models.CharField(max_length=64, verbose_name="type")),
                ("value", models.CharField(max_length=512)),
                ("normalized", models.CharField(editable=False, max_length=512)),
                ("scope", models.CharField(blank=True, max_length=128)),
                (
                    "tier",
                    models.PositiveSmallIntegerField(
                        choices=[(0, "Public"), (1, "Internal"), (2, "Confidential"), (3, "Secret")],
                        default=1,
                        editable=False,
                    ),
                ),
                ("priority", models.IntegerField(default=0, help_text="The higher is preferred.")),
                (
                    "participant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="identifiers",
                        to="directory.participant",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["identifier_type", "normalized", "scope"], name="identifier_lookup")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("confidence__gte", 0), ("confidence__lte", 1)),
                        name="identifier_confidence",
                        violation_error_code="confidence_out_of_range",
                        violation_error_message="Confidence is a number from 0 to 1.",
                    ),
                    models.UniqueConstraint(
                        fields=("identifier_type", "scope", "normalized", "participant"),
                        name="identifier_once",
                        violation_error_code="duplicate",
                        violation_error_message="The participant has this identifier already.",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="endpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(("confidence__gte", 0), ("confidence__lte", 1)),
                name="endpoint_confidence",
                violation_error_code="confidence_out_of_range",
                violation_error_message="Confidence is a number from 0 to 1.",
            ),
        ),
        migrations.AddConstraint(
            model_name="endpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("valid_from__isnull", True),
                    ("valid_to__isnull", True),
                    ("valid_to__gt", models.F("valid_from")),
                    _connector="OR",
                ),
                name="endpoint_window",
                violation_error_code="validity_reversed",
                violation_error_message="The end of validity lies after its beginning.",
            ),
        ),
        migrations.AddConstraint(
            model_name="endpoint",
            constraint=models.UniqueConstraint(
                fields=("participant", "protocol", "address", "profile"),
                name="endpoint_once",
                violation_error_code="duplicate",
                violation_error_message="The participant has this endpoint already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="credential",
            constraint=models.CheckConstraint(
                condition=models.Q(("confidence__gte", 0), ("confidence__lte", 1)),
                name="credential_confidence",
                violation_error_code="confidence_out_of_range",
                violation_error_message="Confidence is a number from 0 to 1.",
            ),
        ),
        migrations.AddConstraint(
            model_name="credential",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("valid_from__isnull", True),
                    ("valid_to__isnull", True),
                    ("valid_to__gt", models.F("valid_from")),
                    _connector="OR",
                ),
                name="credential_window",
                violation_error_code="validity_reversed",
                violation_error_message="The end of validity lies after its beginning.",
            ),
        ),
        migrations.AddConstraint(
            model_name="credential",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("vault_ref", ""), _negated=True),
                    models.Q(("fingerprint", ""), _negated=True),
                    _connector="OR",
                ),
                name="credential_refers",
                violation_error_code="credential_empty",
                violation_error_message="A credential needs a vault reference, a certificate or a fingerprint.",
            ),
        ),
        migrations.AddConstraint(
            model_name="credential",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("certificate__contains", "PRIVATE KEY"), _negated=True),
                    models.Q(("vault_ref__contains", "PRIVATE KEY"), _negated=True),
                ),
                name="credential_no_private_key",
                violation_error_code="private_key_refused",
                violation_error_message="A private key is never kept here: store it in a vault and give its reference.",
            ),
        ),
        migrations.AddConstraint(
            model_name="capability",
            constraint=models.CheckConstraint(
                condition=models.Q(("confidence__gte", 0), ("confidence__lte", 1)),
                name="capability_confidence",
                violation_error_code="confidence_out_of_range",
                violation_error_message="Confidence is a number from 0 to 1.",
            ),
        ),
        migrations.AddIndex(
            model_name="prefixrule",
            index=models.Index(fields=["artifact", "prefix"], name="prefix_rule_lookup"),
        ),
        migrations.AddConstraint(
            model_name="prefixrule",
            constraint=models.UniqueConstraint(
                fields=(
                    "artifact",
                    "prefix",
                    "gti",
                    "tt",
                    "np",
                    "nai",
                    "ssn",
                    "network_indicator",
                    "brand",
                    "region",
                    "calling_prefix",
                    "origin",
                    "target_protocol",
                    "target_address",
                    "participant",
                ),
                name="prefix_rule_once",
                nulls_distinct=False,
                violation_error_code="duplicate",
                violation_error_message="The table has this rule already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="prefixrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("target_address", ""), ("target_protocol", "")),
                    models.Q(
                        models.Q(("target_protocol", ""), _negated=True),
                        models.Q(("target_address", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="prefix_rule_target_whole",
                violation_error_code="target_incomplete",
                violation_error_message="A target has a protocol and an address, or there is no target.",
            ),
        ),
        migrations.AddConstraint(
            model_name="prefixrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("valid_from__isnull", True),
                    ("valid_to__isnull", True),
                    ("valid_to__gt", models.F("valid_from")),
                    _connector="OR",
                ),
                name="prefix_rule_window",
                violation_error_code="validity_reversed",
                violation_error_message="The end of validity lies after its beginning.",
            ),
        ),
        DomainTriggers("participant", resource="directory.participant"),
        DomainTriggers("identifier", resource="directory.identifier", by_row=["normalized", "value"]),
        DomainTriggers("endpoint", resource="directory.endpoint"),
        DomainTriggers("capability", resource="directory.capability"),
        DomainTriggers("credential", resource="directory.credential", confidential=["vault_ref"]),
        DomainTriggers("policy", resource="directory.policy"),
        DomainTriggers("edge", resource="directory.edge"),
        DomainTriggers("routingartifact", resource="directory.routingartifact"),
        DomainTriggers("prefixrule", resource="directory.prefixrule"),
        DomainTriggers("source", resource="directory.source", confidential=["settings"]),
        DomainTriggers("sourcerun", resource="directory.sourcerun"),
        DomainTriggers("probe", resource="directory.probe"),
        *(
            migrations.RunSQL((SQL / f"{name}.sql").read_text(encoding="utf-8"), f"DROP FUNCTION {name}()")
            for name in ("directory_mark", "directory_move")
        ),
        InstallTriggers(
            "changemarker", [Trigger("directory_move", "AFTER", "INSERT", "directory_move", is_deferred=True)]
        ),
        *(
            InstallTriggers(
                model, [Trigger("directory_mark", "AFTER", "INSERT OR UPDATE OR DELETE", "directory_mark")]
            )
            for model in VERSIONED
        ),
    ]
