"""What is left of quotas, shared by all processes."""

import django.contrib.postgres.functions
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("requests", "0002_saved_filters"),
    ]

    operations = [
        migrations.CreateModel(
            name="RateBucket",
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
                ("policy", models.CharField(max_length=16)),
                ("subject", models.CharField(max_length=64)),
                ("quota", models.PositiveIntegerField(help_text="Requests in a window.")),
                ("starts_at", models.DateTimeField(verbose_name="begins")),
                ("ends_at", models.DateTimeField(verbose_name="ends")),
                ("used", models.PositiveIntegerField(verbose_name="leased")),
                ("granted", models.PositiveIntegerField(verbose_name="latest lease")),
            ],
            options={
                "verbose_name": "rate bucket",
                "db_table": "rate_bucket",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("policy", "subject"),
                        name="rate_bucket_once",
                        violation_error_code="duplicate",
                        violation_error_message="There is a bucket for this subject already.",
                    )
                ],
            },
        ),
    ]
