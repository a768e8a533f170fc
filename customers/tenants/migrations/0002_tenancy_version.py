from pathlib import Path

from django.db import migrations, models

from config.foundation.triggers import InstallTriggers, Trigger

SQL = Path(__file__).parent / "sql" / "0002"
SELECTING = ("tenant", "domain", "placement")


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="TenancyVersion",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("version", models.BigIntegerField(default=0)),
            ],
            options={
                "db_table": "tenancy_version",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("id", 1)),
                        name="tenancy_version_single",
                        violation_error_code="duplicate",
                        violation_error_message="There is one version.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TenancyChangeMarker",
            fields=[("transaction_id", models.BigIntegerField(primary_key=True, serialize=False))],
            options={"db_table": "tenancy_change_marker"},
        ),
        migrations.RunSQL("INSERT INTO tenancy_version (id, version) VALUES (1, 1)", migrations.RunSQL.noop),
        *(
            migrations.RunSQL((SQL / f"{name}.sql").read_text(encoding="utf-8"), f"DROP FUNCTION {name}()")
            for name in ("tenancy_mark", "tenancy_move")
        ),
        InstallTriggers(
            "tenancychangemarker",
            [Trigger("tenancy_move", "AFTER", "INSERT", "tenancy_move", is_deferred=True)],
        ),
        *(
            InstallTriggers(
                model, [Trigger("tenancy_mark", "AFTER", "INSERT OR UPDATE OR DELETE", "tenancy_mark")]
            )
            for model in SELECTING
        ),
    ]
