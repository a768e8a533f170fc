"""The life of a tenant: how it is closed, opened, deleted, restored, moved and renamed, and who hears of it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from django.core.exceptions import ValidationError
from django.db import connections

from audit.models import AuditEvent
from config.foundation.actor import Actor
from config.foundation.errors import Refused
from config.foundation.rows import public_schema
from customers.tenants.enums import PlacementState, TenantStatus
from customers.tenants.models import Domain, Placement, Tenant
from customers.tenants.operations import (
    Moment,
    delete_tenant,
    lifecycle,
    move_tenant,
    on_lifecycle,
    register_tenant,
    register_usage,
    restore_tenant,
    set_tenant_status,
    update_tenant,
    usage_of,
)
from tests import cast
from tests.sealing import seal

ACTOR = Actor.system("tests")
NOW = datetime(2026, 3, 1, tzinfo=UTC)
ACTIVE, INACTIVE, ARCHIVED = TenantStatus.ACTIVE, TenantStatus.INACTIVE, TenantStatus.ARCHIVED


def moved(tenant, status, **options):
    return set_tenant_status(actor=ACTOR, tenant=tenant, status=status, **options)


def newcomer(slug, parent=None):
    return register_tenant(actor=ACTOR, slug=slug, name=slug.title(), parent=parent)


def verbs_of(tenant):
    seal()
    with public_schema():
        events = AuditEvent.objects.filter(resource="tenants.tenant", resource_id=str(tenant.pk)).order_by(
            "pk"
        )
        return list(events.values_list("action", "reason"))


def code_of(caught):
    if isinstance(caught.value, Refused):
        return caught.value.code
    (errors,) = caught.value.error_dict.values()
    return errors[0].code


@pytest.mark.parametrize(
    ("path", "verbs"),
    [
        ([INACTIVE, ACTIVE], ["suspend", "resume"]),
        ([ARCHIVED, ACTIVE], ["archive", "resume"]),
        ([INACTIVE, ARCHIVED, ACTIVE], ["suspend", "archive", "resume"]),
        ([INACTIVE, INACTIVE], ["suspend"]),
    ],
)
def test_a_tenant_is_closed_and_opened_each_move_with_its_verb_and_reason(acme, globex, path, verbs):
    before = len(verbs_of(acme)), verbs_of(globex)
    for status in path:
        assert moved(acme, status, reason="so").status == status
    assert verbs_of(acme)[before[0] :] == [(verb, "so") for verb in verbs]
    assert verbs_of(globex) == before[1]


def test_a_move_that_is_not_in_the_table_is_refused_with_both_states(acme):
    moved(acme, ARCHIVED)
    with pytest.raises(Refused) as caught:
        moved(acme, INACTIVE)
    assert (caught.value.code, caught.value.extensions) == (
        "invalid_transition",
        {"from": "archived", "to": "inactive"},
    )
    with pytest.raises(Refused, match="is archived"):
        moved(acme, TenantStatus.DELETED)


def test_a_deleted_tenant_leaves_its_name_and_keeps_slug_and_host(acme):
    gone = delete_tenant(actor=ACTOR, tenant=acme, now=NOW, reason="closed")
    assert (gone.status, gone.deleted_at, gone.name_key) == ("deleted", NOW, None)
    assert Placement.objects.get(tenant=acme).state == PlacementState.RETIRED
    assert register_tenant(actor=ACTOR, slug="acme-2", name="ACME Bank").name_key == "acme bank"
    with pytest.raises(ValidationError) as caught:
        newcomer("acme")
    assert code_of(caught) == "slug_taken"
    with pytest.raises(Refused, match="is deleted"):
        delete_tenant(actor=ACTOR, tenant=acme, now=NOW)


def test_within_thirty_days_it_is_restored_as_it_was(acme):
    delete_tenant(actor=ACTOR, tenant=acme, now=NOW)
    back = restore_tenant(actor=ACTOR, tenant=acme, now=NOW + timedelta(days=30))
    assert (back.status, back.deleted_at, back.name_key) == ("active", None, "acme bank")
    assert Placement.objects.get(tenant=acme).state == PlacementState.READY
    assert [verb for verb, _ in verbs_of(acme)][-2:] == ["delete", "restore"]


def test_a_restoration_is_refused_too_late_twice_or_while_another_has_the_name(acme):
    with pytest.raises(Refused) as caught:
        restore_tenant(actor=ACTOR, tenant=acme, now=NOW)
    assert code_of(caught) == "invalid_transition"
    delete_tenant(actor=ACTOR, tenant=acme, now=NOW)
    with pytest.raises(Refused) as caught:
        restore_tenant(actor=ACTOR, tenant=acme, now=NOW + timedelta(days=30, seconds=1))
    assert code_of(caught) == "restore_window_over"
    register_tenant(actor=ACTOR, slug="other", name="acme BANK")
    with pytest.raises(ValidationError) as taken:
        restore_tenant(actor=ACTOR, tenant=acme, now=NOW)
    assert code_of(taken) == "name_taken"


def test_a_parent_is_neither_deleted_before_nor_restored_after_its_children(acme, globex):
    move_tenant(actor=ACTOR, tenant=globex, parent=acme)
    with pytest.raises(Refused) as caught:
        delete_tenant(actor=ACTOR, tenant=acme, now=NOW)
    assert (code_of(caught), caught.value.extensions) == ("has_children", {"count": 1})
    delete_tenant(actor=ACTOR, tenant=globex, now=NOW)
    delete_tenant(actor=ACTOR, tenant=acme, now=NOW)
    with pytest.raises(Refused) as caught:
        restore_tenant(actor=ACTOR, tenant=globex, now=NOW)
    assert code_of(caught) == "parent_unavailable"


def test_a_subtree_moves_with_its_depths_and_no_deeper_than_five(acme, globex):
    chain = [acme]
    for slug in ("b", "c", "d"):
        chain.append(newcomer(slug, chain[-1]))
    move_tenant(actor=ACTOR, tenant=chain[1], parent=globex)
    assert [Tenant.objects.get(pk=one.pk).depth for one in chain] == [1, 2, 3, 4]
    move_tenant(actor=ACTOR, tenant=globex, parent=acme)
    assert Tenant.objects.get(slug="d").depth == 5
    deep = newcomer("e")
    with pytest.raises(Refused) as caught:
        move_tenant(actor=ACTOR, tenant=acme, parent=deep)
    assert code_of(caught) == "depth_exceeded"
    assert move_tenant(actor=ACTOR, tenant=chain[1], parent=None).depth == 1
    assert Tenant.objects.get(slug="d").depth == 3


@pytest.mark.parametrize("length", [1, 3])
def test_a_tenant_is_never_below_itself(acme, length):
    below = acme
    for number in range(length - 1):
        below = newcomer(f"n{number}", below)
    with pytest.raises(Refused) as caught:
        move_tenant(actor=ACTOR, tenant=acme, parent=below)
    assert code_of(caught) == "tenant_cycle"


def test_a_tenant_is_renamed_unless_another_has_the_name(acme, globex):
    assert update_tenant(actor=ACTOR, tenant=acme, name=" Acme Group ", type="bank").name_key == "acme group"
    with pytest.raises(ValidationError) as caught:
        update_tenant(actor=ACTOR, tenant=globex, name="ACME group")
    assert code_of(caught) == "name_taken"
    assert "ACME group" in caught.value.messages[0]
    with pytest.raises(TypeError, match="slug"):
        update_tenant(actor=ACTOR, tenant=acme, slug="other")


def test_a_host_name_that_is_taken_is_refused_without_saying_by_whom(acme, globex):
    Domain.objects.create(tenant=acme, domain="bank.example")
    with pytest.raises(ValidationError) as caught:
        Domain(tenant=globex, domain="bank.example").full_clean()
    assert code_of(caught) == "domain_taken"
    assert "cme" not in caught.value.messages[0]


def test_the_apps_hear_of_each_moment_in_the_same_transaction(acme, monkeypatch):
    heard = []
    monkeypatch.setattr(lifecycle, "_steps", {moment: [] for moment in Moment})
    for moment in Moment:
        on_lifecycle(
            moment, lambda *, actor, tenant, owner, moment=moment: heard.append((moment, tenant.slug))
        )
    moved(acme, INACTIVE)
    moved(acme, ACTIVE)
    delete_tenant(actor=ACTOR, tenant=acme, now=NOW)
    restore_tenant(actor=ACTOR, tenant=acme, now=NOW)
    newcomer("initech")
    assert heard == [
        (Moment.SUSPENDED, "acme"),
        (Moment.RESUMED, "acme"),
        (Moment.DELETED, "acme"),
        (Moment.RESTORED, "acme"),
        (Moment.CREATED, "initech"),
    ]


def test_a_step_that_refuses_undoes_the_operation(acme, monkeypatch):
    def refuse(*, actor, tenant, owner):
        raise Refused("has_children", "not now")

    monkeypatch.setattr(lifecycle, "_steps", {moment: [refuse] for moment in Moment})
    with pytest.raises(Refused, match="not now"):
        delete_tenant(actor=ACTOR, tenant=acme, now=NOW)
    acme.refresh_from_db()
    assert acme.status == ACTIVE


def test_usage_is_counted_by_name_and_by_one_counter_each(acme, monkeypatch):
    monkeypatch.setattr(lifecycle, "_counters", {})
    register_usage("members", lambda tenant: 2)
    assert usage_of(acme) == {"members": 2}
    with pytest.raises(ValueError, match="counted twice"):
        register_usage("members", lambda tenant: 3)


@pytest.mark.race
@pytest.mark.usefixtures("committed")
def test_two_moves_at_once_make_no_cycle():
    acme, globex = cast.tenant("acme"), cast.tenant("globex")
    start = Barrier(2)

    def move(tenant, parent):
        start.wait(timeout=30)
        try:
            return move_tenant(actor=ACTOR, tenant=tenant, parent=parent).slug
        except Refused as refusal:
            return refusal.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        results = {pool.submit(move, acme, globex), pool.submit(move, globex, acme)}
    assert "tenant_cycle" in {each.result() for each in results}
    assert Tenant.objects.filter(slug__in=["acme", "globex"], parent__isnull=True).count() == 1
