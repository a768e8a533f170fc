from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from config.foundation.actor import Actor, acting

PRIVILEGES = {
    "tenant.read": "See the tenant",
    "tenant.update": "Change the tenant",
    "tenant.delete": "Delete and restore the tenant",
    "tenant.admin": "Open the tenant's administration",
    "members.read": "See who belongs to the tenant",
    "members.manage": "Let people in, suspend them, give them roles",
    "owners.manage": "Give and take the owner role",
    "invitations.manage": "Invite people and revoke invitations",
    "roles.manage": "Make and change the tenant's own roles",
    "tokens.manage": "See and revoke the tenant's API tokens",
    "config.read": "See configuration",
    "config.write": "Change configuration",
    "records.read": "See the customer's records",
    "records.write": "Change the customer's records",
    "programs.read": "See programs and cohorts",
    "programs.write": "Change programs and cohorts",
    "fields.manage": "Define fields",
    "fields.pii": "See personal values of fields",
    "billing.read": "See plan and billing",
    "billing.manage": "Change plan and billing",
    "catalog.read": "See the catalog",
    "catalog.manage": "Change the catalog",
    "marketplace.browse": "See what others offer",
    "marketplace.request": "Ask for connections",
    "marketplace.decide": "Approve, deny and revoke connections",
    "directory.read": "See the directory",
    "directory.resolve": "Resolve identifiers",
    "directory.manage": "Change the directory",
    "view_confidential": "See confidential values in clear; each reading is audited",
    "view_audit": "See the audit chain",
    "export_audit": "Export the audit chain",
}
EVERYBODY = {
    "tenant.read", "members.read", "config.read", "programs.read", "catalog.read", "marketplace.browse", "directory.read",
}  # fmt: skip
MEMBER = EVERYBODY | {"records.read", "programs.write", "directory.resolve"}
OWNER_ONLY = {"tenant.delete", "owners.manage", "view_confidential"}
ROLES = {  # code: (title, is_admin, privileges)
    "owner": ("Owner", True, set(PRIVILEGES)),
    "admin": ("Admin", True, set(PRIVILEGES) - OWNER_ONLY),
    "member": ("Member", False, MEMBER),
    "viewer": ("Viewer", False, EVERYBODY),
}


def write(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    alias = schema_editor.connection.alias
    privilege, role, held = (
        apps.get_model("identity", name) for name in ("Privilege", "Role", "RolePrivilege")
    )
    with acting(Actor.system("migrate"), using=alias):
        known = {
            code: privilege.objects.using(alias).create(code=code, description=description)
            for code, description in PRIVILEGES.items()
        }
        for code, (title, is_admin, privileges) in ROLES.items():
            made = role.objects.using(alias).create(
                code=code, title=title, is_admin=is_admin, is_builtin=True
            )
            for name in sorted(privileges):
                held.objects.using(alias).create(role=made, privilege=known[name])


def take_back(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    alias = schema_editor.connection.alias
    with acting(Actor.system("migrate"), using=alias):
        apps.get_model("identity", "Role").objects.using(alias).filter(is_builtin=True).delete()
        apps.get_model("identity", "Privilege").objects.using(alias).filter(code__in=PRIVILEGES).delete()


class Migration(migrations.Migration):
    dependencies = [("identity", "0001_initial")]

    operations = [migrations.RunPython(write, take_back)]
