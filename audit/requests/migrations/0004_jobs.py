"""Jobs, in every schema; and, in public alone, the one way for the application to put a job into the queue."""

import uuid
from pathlib import Path

import django.contrib.postgres.functions
import django.db.models.functions.datetime
from django.db import migrations, models
from django_tenants.utils import get_public_schema_name

SQL = Path(__file__).parent / "sql" / "0004"


class PublicSQL(migrations.RunSQL):
    """SQL for the public schema, where the queue is; a tenant's own schema gets nothing of it."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        """Run it in public."""
        if schema_editor.connection.schema_name == get_public_schema_name():
            super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        """Undo it in public."""
        if schema_editor.connection.schema_name == get_public_schema_name():
            super().database_backwards(app_label, schema_editor, from_state, to_state)


class Migration(migrations.Migration):
    dependencies = [
        ("requests", "0003_rate_buckets"),
        ("procrastinate", "0041_post_retry_failed_job"),
    ]

    operations = [
        migrations.CreateModel(
            name="Job",
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
                ("kind", models.CharField(max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "waits for a worker"),
                            ("running", "a worker is at it"),
                            ("succeeded", "done; what it did is committed"),
                            ("failed", "broken off; it left nothing behind"),
                            ("cancelled", "ended at somebody's request; it left nothing behind"),
                        ],
                        default="queued",
                        max_length=16,
                    ),
                ),
                (
                    "actor",
                    models.TextField(
                        help_text="Who asked for it: user:<id>, token:<key id>, system:<command>."
                    ),
                ),
                ("request_id", models.CharField(blank=True, max_length=36, verbose_name="request")),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("given", models.JSONField(blank=True, default=dict, verbose_name="input")),
                ("progress_done", models.BigIntegerField(default=0, verbose_name="done")),
                ("progress_total", models.BigIntegerField(blank=True, null=True, verbose_name="of")),
                ("message", models.CharField(blank=True, help_text="What is being done.", max_length=200)),
                ("started_at", models.DateTimeField(blank=True, null=True, verbose_name="started")),
                ("finished_at", models.DateTimeField(blank=True, null=True, verbose_name="finished")),
                (
                    "cancel_asked_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="cancellation asked for"),
                ),
                ("attempt", models.PositiveSmallIntegerField(default=0, help_text="How often it was begun.")),
                ("result", models.JSONField(blank=True, null=True)),
                ("errors", models.JSONField(blank=True, default=list)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="asked for",
                    ),
                ),
                ("created_by", models.UUIDField(blank=True, editable=False, null=True)),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("row_version", models.BigIntegerField(db_default=1, editable=False)),
            ],
            options={
                "db_table": "job",
                "indexes": [models.Index(fields=["created_at", "id"], name="job_created")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__regex", "^(queued|running|succeeded|failed|cancelled)$")),
                        name="job_state",
                        violation_error_code="invalid_choice",
                        violation_error_message="A job is queued, running, succeeded, failed or cancelled.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("finished_at__isnull", True), ("state__regex", "^(queued|running)$")),
                            models.Q(
                                ("finished_at__isnull", False),
                                ("state__regex", "^(succeeded|failed|cancelled)$"),
                            ),
                            _connector="OR",
                        ),
                        name="job_finished",
                        violation_error_code="inconsistent",
                        violation_error_message="A job that has ended says when, and no other does.",
                    ),
                ],
            },
        ),
        PublicSQL(
            (SQL / "job_enqueue.sql").read_text(encoding="utf-8"),
            "DROP FUNCTION public.job_enqueue(text, uuid)",
        ),
        PublicSQL(
            "REVOKE EXECUTE ON FUNCTION public.job_enqueue(text, uuid) FROM PUBLIC", migrations.RunSQL.noop
        ),
    ]
