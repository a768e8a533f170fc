"""Who writes what: every address that writes, for every kind of caller, as two tables say."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from customers.identity.enums import MembershipStatus, UserStatus
from customers.identity.models import ApiToken, Membership, Role
from customers.identity.operations import add_membership, create_token, create_user, move_user, revoke_token
from customers.tenants.enums import PlacementState, TenantStatus
from customers.tenants.models import Placement
from customers.tenants.operations import delete_tenant, set_tenant_status
from directory.rest.resources import RESOURCES
from tests import cast
from tests.cast import ACTOR
from tests.directory.rest.bodies import CHANGES, Rows
from tests.directory.rest.calling import Api, problem_of
from tests.roles import as_owner

NOW = datetime.now(UTC)
SAFE = {"get", "head", "options"}
MANAGE = "directory.manage"
PRIVILEGE_OF = {  # each address that writes, by its methods
    "directory/participants": MANAGE,
    "directory/identifiers": MANAGE,
    "directory/endpoints": MANAGE,
    "directory/capabilities": MANAGE,
    "directory/credentials": MANAGE,
    "directory/policies": MANAGE,
    "directory/edges": MANAGE,
    "directory/routing-artifacts": MANAGE,
    "directory/prefix-rules": MANAGE,
    "directory/sources": MANAGE,
    "directory/probes": MANAGE,
}
KEYED = ("participants", "identifiers", "endpoints", "capabilities", "credentials")
BY_KEY = "by/<str:source>/<path:external_id>"
WRITES = {
    **{(address, method): need for address, need in PRIVILEGE_OF.items() for method in ("post", "patch")},
    **{(f"{address}/bulk-delete", "post"): need for address, need in PRIVILEGE_OF.items()},
    **{
        (f"{address}/<str:id>", method): need
        for address, need in PRIVILEGE_OF.items()
        for method in ("patch", "delete")
    },
    **{(f"directory/{table}/{BY_KEY}", "put"): MANAGE for table in KEYED},
    ("directory/routing-artifacts/<str:id>/activate", "post"): MANAGE,
}
STATUS_OF = {"post": 201, "put": 201, "patch": 200, "delete": 204}
STATUS_OF_ACTION = {"activate": 200, "bulk-delete": 204}


class Line(NamedTuple):
    """What a kind of caller is answered: with a code everywhere, or by the privileges that they hold."""

    privileges: frozenset[str] = frozenset()
    code: str = ""
    status: int = 0


READS = frozenset({"directory.read"})
WRITES_ALL = READS | {MANAGE}
EXPECTED = {
    "owner": Line(WRITES_ALL),
    "owner, signed in": Line(WRITES_ALL),
    "admin": Line(WRITES_ALL),
    "member": Line(READS),
    "viewer": Line(READS),
    "member without a role": Line(),
    "operator": Line(WRITES_ALL),
    "token without the privilege": Line(READS),
    "token without the reading": Line(frozenset({MANAGE})),
    "token that only reads": Line(code="write_not_allowed", status=403),
    "token of the other tenant": Line(code="tenant_mismatch", status=403),
    "token of elsewhere's address": Line(code="ip_not_allowed", status=403),
    "revoked token": Line(code="token_revoked", status=401),
    "expired token": Line(code="token_expired", status=401),
    "disabled token": Line(code="token_disabled", status=401),
    "signed in, without the form's token": Line(code="csrf_failed", status=403),
    "anonymous": Line(code="not_authenticated", status=401),
    "owner of the other tenant": Line(code="not_found", status=404),
    "outsider": Line(code="not_found", status=404),
    "clerk of the platform": Line(code="not_found", status=404),
    "membership that waits": Line(code="not_found", status=404),
    "membership that rests": Line(code="not_found", status=404),
    "membership that ended": Line(code="not_found", status=404),
    "locked person's token": Line(code="token_invalid", status=401),
    "locked person, signed in": Line(code="not_authenticated", status=401),
    "owner of an inactive tenant": Line(code="tenant_inactive", status=403),
    "owner of an archived tenant": Line(code="tenant_inactive", status=403),
    "owner of a deleted tenant": Line(code="not_found", status=404),
    "owner of a tenant that is being made": Line(code="tenant_not_ready", status=503),
}


def everything(person, **values):
    """Return an API of acme by a token with every privilege that the person may have."""
    given: dict[str, Any] = {
        "privileges": sorted(WRITES_ALL),
        "may_write": True,
        "expires_at": NOW + timedelta(days=1),
    }
    return Api("acme", create_token(actor=ACTOR, user=person, name="t", **given | values))


def member(*roles, status=MembershipStatus.ACTIVE):
    person = create_user(actor=ACTOR, email="somebody@example.com")
    held = list(Role.objects.filter(tenant=None, code__in=roles))
    first = MembershipStatus.PENDING if status == MembershipStatus.PENDING else MembershipStatus.ACTIVE
    for one in dict.fromkeys((first, status)):
        add_membership(
            actor=ACTOR, user=person, tenant=cast.tenant("acme"), roles=held, status=one, reason="r"
        )
    assert Membership.objects.get(user=person).status == status
    return person


def signed_in(person, *, checks=False):
    api = Api("acme", client=Client(raise_request_exception=False, enforce_csrf_checks=checks))
    api.client.force_login(person)
    return api


def locked(api, person):
    move_user(actor=ACTOR, user=person, status=UserStatus.INACTIVE)
    return api


def of_tenant(change):
    api = everything(cast.user("acme_admin"))
    change(cast.tenant("acme"))
    return api


def token_of(api):
    return ApiToken.objects.get(key_id=api.token.partition("_")[2].partition(".")[0])


def changed_token(**columns):
    api = everything(cast.user("acme_admin"))
    row = token_of(api)
    for name, value in columns.items():
        setattr(row, name, value)
    row.save()
    return api


def revoked():
    api = everything(cast.user("acme_admin"))
    revoke_token(actor=ACTOR, token=token_of(api), now=NOW)
    return api


def unmade(tenant):
    Placement.objects.filter(tenant=tenant).update(state=PlacementState.PROVISIONING)


MADE: dict[str, Callable[[], Api]] = {
    "owner": lambda: everything(member("owner")),
    "owner, signed in": lambda: signed_in(cast.user("acme_admin")),
    "admin": lambda: everything(member("admin")),
    "member": lambda: everything(member("member")),
    "viewer": lambda: everything(member("viewer")),
    "member without a role": lambda: everything(member()),
    "operator": lambda: everything(cast.user("operator")),
    "token without the privilege": lambda: everything(cast.user("acme_admin"), privileges=sorted(READS)),
    "token without the reading": lambda: everything(cast.user("acme_admin"), privileges=[MANAGE]),
    "token that only reads": lambda: everything(cast.user("acme_admin"), may_write=False),
    "token of the other tenant": lambda: everything(cast.user("globex_admin"), tenant=cast.tenant("globex")),
    "token of elsewhere's address": lambda: everything(
        cast.user("acme_admin"), allowed_networks=["192.0.2.0/24"]
    ),
    "revoked token": revoked,
    "expired token": lambda: changed_token(expires_at=NOW - timedelta(seconds=1)),
    "disabled token": lambda: changed_token(is_enabled=False),
    "signed in, without the form's token": lambda: signed_in(cast.user("acme_admin"), checks=True),
    "anonymous": lambda: Api("acme"),
    "owner of the other tenant": lambda: everything(cast.user("globex_admin")),
    "outsider": lambda: everything(cast.user("outsider")),
    "clerk of the platform": lambda: everything(cast.user("clerk")),
    "membership that waits": lambda: everything(member("owner", status=MembershipStatus.PENDING)),
    "membership that rests": lambda: everything(member("owner", status=MembershipStatus.INACTIVE)),
    "membership that ended": lambda: everything(member("owner", status=MembershipStatus.ARCHIVED)),
    "locked person's token": lambda: locked(everything(person := member("owner")), person),
    "locked person, signed in": lambda: locked(signed_in(person := member("owner")), person),
    "owner of an inactive tenant": lambda: of_tenant(
        lambda acme: set_tenant_status(actor=ACTOR, tenant=acme, status=TenantStatus.INACTIVE)
    ),
    "owner of an archived tenant": lambda: of_tenant(
        lambda acme: set_tenant_status(actor=ACTOR, tenant=acme, status=TenantStatus.ARCHIVED)
    ),
    "owner of a deleted tenant": lambda: of_tenant(
        lambda acme: delete_tenant(actor=ACTOR, tenant=acme, now=NOW)
    ),
    "owner of a tenant that is being made": lambda: of_tenant(unmade),
}


def writes_of(patterns: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield (address, method) of everything in the tenant's API that is no reading."""
    for pattern in patterns:
        address = f"{prefix}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            yield from writes_of(pattern.url_patterns, address)
        elif isinstance(pattern, URLPattern) and address.startswith("api/v1/"):
            view: Any = pattern.callback
            cls = getattr(view, "cls", None) or view.view_class
            methods = getattr(view, "actions", None) or [
                one for one in cls.http_method_names if hasattr(cls, one)
            ]
            reads = SAFE | {name.lower() for name in getattr(cls, "reading_methods", ())}
            yield from ((address.removeprefix("api/v1/"), method) for method in set(methods) - reads)


@pytest.fixture
def rows(acme):
    return Rows.made_by(everything(cast.user("acme_admin")))


@pytest.fixture
def targets(rows):
    return rows.make_each(everything(cast.user("acme_admin")), 1)


def test_each_address_that_writes_has_a_line():
    writes = set(writes_of(get_resolver("config.urls_tenant").url_patterns))
    assert {one for one in writes if one[0].startswith("directory/")} == WRITES.keys()
    assert MADE.keys() == EXPECTED.keys()


@pytest.mark.parametrize("kind", EXPECTED)
def test_who_writes_is_who_the_table_says(kind, rows, targets):
    line, before = EXPECTED[kind], counted()
    schema = cast.tenant("acme").schema_name
    api = MADE[kind]()
    for (address, method), needed in WRITES.items():
        table = address.split("/")[1]
        made = rows.bodies(2)[table]
        body: Any = {"post": made, "put": made, "patch": CHANGES[table], "delete": None}[method]
        named = {"id": targets[table], "etag": "*"}
        if address.endswith("activate"):
            body = {}
        elif address.endswith("bulk-delete"):
            body = [named]
        elif method == "patch" and address in PRIVILEGE_OF:
            body = [named | body]
        with undone():
            path = address.replace("<str:id>", targets[table]).replace(BY_KEY, "by/internal/ext-2")
            answer = api.send(method.upper(), path, body, if_match="" if method == "put" else "*")
            told = (kind, method, address, answer.content)
            missing = sorted({needed, "directory.read"} - line.privileges)
            if line.code:
                assert (answer.status_code, problem_of(answer)["code"]) == (line.status, line.code), told
            elif missing:
                problem = problem_of(answer)
                assert (answer.status_code, problem["code"]) == (403, "permission_denied"), told
                assert problem["needed"] in missing
            else:
                expected = STATUS_OF_ACTION.get(address.rpartition("/")[2], STATUS_OF[method])
                assert answer.status_code == expected, told
            is_allowed = not line.code and not missing
            assert (counted(schema) != before) == is_allowed, told


@contextmanager
def undone() -> Iterator[None]:
    """Take back what the block does."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def counted(schema: str = "") -> list[Any]:
    """Return number and versions of the rows of each table of acme's directory, whatever became of the tenant."""
    name = schema or cast.tenant("acme").schema_name
    found = []
    with as_owner(), connection.cursor() as cursor:
        for resource in RESOURCES:
            table = resource.model._meta.db_table
            cursor.execute(f'SELECT count(*), coalesce(sum(row_version), 0) FROM "{name}"."{table}"')
            found.append(cursor.fetchone())
    return found
