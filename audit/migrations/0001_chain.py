"""The chain of a schema: its tables, the functions that fill and guard them, and their triggers.

The functions stand one a file in ``sql/0001/`` and are frozen with this migration: a later change of one is a later
migration with a file of its own.
"""

from pathlib import Path

import django.contrib.postgres.indexes
from django.db import migrations, models

from config.foundation.triggers import InstallTriggers, Trigger

SQL = Path(__file__).parent / "sql" / "0001"
FUNCTIONS = {
    "row_stamp": "FUNCTION row_stamp()",
    "audit_disguise": "FUNCTION audit_disguise(text, text, jsonb, text[], text[], text[])",
    "audit_capture": "FUNCTION audit_capture()",
    "audit_frame": "FUNCTION audit_frame()",
    "audit_mark": "FUNCTION audit_mark()",
    "audit_link": "FUNCTION audit_link(bytea, bytea, bigint, bytea)",
    "audit_chain": "AGGREGATE audit_chain(bytea, bigint, bytea)",
    "audit_seal": "FUNCTION audit_seal()",
    "audit_refuse": "FUNCTION audit_refuse()",
}
SEALED = "the audit chain is written by its own triggers and only ever grows"
BY_HAND = "pg_trigger_depth() = 0"  # the statement is a client's own, not one of our trigger functions'


def guard(model_name, events):
    """Refuse these statements where a client sends them, and TRUNCATE always."""
    return InstallTriggers(
        model_name,
        [
            Trigger("audit_guard", "BEFORE", events, "audit_refuse", (SEALED,), when=BY_HAND),
            Trigger("audit_truncate", "BEFORE", "TRUNCATE", "audit_refuse", (SEALED,), level="STATEMENT"),
        ],
    )


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="SealMarker",
            fields=[
                ("transaction_id", models.BigIntegerField(primary_key=True, serialize=False)),
            ],
            options={
                "db_table": "audit_marker",
            },
        ),
        migrations.CreateModel(
            name="AuditEvent",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField(help_text="Start of the transaction.", verbose_name="time")),
                (
                    "actor",
                    models.TextField(
                        help_text="Who did it: user:<id>, token:<key id>, system:<command>, database:<role>."
                    ),
                ),
                ("action", models.TextField()),
                ("resource", models.TextField()),
                ("resource_id", models.TextField(verbose_name="resource id")),
                ("payload", models.JSONField(verbose_name="change")),
                ("request_id", models.TextField(blank=True, verbose_name="request id")),
                ("reason", models.TextField(blank=True)),
                (
                    "tenant_id",
                    models.UUIDField(
                        help_text="In the platform's chain: the tenant that the event is about.",
                        null=True,
                        verbose_name="tenant id",
                    ),
                ),
                ("record", models.TextField()),
                ("leaf", models.BinaryField()),
                ("hash_prev", models.BinaryField(verbose_name="hash before")),
                ("hash", models.BinaryField()),
            ],
            options={
                "db_table": "audit_event",
                "indexes": [
                    models.Index(fields=["actor", "id"], name="audit_event_actor"),
                    models.Index(fields=["action", "id"], name="audit_event_action"),
                    models.Index(fields=["resource", "resource_id", "id"], name="audit_event_resource"),
                    models.Index(
                        condition=models.Q(("request_id", ""), _negated=True),
                        fields=["request_id", "id"],
                        name="audit_event_request",
                    ),
                    models.Index(
                        condition=models.Q(("tenant_id__isnull", False)),
                        fields=["tenant_id", "id"],
                        name="audit_event_tenant",
                    ),
                    django.contrib.postgres.indexes.BrinIndex(fields=["at"], name="audit_event_at"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ChainHead",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("last_id", models.BigIntegerField()),
                ("last_hash", models.BinaryField()),
            ],
            options={
                "db_table": "audit_head",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="audit_head_single")
                ],
            },
        ),
        migrations.CreateModel(
            name="ConfidentialSalt",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("salt", models.BinaryField()),
            ],
            options={
                "db_table": "audit_salt",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="audit_salt_single")
                ],
            },
        ),
        migrations.CreateModel(
            name="PendingEvent",
            fields=[
                ("seq", models.BigAutoField(primary_key=True, serialize=False)),
                ("transaction_id", models.BigIntegerField()),
                ("at", models.DateTimeField()),
                ("actor", models.TextField()),
                ("action", models.TextField()),
                ("resource", models.TextField()),
                ("resource_id", models.TextField()),
                ("payload", models.JSONField()),
                ("request_id", models.TextField()),
                ("reason", models.TextField()),
                ("tenant_id", models.UUIDField(null=True)),
                ("record", models.TextField()),
                ("leaf", models.BinaryField()),
            ],
            options={
                "db_table": "audit_pending",
                "indexes": [models.Index(fields=["transaction_id", "seq"], name="audit_pending_transaction")],
            },
        ),
        migrations.CreateModel(
            name="PrivateValue",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("digest", models.BinaryField(unique=True)),
                ("salt", models.BinaryField()),
                ("value", models.JSONField()),
                ("resource", models.TextField()),
                ("resource_id", models.TextField()),
                ("field", models.TextField()),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "db_table": "audit_private",
                "indexes": [models.Index(fields=["resource", "resource_id"], name="audit_private_resource")],
            },
        ),
        *(
            migrations.RunSQL((SQL / f"{name}.sql").read_text(encoding="utf-8"), f"DROP {signature}")
            for name, signature in FUNCTIONS.items()
        ),
        InstallTriggers(
            "pendingevent",
            [
                Trigger("audit_frame", "BEFORE", "INSERT", "audit_frame"),
                Trigger("audit_mark", "AFTER", "INSERT", "audit_mark"),
            ],
        ),
        InstallTriggers(
            "sealmarker", [Trigger("audit_seal", "AFTER", "INSERT", "audit_seal", is_deferred=True)]
        ),
        guard("pendingevent", "UPDATE OR DELETE"),
        guard("sealmarker", "INSERT OR UPDATE OR DELETE"),
        guard("chainhead", "INSERT OR UPDATE OR DELETE"),
        guard("confidentialsalt", "INSERT OR UPDATE OR DELETE"),
        guard("privatevalue", "INSERT OR UPDATE"),
        guard("auditevent", "INSERT"),
        InstallTriggers(
            "auditevent",
            [Trigger("audit_append_only", "BEFORE", "UPDATE OR DELETE", "audit_refuse", (SEALED,))],
        ),
    ]
