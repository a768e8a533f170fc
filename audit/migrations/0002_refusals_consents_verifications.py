"""Consents, and two side tables: how many refusals were left out of the chain, and when it was last verified."""

import uuid

import django.contrib.postgres.functions
import django.db.models.functions.datetime
from django.db import migrations, models

from config.foundation.triggers import AppendOnly, DomainTriggers


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0001_chain"),
    ]

    operations = [
        migrations.CreateModel(
            name="Consent",
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
                    "subject_kind",
                    models.CharField(
                        choices=[
                            ("user", "a person"),
                            ("organization", "an organization"),
                            ("participant", "a participant of the directory"),
                        ],
                        max_length=16,
                        verbose_name="kind of subject",
                    ),
                ),
                ("subject_id", models.UUIDField(verbose_name="subject id")),
                ("purpose", models.CharField(max_length=64)),
                ("text_version", models.PositiveIntegerField(verbose_name="version of the text")),
                (
                    "text_digest",
                    models.CharField(
                        help_text="SHA-256 of its bytes, in hex.",
                        max_length=64,
                        verbose_name="digest of the text",
                    ),
                ),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("given", "given: the subject agreed to exactly this text"),
                            ("withdrawn", "withdrawn: it holds no longer, from here on"),
                            ("expired", "expired: it ran out by itself"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "by",
                    models.TextField(
                        help_text="Who recorded it: user:<id>, token:<key id>, system:<command>."
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="time")),
                ("evidence", models.JSONField(blank=True, default=dict, help_text="How it was given.")),
                ("connection_id", models.UUIDField(blank=True, null=True, verbose_name="connection id")),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["subject_kind", "subject_id", "purpose", "at"], name="audit_consent_subject"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("text_digest__regex", "^[0-9a-f]{64}$")),
                        name="audit_consent_digest",
                        violation_error_code="digest_invalid",
                        violation_error_message="A digest is 64 hex digits in lower case.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("action__regex", "^(given|withdrawn|expired)$")),
                        name="audit_consent_action",
                        violation_error_code="invalid_choice",
                        violation_error_message="A consent is given, withdrawn or expired.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RefusalTally",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("actor", models.TextField()),
                ("action", models.TextField()),
                ("code", models.TextField()),
                ("resource_id", models.TextField()),
                ("minute", models.DateTimeField()),
                ("left_out", models.BigIntegerField(default=0)),
                ("earlier", models.BigIntegerField(default=0)),
            ],
            options={
                "db_table": "audit_refusal",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("actor", "action", "code", "resource_id"),
                        name="audit_refusal_once",
                        violation_error_code="duplicate",
                        violation_error_message="These refusals are counted already.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Verification",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("through_id", models.BigIntegerField()),
                ("at", models.DateTimeField()),
                ("flaw", models.TextField(blank=True)),
            ],
            options={
                "db_table": "audit_verification",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="audit_verification_single")
                ],
            },
        ),
        DomainTriggers("consent", resource="audit.consent", personal=["evidence"]),
        AppendOnly("consent", sentence="a consent is withdrawn by a new row"),
    ]
