from pathlib import Path

from django.db import migrations

from config.foundation.triggers import InstallTriggers, Trigger

SQL = Path(__file__).parent / "sql" / "0003"


class Migration(migrations.Migration):
    dependencies = [("identity", "0002_privileges_and_builtin_roles")]

    operations = [
        *(
            migrations.RunSQL((SQL / f"{name}.sql").read_text(encoding="utf-8"), f"DROP FUNCTION {name}()")
            for name in ("membership_role_guard", "tenant_guard")
        ),
        InstallTriggers(
            "membershiprole",
            [Trigger("membership_role_guard", "BEFORE", "INSERT OR UPDATE", "membership_role_guard")],
        ),
        InstallTriggers(
            "membership",
            [Trigger("tenant_guard", "BEFORE", "UPDATE", "tenant_guard", ("tenant_id", "user_id"))],
        ),
        InstallTriggers(
            "role", [Trigger("tenant_guard", "BEFORE", "UPDATE", "tenant_guard", ("tenant_id",))]
        ),
    ]
