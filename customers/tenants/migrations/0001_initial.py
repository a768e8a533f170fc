import uuid

import django.contrib.postgres.functions
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import customers.tenants.validators
from config.foundation.triggers import DomainTriggers


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("audit", "0001_chain"),
    ]

    operations = [
        migrations.CreateModel(
            name="Tenant",
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
                ("schema_name", models.CharField(editable=False, max_length=63, unique=True)),
                (
                    "slug",
                    models.CharField(
                        error_messages={"unique": "This slug is taken."},
                        help_text="In addresses: /t/<slug>/. Never changes.",
                        max_length=63,
                        unique=True,
                        validators=[customers.tenants.validators.validate_slug],
                    ),
                ),
                ("name", models.CharField(max_length=255)),
                ("name_key", models.CharField(editable=False, max_length=255, null=True, unique=True)),
                ("depth", models.PositiveSmallIntegerField(default=1, editable=False)),
                ("type", models.CharField(blank=True, max_length=64)),
                ("description", models.TextField(blank=True, max_length=4000)),
                ("head", models.CharField(blank=True, max_length=255, verbose_name="program head")),
                ("ordering", models.PositiveIntegerField(default=0)),
                (
                    "images",
                    models.JSONField(
                        blank=True, default=list, validators=[customers.tenants.validators.validate_images]
                    ),
                ),
                (
                    "params",
                    models.JSONField(
                        blank=True, default=dict, validators=[customers.tenants.validators.validate_params]
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waitlisted", "Waitlisted"),
                            ("provisioning", "Provisioning"),
                            ("active", "Active"),
                            ("inactive", "Inactive"),
                            ("archived", "Archived"),
                            ("deleted", "Deleted"),
                        ],
                        default="provisioning",
                        max_length=16,
                    ),
                ),
                ("deleted_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("deleted_by", models.UUIDField(blank=True, editable=False, null=True)),
                ("purged_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="tenants.tenant",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Placement",
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
                ("db_alias", models.CharField(default="default", max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("none", "None"),
                            ("provisioning", "Provisioning"),
                            ("ready", "Ready"),
                            ("failed", "Failed"),
                            ("retired", "Retired"),
                        ],
                        default="none",
                        max_length=16,
                    ),
                ),
                ("last_error", models.TextField(blank=True, editable=False)),
                ("ready_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "tenant",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="placement",
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Domain",
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
                    "domain",
                    models.CharField(
                        error_messages={"unique": "This host name selects another tenant."},
                        max_length=255,
                        unique=True,
                        validators=[customers.tenants.validators.validate_host],
                    ),
                ),
                ("is_primary", models.BooleanField(default=False)),
                ("verified_at", models.DateTimeField(blank=True, null=True)),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="domains",
                        to="tenants.tenant",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="tenant",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("deleted_at__isnull", False), ("status", "deleted")),
                    models.Q(models.Q(("status", "deleted"), _negated=True), ("deleted_at__isnull", True)),
                    _connector="OR",
                ),
                name="tenant_deleted_at_set",
                violation_error_code="deleted_at_mismatch",
                violation_error_message="A deleted tenant has a time of deletion, and no other tenant has.",
            ),
        ),
        migrations.AddConstraint(
            model_name="tenant",
            constraint=models.CheckConstraint(
                condition=models.Q(("depth__gte", 1), ("depth__lte", 5)),
                name="tenant_depth",
                violation_error_code="depth_exceeded",
                violation_error_message="Tenants nest at most 5 levels deep.",
            ),
        ),
        migrations.AddConstraint(
            model_name="tenant",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("parent__isnull", True),
                    models.Q(("parent", models.F("id")), _negated=True),
                    _connector="OR",
                ),
                name="tenant_not_own_parent",
                violation_error_code="tenant_cycle",
                violation_error_message="A tenant is not its own parent.",
            ),
        ),
        migrations.AddConstraint(
            model_name="tenant",
            constraint=models.CheckConstraint(
                condition=models.Q(("ordering__lte", 999999)),
                name="tenant_ordering",
                violation_error_code="ordering_out_of_range",
                violation_error_message="Ordering is a number from 0 to 999999.",
            ),
        ),
        migrations.AddConstraint(
            model_name="domain",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_primary", True)),
                fields=("tenant",),
                name="domain_one_primary",
                violation_error_code="primary_domain",
                violation_error_message="This tenant has a primary host name already.",
            ),
        ),
        DomainTriggers("tenant", resource="tenants.tenant", personal=["head"], tenant="id"),
        DomainTriggers("domain", resource="tenants.domain", tenant="tenant_id"),
        DomainTriggers("placement", resource="tenants.placement", tenant="tenant_id"),
    ]
