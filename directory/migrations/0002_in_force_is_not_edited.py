from pathlib import Path

from django.db import migrations

from config.foundation.triggers import InstallTriggers, Trigger

SQL = Path(__file__).parent / "sql" / "0002"


class Migration(migrations.Migration):
    dependencies = [("directory", "0001_initial")]

    operations = [
        *(
            migrations.RunSQL((SQL / f"{name}.sql").read_text(encoding="utf-8"), f"DROP FUNCTION {name}()")
            for name in ("artifact_guard", "rule_guard")
        ),
        InstallTriggers(
            "routingartifact", [Trigger("artifact_guard", "BEFORE", "UPDATE OR DELETE", "artifact_guard")]
        ),
        InstallTriggers(
            "prefixrule", [Trigger("rule_guard", "BEFORE", "INSERT OR UPDATE OR DELETE", "rule_guard")]
        ),
    ]
