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
from customers.identity.models import ApiToken, Membership, Role
from customers.identity.operations import (
    add_membership,
    create_token,
    note_token_use,
    revoke_token,
    rotate_token,
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
    results = run_together(*[lambda: add_membership(actor=ACTOR, user=person, tenant=acme, roles=roles)] * 6)
    assert kinds(results) == ["Membership"] * 6
    assert Membership.objects.get(user=person).roles.count() == 1


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


def test_a_token_that_many_use_is_noted_once(run_together, new_token):
    results = run_together(*[lambda: note_token_use(token=presented(new_token), now=NOW)] * 8)
    assert results == [None] * 8


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
