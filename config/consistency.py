"""Whether all that belongs to tenants fits together: what no single constraint can say, because it spans schemas.

Each check yields findings; none changes anything, and none reads a value that is not needed to name the fault.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import Count, F, Q
from psycopg import sql

from config.foundation.rows import TenantRow
from config.foundation.schemas import TEMPLATE_SCHEMA, application_role, schema_exists
from customers.identity.models import Membership, MembershipRole, User
from customers.identity.operations import OWNER_ROLE
from customers.tenants.enums import PlacementState, TenantStatus
from customers.tenants.models import MAX_DEPTH, Tenant, name_key_of

SCHEMA_PATTERN = "t\\_%"
HAVING_OWNERS = (TenantStatus.ACTIVE, TenantStatus.INACTIVE)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not fit: ``subject`` is the tenant's slug, or a schema; ``is_error`` or else a warning."""

    code: str
    subject: str
    detail: str
    remedy: str
    is_error: bool = True

    def as_dict(self) -> dict[str, Any]:
        """Return the members, as JSON takes them."""
        return asdict(self)


def find_faults(slug: str = "") -> Iterator[Finding]:
    """Yield what does not fit, of one tenant or (without a slug) of all, and of the database as a whole."""
    tenants = Tenant.objects.tenants().filter(purged_at__isnull=True).order_by("slug", "pk")
    if slug:
        tenants = tenants.filter(slug=slug)
    chosen = list(tenants.select_related("parent", "placement"))
    for check in _OF_TENANTS:
        yield from check(chosen)
    if not slug:
        yield from _find_orphan_schemas()


def _find_ownerless(tenants: list[Tenant]) -> Iterator[Finding]:
    """Find tenants in use that nobody owns."""
    owned = Membership.objects.in_force().filter(roles__code=OWNER_ROLE, roles__tenant__isnull=True)
    keys = set(owned.values_list("tenant_id", flat=True))
    for tenant in tenants:
        if tenant.status in HAVING_OWNERS and tenant.pk not in keys:
            yield Finding(
                "owner_missing",
                tenant.slug,
                "no active person owns it",
                "give somebody the owner role in the platform's administration",
            )


def _find_domains(tenants: list[Tenant]) -> Iterator[Finding]:
    """Find tenants without a primary host; that they have two is refused by a constraint."""
    counted = Tenant.objects.filter(pk__in=[tenant.pk for tenant in tenants]).annotate(
        found=Count("domains", filter=Q(domains__is_primary=True))
    )
    for tenant in counted.exclude(found=1).order_by("slug", "pk"):
        yield Finding(
            "primary_domain_missing",
            tenant.slug,
            "no host of it is primary",
            "make one of its domains primary",
        )


def _find_tree(tenants: list[Tenant]) -> Iterator[Finding]:
    """Find cycles, wrong depths, and live tenants below deleted ones."""
    parents = dict(Tenant.objects.order_by().values_list("pk", "parent_id"))
    for tenant in tenants:
        depth = _depth_of(tenant.pk, parents)
        if depth is None:
            yield Finding(
                "tenant_cycle", tenant.slug, "it is below itself", "make it a root, then place it again"
            )
        elif depth != tenant.depth:
            yield Finding(
                "depth_wrong",
                tenant.slug,
                f"its depth is {depth}, the row says {tenant.depth}",
                "move it to its parent again",
            )
        if tenant.parent and tenant.parent.deleted_at and not tenant.deleted_at:
            yield Finding(
                "parent_deleted",
                tenant.slug,
                f"its parent {tenant.parent.slug} is deleted",
                "restore the parent, or make the tenant a root",
            )


def _find_names(tenants: list[Tenant]) -> Iterator[Finding]:
    """Find live tenants whose name is not the one that keeps others from taking it."""
    for tenant in tenants:
        if not tenant.deleted_at and tenant.name_key not in (None, name_key_of(tenant.name)):
            yield Finding(
                "name_key_wrong",
                tenant.slug,
                "its name is not the one that is reserved for it",
                "save its name again",
            )


def _find_places(tenants: list[Tenant]) -> Iterator[Finding]:
    """Find placements that say other than what is there, and schemas that the application may not read."""
    schemas = set(_schemas())
    for tenant in tenants:
        placement = getattr(tenant, "placement", None)
        if placement is None:
            yield Finding(
                "placement_missing", tenant.slug, "it has no placement", "restore the row from a backup"
            )
            continue
        is_there = tenant.schema_name in schemas
        if placement.state == PlacementState.READY and not is_there:
            yield Finding(
                "schema_missing",
                tenant.slug,
                f"its placement is ready, and there is no schema {tenant.schema_name}",
                "restore the schema from a backup; it is not made anew while the placement is ready",
            )
        if placement.state == PlacementState.FAILED:
            yield Finding(
                "placement_failed", tenant.slug, placement.last_error, "run provision_tenant", is_error=False
            )
        if is_there and placement.state == PlacementState.READY and not _is_open(tenant.schema_name):
            yield Finding(
                "schema_closed",
                tenant.slug,
                f"the role {application_role()} may not use {tenant.schema_name}",
                "run grant_application_role",
            )


def _find_foreign_roles(tenants: list[Tenant]) -> Iterator[Finding]:
    """Find memberships that carry a role of another tenant."""
    foreign = (
        MembershipRole.objects.filter(membership__tenant__in=tenants, role__tenant__isnull=False)
        .exclude(role__tenant_id=F("membership__tenant_id"))
        .select_related("membership__tenant", "role__tenant")
        .order_by("membership__tenant__slug", "pk")
    )
    for held in foreign:
        yield Finding(
            "role_foreign",
            held.membership.tenant.slug,
            f"membership {held.membership.display_id} carries a role of {held.role.tenant}",
            "take the role from the membership",
        )


def _find_dangling(tenants: list[Tenant]) -> Iterator[Finding]:
    """Find rows of tenants that name a person who does not exist as their maker."""
    people = set(User.objects.order_by().values_list("pk", flat=True))
    for tenant in tenants:
        if not schema_exists(tenant.schema_name) or not _is_open(tenant.schema_name):
            continue
        for table, named in _makers(tenant.schema_name).items():
            unknown = len(named - people)
            if unknown:
                yield Finding(
                    "maker_unknown",
                    tenant.slug,
                    f"rows of {table} name {unknown} people who do not exist",
                    "restore the people from a backup; the audit chain says who they were",
                    is_error=False,
                )


def _find_orphan_schemas() -> Iterator[Finding]:
    """Find schemas that look like a tenant's and are nobody's."""
    known = set(Tenant.objects.order_by().values_list("schema_name", flat=True))
    for name in _schemas():
        if name not in known:
            yield Finding(
                "schema_orphan",
                name,
                "no tenant has this schema",
                "look what it is; then DROP SCHEMA, or restore the tenant's rows",
            )
    if not schema_exists(TEMPLATE_SCHEMA):
        yield Finding(
            "template_missing",
            TEMPLATE_SCHEMA,
            "the template of tenants' schemas is missing",
            "run migrate_schemas; the next new tenant makes it as well, slowly",
            is_error=False,
        )


_OF_TENANTS: tuple[Callable[[list[Tenant]], Iterator[Finding]], ...] = (
    _find_ownerless,
    _find_domains,
    _find_tree,
    _find_names,
    _find_places,
    _find_foreign_roles,
    _find_dangling,
)


def _depth_of(key: Any, parents: dict[Any, Any]) -> int | None:
    """Return how deep a tenant lies, 1 for a root; None where it is below itself."""
    seen, depth, above = {key}, 1, parents.get(key)
    while above is not None:
        if above in seen or depth > MAX_DEPTH * 10:
            return None
        seen.add(above)
        depth, above = depth + 1, parents.get(above)
    return depth


def _schemas() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname LIKE %s ORDER BY 1", [SCHEMA_PATTERN]
        )
        return [name for (name,) in cursor.fetchall()]


def _is_open(schema: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_schema_privilege(%s, 'USAGE')", [schema])
        return bool(cursor.fetchone()[0])


def _makers(schema: str) -> dict[str, set[Any]]:
    """Return the people that each table of a tenant's schema names as makers of its rows."""
    tables = [model._meta.db_table for model in apps.get_models() if issubclass(model, TenantRow)]
    found: dict[str, set[Any]] = {}
    with connection.cursor() as cursor:
        for table in tables:
            statement = sql.SQL(
                "SELECT created_by FROM {0} WHERE created_by IS NOT NULL"
                " UNION SELECT updated_by FROM {0} WHERE updated_by IS NOT NULL"
            ).format(sql.Identifier(schema, table))
            cursor.execute(statement.as_string(cursor.connection))
            found[table] = {key for (key,) in cursor.fetchall()}
    return found
