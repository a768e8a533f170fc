"""Which tenant a slug or a host means: known by heart while a watch proves it, else asked of the database.

A process holds all tenants or none, never those that were asked for before: whether a name is the caller's own,
somebody else's or nobody's costs the same look-up in memory, or the same one statement. Some 1 KiB a tenant is held,
for at most ``MOST_TENANTS`` of them; an installation with more asks the database each time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.contrib.postgres.aggregates import ArrayAgg
from django.db import DEFAULT_DB_ALIAS
from django.db.models import F, Q, QuerySet, Value

from config.foundation.watch import Watched
from customers.tenants.models import TENANCY, Placement, Tenant

MOST_TENANTS = 20_000
PLACEMENT = {"placement_pk": "placement__pk", "db_alias": "placement__db_alias", "place": "placement__state"}


@dataclass(frozen=True, slots=True)
class TenantRecord:
    """What a request needs to know of a tenant, as plain values; ``placement_pk`` is None where it has no place."""

    id: UUID
    schema_name: str
    slug: str
    name: str
    status: str
    deleted_at: datetime | None
    placement_pk: UUID | None
    db_alias: str | None
    place: str | None

    def build(self) -> Tenant:
        """Return a Tenant of the caller's own, whose other columns are read when they are asked for.

        Instances keep what was asked of them, and which selections are open: no two requests share one.
        """
        tenant = Tenant.from_db(DEFAULT_DB_ALIAS, OWN, [getattr(self, name) for name in OWN])
        placement = None
        if self.placement_pk is not None:
            placement = Placement.from_db(
                DEFAULT_DB_ALIAS,
                ["id", "tenant_id", "db_alias", "state"],
                [self.placement_pk, self.id, self.db_alias, self.place],
            )
            placement.tenant = tenant
        tenant._state.fields_cache["placement"] = placement
        return tenant


COLUMNS = tuple(field.name for field in fields(TenantRecord))
OWN = [name for name in COLUMNS if name not in {*PLACEMENT}]


class TenantDirectory(Protocol):
    """Answers for a slug or a host of a tenant's own."""

    def by_slug(self, slug: str) -> TenantRecord | None:
        """Return the tenant of a slug, also a deleted one; None for what is no tenant's slug."""

    def by_host(self, host: str) -> TenantRecord | None:
        """Return the tenant of a verified host."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All tenants at one moment."""

    slugs: Mapping[str, TenantRecord]
    hosts: Mapping[str, TenantRecord]
    is_whole: bool = True

    def by_slug(self, slug: str) -> TenantRecord | None:
        """Look the slug up."""
        return self.slugs.get(slug)

    def by_host(self, host: str) -> TenantRecord | None:
        """Look the host up."""
        return self.hosts.get(host)


class DatabaseDirectory:
    """Asks the database, one statement a question."""

    def by_slug(self, slug: str) -> TenantRecord | None:
        """Ask for the slug; one with a null character is asked for as what no slug can be."""
        return _first(Q(slug=slug.replace("\x00", "/")))

    def by_host(self, host: str) -> TenantRecord | None:
        """Ask for the host."""
        return _first(Q(domains__domain=host, domains__verified_at__isnull=False))


def tenant_directory() -> TenantDirectory:
    """Return what answers now: the snapshot while it is proved to stand, the database otherwise."""
    snapshot = _watched.get()
    return snapshot if snapshot is not None and snapshot.is_whole else DatabaseDirectory()


def read_snapshot() -> Snapshot:
    """Read all tenants in one statement; a snapshot that is not whole where they are too many to hold."""
    verified = ArrayAgg(
        "domains__domain", filter=Q(domains__verified_at__isnull=False), default=Value([]), distinct=True
    )
    rows = list(_rows().annotate(hosts=verified).values_list(*COLUMNS, "hosts")[: MOST_TENANTS + 1])
    if len(rows) > MOST_TENANTS:
        return Snapshot({}, {}, is_whole=False)
    slugs: dict[str, TenantRecord] = {}
    hosts: dict[str, TenantRecord] = {}
    for *values, own_hosts in rows:
        record = TenantRecord(*values)
        slugs[record.slug] = record
        hosts.update(dict.fromkeys(own_hosts, record))
    return Snapshot(slugs, hosts)


def _rows() -> QuerySet[Tenant, Any]:
    places = {name: F(column) for name, column in PLACEMENT.items()}
    return Tenant.objects.tenants().annotate(**places).order_by()


def _first(matching: Q) -> TenantRecord | None:
    row = _rows().filter(matching).values_list(*COLUMNS).first()
    return TenantRecord(*row) if row else None


_watched: Watched[Snapshot] = Watched(TENANCY, read_snapshot)
