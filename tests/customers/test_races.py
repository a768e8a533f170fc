"""Operations at the same moment, on a database of their own: the second waits, is refused, or changes nothing."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from django.db import connections
from psycopg.conninfo import conninfo_to_dict

from config.foundation.actor import Actor
from config.foundation.errors import Refused
from customers.identity.enums import MembershipStatus, UserStatus
from customers.identity.models import ApiToken, ApiTokenTally, ApiTokenUse, Membership, Role
from customers.identity.operations import (
    Authority,
    Mapping,
    TokenUses,
    add_membership,
    create_token,
    map_people,
    move_membership,
    move_user,
    revoke_token,
    rotate_token,
    write_token_uses,
)
from customers.identity.tokens import find_token
from customers.tenants.models import Placement, Tenant
from customers.tenants.operations import create_tenant, provision_tenant, register_tenant
from tests import cast, database

pytestmark = pytest.mark.race
ACTOR = Actor.system("race")
NOW = datetime.now(UTC)


@pytest.fixture
def run_together(own_database: str, django_db_blocker: Any) -> Iterator[Callable[..., list[Any]]]:
    """Run functions at the same moment, each on a connection of its own; return what each returned or raised."""

    def run(*functions: Callable[[], Any]) -> list[Any]:
        start = Barrier(len(functions))

        def perform(function: Callable[[], Any]) -> Any:
            try:
                start.wait(timeout=30)
                return function()
            except Exception as error:  # noqa: BLE001 -- a result like any other
                return error
            finally:
                connections.close_all()

        with ThreadPoolExecutor(len(functions)) as pool:
            return list(pool.map(perform, functions))

    with django_db_blocker.unblock(), database.using(str(conninfo_to_dict(own_database)["dbname"])):
        yield run


def role(code):
    return Role.objects.get(tenant__isnull=True, code=code)


def presented(text: str) -> ApiToken:
    found = find_token(text, NOW)
    assert found is not None
    return found


def kinds(results):
    return sorted(type(result).__name__ for result in results)


@pytest.fixture
def new_token(run_together):
    return create_token(
        actor=ACTOR, user=cast.user("acme_admin"), name="t", privileges=[], expires_at=NOW + timedelta(days=1)
    )


def test_of_the_last_two_owners_who_leave_one_stays(run_together):
    acme, people = cast.tenant("acme"), [cast.user("acme_admin"), cast.user("outsider")]
    owner, viewer = [role("owner")], [role("viewer")]
    leaves = [partial(add_membership, actor=ACTOR, user=one, tenant=acme, roles=viewer) for one in people]
    for _ in range(4):
        for person in people:
            add_membership(actor=ACTOR, user=person, tenant=acme, roles=owner)
        results = run_together(*leaves)
        assert kinds(results) == ["Membership", "Refused"]
        assert [one.code for one in results if isinstance(one, Refused)] == ["last_owner"]
        assert Membership.objects.filter(tenant=acme, roles__code="owner").count() == 1


def test_a_person_is_mapped_once_however_many_map_them(run_together):
    acme, person, roles = cast.tenant("acme"), cast.user("outsider"), [role("member")]
    results = run_together(*[lambda: add_membership(actor=ACTOR, user=person, tenant=acme, roles=roles)] * 20)
    assert kinds(results) == ["Membership"] * 20
    assert Membership.objects.get(user=person).roles.count() == 1


def test_an_owner_who_leaves_and_one_who_is_stopped_leave_one(run_together):
    acme, first, second = cast.tenant("acme"), cast.user("acme_admin"), cast.user("outsider")
    mine = Membership.objects.get(user=first, tenant=acme)
    add_membership(actor=ACTOR, user=second, tenant=acme, roles=[role("owner")])
    archived = MembershipStatus.ARCHIVED
    results = run_together(
        lambda: move_membership(actor=Actor.user(first.pk), membership=mine, status=archived, reason="Left.",
                                authority=Authority(acme.pk, frozenset())),
        lambda: move_user(actor=ACTOR, user=second, status=UserStatus.INACTIVE),
    )  # fmt: skip
    assert [one.code for one in results if isinstance(one, Refused)] == ["last_owner"]
    assert Membership.objects.in_force().owning().filter(tenant=acme).count() == 1


def test_people_mapped_crosswise_in_bulk_do_not_wait_for_each_other(run_together):
    people = [cast.user(name) for name in ("outsider", "clerk", "operator")]
    rows = [Mapping(person, (role("viewer"),)) for person in people]
    tenants = [cast.tenant("acme"), cast.tenant("globex")]
    results = run_together(
        *[
            partial(map_people, actor=ACTOR, tenant=tenant, mappings=order)
            for tenant in tenants
            for order in (rows, rows[::-1])
        ]
    )
    assert kinds(results) == ["list"] * 4
    assert Membership.objects.filter(user__in=people).count() == 6


def test_a_slug_is_taken_once(run_together):
    results = run_together(*[lambda: create_tenant(actor=ACTOR, slug="initech", name="Initech")] * 2)
    assert sum(isinstance(result, Tenant) for result in results) == 1
    assert kinds(results) == ["Tenant", "ValidationError"]
    assert Placement.objects.get(tenant__slug="initech").state == "ready"


def test_a_schema_is_made_once_however_many_provision_it(run_together):
    tenant = register_tenant(actor=ACTOR, slug="initech", name="Initech")
    results = run_together(
        *[lambda: provision_tenant(actor=ACTOR, tenant=Tenant.objects.get(pk=tenant.pk))] * 3
    )
    assert [getattr(result, "status", result) for result in results] == ["active"] * 3
    assert Placement.objects.get(tenant=tenant).last_error == ""


def test_the_uses_that_many_processes_write_at_once_are_all_counted(run_together, new_token):
    token = presented(new_token)

    def write():
        uses = TokenUses(write_token_uses)
        uses.note(token.pk, now=NOW, address="192.0.2.7")
        uses.note(token.pk, now=NOW, code="not_found")
        uses.flush()

    assert run_together(*[write] * 8) == [None] * 8
    counts = {tally.code: tally.count for tally in ApiTokenTally.objects.filter(token=token)}
    assert counts == {"": 8, "not_found": 8}
    assert ApiTokenUse.objects.get(token=token).last_used_at == NOW


def test_of_twenty_rotations_of_one_state_one_is_done_and_no_secret_is_lost(run_together, new_token):
    token = presented(new_token)

    def check(current):
        if current.row_version != token.row_version:
            raise Refused("precondition_failed", "changed")

    def rotate():
        return rotate_token(actor=ACTOR, token=token, overlap=timedelta(hours=1), now=NOW, check=check)

    results = run_together(*[rotate] * 20)
    texts = [result for result in results if isinstance(result, str)]
    assert kinds(results) == ["Refused"] * 19 + ["str"]
    assert [find_token(text, NOW) for text in [*texts, new_token]] == [token, token]


def test_of_two_rotations_both_secrets_are_good_and_the_first_is_void(run_together, new_token):
    token = presented(new_token)
    hour = timedelta(hours=1)
    texts = run_together(*[lambda: rotate_token(actor=ACTOR, token=token, overlap=hour, now=NOW)] * 2)
    assert [find_token(text, NOW) for text in [*texts, new_token]] == [token, token, None]


def test_a_revoked_token_is_not_revived_by_a_rotation(run_together, new_token):
    token = presented(new_token)
    results = run_together(
        lambda: revoke_token(actor=ACTOR, token=token, now=NOW),
        lambda: rotate_token(actor=ACTOR, token=token, overlap=timedelta(0), now=NOW),
    )
    assert not any(find_token(text, NOW) for text in [new_token, *results] if isinstance(text, str))
