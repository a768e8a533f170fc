import django.contrib.postgres.functions
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0003_roles_stay_in_their_tenant"),
    ]

    operations = [
        migrations.AddField(
            model_name="apitokenuse",
            name="last_address",
            field=models.GenericIPAddressField(null=True),
        ),
        migrations.AddField(
            model_name="apitokenuse",
            name="last_agent",
            field=models.CharField(blank=True, db_default="", max_length=40),
        ),
        migrations.CreateModel(
            name="ApiTokenTally",
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
                ("day", models.DateField()),
                ("code", models.CharField(blank=True, max_length=64)),
                ("count", models.BigIntegerField()),
                (
                    "token",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tallies",
                        to="identity.apitoken",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "API token tallies",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("token", "day", "code"),
                        name="api_token_tally_once",
                        violation_error_code="duplicate",
                        violation_error_message="These calls are counted already.",
                    )
                ],
            },
        ),
    ]
