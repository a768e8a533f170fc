"""Who may give what to whom: roles, memberships and people in two tenants."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.test import Client

from audit.models import AuditEvent
from config.foundation.actor import Actor
from config.foundation.constraints import translated
from config.foundation.errors import Refused
from config.foundation.rows import public_schema
from customers.identity.enums import MembershipStatus, UserStatus
from customers.identity.models import Membership, MembershipRole, Role, User
from customers.identity.operations import (
    PLATFORM,
    Authority,
    Mapping,
    add_membership,
    authority_in,
    create_role,
    delete_role,
    map_people,
    move_membership,
    move_user,
    update_role,
)
from tests.sealing import seal

ACTOR = Actor.system("tests")
ACTIVE, INACTIVE, ARCHIVED, PENDING = (
    MembershipStatus.ACTIVE, MembershipStatus.INACTIVE, MembershipStatus.ARCHIVED, MembershipStatus.PENDING,
)  # fmt: skip


def role(code: str) -> Role:
    return Role.objects.get(tenant__isnull=True, code=code)


def role_of(tenant: Any, title: str = "Desk", privileges: tuple[str, ...] = ("directory.read",)) -> Role:
    return create_role(actor=ACTOR, tenant=tenant, title=title, privileges=privileges)


def holding(tenant: Any, *privileges: str) -> Authority:
    return Authority(tenant.pk, frozenset(privileges))


def events() -> list[AuditEvent]:
    seal()
    with public_schema():
        return list(AuditEvent.objects.order_by("pk"))


@pytest.fixture
def admin(acme: Any, outsider: Any) -> dict[str, Any]:
    """Return how acme's admin, who is no owner, calls an operation."""
    add_membership(actor=ACTOR, user=outsider, tenant=acme, roles=[role("admin")])
    return {"actor": Actor.user(outsider.pk), "authority": authority_in(outsider, acme)}


@pytest.fixture
def guest(acme_member: Any, acme: Any) -> Membership:
    return Membership.objects.get(user=acme_member, tenant=acme)


def test_13_one_row_goes_through_all_states_and_comes_back(acme: Any, outsider: Any) -> None:
    first = add_membership(actor=ACTOR, user=outsider, tenant=acme, roles=[], status=PENDING)
    assert move_membership(actor=ACTOR, membership=first, status=ACTIVE).status == ACTIVE
    move_membership(actor=ACTOR, membership=first, status=ARCHIVED, reason="Left.")
    again = add_membership(actor=ACTOR, user=outsider, tenant=acme, roles=[role("viewer")])
    assert (again.pk, again.status, again.reason) == (first.pk, ACTIVE, "")
    told = [event.action for event in events() if event.resource_id == str(first.pk)]
    assert told == ["create", "activate", "archive", "update"]


@pytest.mark.parametrize(
    ("path", "wanted"),
    [([PENDING], INACTIVE), ([ACTIVE], PENDING), ([ACTIVE, ARCHIVED], INACTIVE), ([ACTIVE], ACTIVE)],
)
def test_13_a_move_that_is_not_foreseen_is_refused(
    acme: Any, outsider: Any, path: list[MembershipStatus], wanted: MembershipStatus
) -> None:
    first = add_membership(actor=ACTOR, user=outsider, tenant=acme, roles=[], status=path[0])
    for status in path[1:]:
        move_membership(actor=ACTOR, membership=first, status=status, reason="So.")
    with pytest.raises(Refused) as caught:
        move_membership(actor=ACTOR, membership=first, status=wanted, reason="So.")
    assert caught.value.code == "invalid_transition"


@pytest.mark.parametrize("status", [INACTIVE, ARCHIVED])
def test_13_stopping_and_ending_need_a_reason(guest: Membership, status: MembershipStatus) -> None:
    with pytest.raises(ValidationError) as caught:
        move_membership(actor=ACTOR, membership=guest, status=status)
    assert [one.code for errors in caught.value.error_dict.values() for one in errors] == ["reason_required"]


def test_13_many_are_mapped_each_by_itself(
    acme: Any, globex: Any, outsider: Any, clerk: Any, guest: Any
) -> None:
    foreign, viewer = role_of(globex), role("viewer")
    found = map_people(
        actor=ACTOR,
        tenant=acme,
        mappings=[
            Mapping(outsider, (viewer,)),
            Mapping(clerk, (viewer, foreign)),
            Mapping(guest.user, (viewer,)),
            Mapping(guest.user, (viewer,), status=PENDING),
        ],
    )
    assert [one.status for one in found] == ["created", "refused", "updated", "refused"]
    assert [one.problem["code"] for one in found if one.problem] == ["role_not_allowed", "invalid_transition"]
    assert not Membership.objects.filter(user=clerk).exists()


def test_14_a_role_of_another_tenant_is_refused_by_the_database_itself(
    guest: Membership, globex: Any
) -> None:
    foreign = role_of(globex)
    with pytest.raises(Refused) as caught, translated(), transaction.atomic():
        MembershipRole.objects.bulk_create([MembershipRole(membership=guest, role=foreign)])
    assert caught.value.code == "role_not_allowed"
    MembershipRole.objects.create(membership=guest, role=role("viewer"))


def test_14_a_role_and_a_membership_stay_in_their_tenant(
    guest: Membership, acme: Any, globex: Any, outsider: Any
) -> None:
    mine = role_of(acme)
    for rows, values in (
        (Role.objects.filter(pk=mine.pk), {"tenant": globex}),
        (Membership.objects.filter(pk=guest.pk), {"tenant": globex}),
        (Membership.objects.filter(pk=guest.pk), {"user": outsider}),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.update(**values)


def test_14_nobody_gives_more_than_they_hold(admin: Any, acme: Any, clerk: Any) -> None:
    above = role_of(acme, "Reader of secrets", ("view_confidential",))
    with pytest.raises(Refused) as caught:
        add_membership(user=clerk, tenant=acme, roles=[above], **admin)
    assert (caught.value.code, caught.value.extensions["missing"]) == (
        "permission_denied",
        ["view_confidential"],
    )
    with pytest.raises(Refused, match="view_confidential"):
        create_role(tenant=acme, title="Mine", privileges=["view_confidential"], **admin)
    with pytest.raises(Refused, match="view_confidential"):
        update_role(role=role_of(acme), privileges=["directory.read", "view_confidential"], **admin)
    assert add_membership(user=clerk, tenant=acme, roles=[role("member")], **admin).status == ACTIVE


def test_14_only_owners_make_and_unmake_and_stop_owners(
    admin: Any, acme: Any, acme_admin: Any, clerk: Any
) -> None:
    second = add_membership(actor=ACTOR, user=clerk, tenant=acme, roles=[role("owner")])
    for call in (
        lambda: add_membership(user=acme_admin, tenant=acme, roles=[role("viewer")], **admin),
        lambda: move_membership(membership=second, status=ARCHIVED, reason="Coup.", **admin),
    ):
        with pytest.raises(Refused, match=r"owners\.manage"):
            call()
    owner: dict[str, Any] = {"actor": Actor.user(acme_admin.pk), "authority": authority_in(acme_admin, acme)}
    move_membership(membership=second, status=ARCHIVED, reason="Left.", **owner)
    with pytest.raises(Refused, match=r"owners\.manage"):
        move_membership(membership=second, status=ACTIVE, **admin)


def test_14_what_an_ended_membership_carries_is_given_anew(admin: Any, acme: Any, clerk: Any) -> None:
    above = role_of(acme, "Reader of secrets", ("view_confidential",))
    ended = add_membership(actor=ACTOR, user=clerk, tenant=acme, roles=[above])
    move_membership(actor=ACTOR, membership=ended, status=ARCHIVED, reason="Left.")
    for call in (
        lambda: move_membership(membership=ended, status=ACTIVE, **admin),
        lambda: add_membership(user=clerk, tenant=acme, roles=[above], **admin),
    ):
        with pytest.raises(Refused, match="view_confidential"):
            call()


def test_14_authority_ends_at_the_tenants_border(admin: Any, globex: Any, clerk: Any) -> None:
    with pytest.raises(Refused, match=r"members\.manage"):
        add_membership(user=clerk, tenant=globex, roles=[role("viewer")], **admin)
    with pytest.raises(Refused):
        create_role(tenant=None, title="Everywhere", privileges=[], **admin)


def test_14_who_acts_says_with_what_authority(acme: Any, clerk: Any) -> None:
    with pytest.raises(TypeError):
        add_membership(actor=Actor.user(clerk.pk), user=clerk, tenant=acme, roles=[role("owner")])


def test_14_a_role_in_use_is_deleted_by_force_in_its_own_tenant_alone(
    acme: Any, globex: Any, outsider: Any
) -> None:
    mine, theirs = role_of(acme), role_of(globex)
    for tenant, given in ((acme, mine), (globex, theirs)):
        add_membership(actor=ACTOR, user=outsider, tenant=tenant, roles=[given, role("viewer")])
    with pytest.raises(Refused) as caught:
        delete_role(actor=ACTOR, role=mine)
    assert (caught.value.code, caught.value.extensions) == ("role_in_use", {"used_by": 1})
    assert delete_role(actor=ACTOR, role=mine, force=True) == 1
    left = MembershipRole.objects.filter(membership__user=outsider).order_by("role__code", "pk")
    assert [one.role.code for one in left] == ["desk", "viewer", "viewer"]
    assert Role.objects.filter(pk=theirs.pk).exists()


def test_14_built_in_roles_stay_as_they_are(db: None) -> None:
    for call in (
        lambda: update_role(actor=ACTOR, role=role("viewer"), title="Mine"),
        lambda: delete_role(actor=ACTOR, role=role("viewer"), force=True),
    ):
        with pytest.raises(Refused) as caught:
            call()
        assert caught.value.code == "permission_denied"


def test_people_leave_without_a_privilege_but_not_as_the_last_owner(
    guest: Membership, acme: Any, acme_admin: Any
) -> None:
    nothing = holding(acme)
    leave: dict[str, Any] = {"status": ARCHIVED, "reason": "I leave.", "authority": nothing}
    move_membership(actor=Actor.user(guest.user_id), membership=guest, **leave)
    mine = Membership.objects.get(user=acme_admin, tenant=acme)
    with pytest.raises(Refused) as caught:
        move_membership(actor=Actor.user(acme_admin.pk), membership=mine, **leave)
    assert caught.value.code == "last_owner"


@pytest.mark.parametrize("status", [UserStatus.INACTIVE, UserStatus.ARCHIVED])
def test_the_last_owner_of_a_tenant_is_not_stopped_as_a_person(
    acme: Any, acme_admin: Any, outsider: Any, status: UserStatus
) -> None:
    with pytest.raises(Refused) as caught:
        move_user(actor=ACTOR, user=acme_admin, status=status)
    assert caught.value.code == "last_owner"
    add_membership(actor=ACTOR, user=outsider, tenant=acme, roles=[role("owner")])
    move_user(actor=ACTOR, user=acme_admin, status=status)
    assert move_user(actor=ACTOR, user=acme_admin, status=UserStatus.ACTIVE).is_active


def test_21_each_row_leaves_one_event_with_who_did_it_and_no_secret(
    acme: Any, acme_admin: Any, outsider: Any
) -> None:
    before = len(events())
    said: dict[str, Any] = {
        "actor": Actor.user(acme_admin.pk), "authority": authority_in(acme_admin, acme), "reason": "Joins."
    }  # fmt: skip
    made = create_role(tenant=acme, title="Desk", privileges=["directory.read"], **said)
    mapped = add_membership(user=outsider, tenant=acme, roles=[made], **said)
    new = events()[before:]
    assert [event.resource for event in new] == [
        "identity.role", "identity.roleprivilege", "identity.membership", "identity.membershiprole",
    ]  # fmt: skip
    assert {event.actor for event in new} == {f"user:{acme_admin.pk}"}
    assert {event.tenant_id for event in new} == {acme.pk}
    assert new[2].resource_id == str(mapped.pk)
    secret = outsider.password
    assert not any(secret in event.record for event in events())


def test_21_what_is_refused_leaves_no_event(admin: Any, acme: Any, acme_admin: Any, clerk: Any) -> None:
    before = len(events())
    with pytest.raises(Refused):
        add_membership(user=clerk, tenant=acme, roles=[role("owner")], **admin)
    with pytest.raises(ValidationError):
        create_role(actor=ACTOR, tenant=acme, title="Desk", privileges=["no.such"])
    with pytest.raises(Refused):
        move_user(actor=ACTOR, user=acme_admin, status=UserStatus.INACTIVE)
    assert len(events()) == before


def test_operators_without_a_membership_give_nothing(acme: Any, clerk: Any, operator: Any) -> None:
    assert authority_in(clerk, acme).privileges == frozenset()
    assert authority_in(operator, acme) == PLATFORM


@pytest.fixture
def client(operator: User) -> Client:
    client = Client(headers={"Host": "localhost"})
    client.force_login(operator)
    return client


def test_the_page_of_a_person_says_why_the_last_owner_stays_and_leads_to_their_events(
    client: Client, acme_admin: Any
) -> None:
    address = f"/admin/identity/user/{acme_admin.pk}/change/"
    page = client.get(address).content.decode()
    link = f"/admin/audit/auditevent/?person={acme_admin.display_id}"
    assert link in page
    seal()
    assert {event.resource for event in client.get(link).context["cl"].result_list} >= {"identity.user"}
    values = {"email": acme_admin.email, "time_zone": "UTC", "status": "inactive"}
    inlines = {f"memberships-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    answer = client.post(address, values | inlines, follow=True)
    assert "This is the last owner of Acme Bank" in answer.content.decode()
    answer = client.post(
        "/admin/identity/user/", {"action": "deactivate", "_selected_action": [acme_admin.pk]}, follow=True
    )
    assert "0 made inactive, 1 left as they were" in answer.content.decode()
    acme_admin.refresh_from_db()
    assert acme_admin.is_active


def test_a_role_is_made_changed_and_deleted_on_its_pages(
    client: Client, acme: Any, guest: Membership
) -> None:
    keys = [str(one.pk) for one in role("viewer").privileges.order_by("code", "pk")[:2]]
    values = {"title": "Night desk", "tenant": str(acme.pk), "granted": keys}
    client.post("/admin/identity/role/add/", values)
    made = Role.objects.get(code="night_desk", tenant=acme)
    assert made.privileges.count() == 2
    client.post(f"/admin/identity/role/{made.pk}/change/", values | {"granted": keys[:1]})
    assert made.privileges.count() == 1
    add_membership(actor=ACTOR, user=guest.user, tenant=acme, roles=[made])
    act = {"action": "delete_by_force", "_selected_action": [made.pk]}
    answer = client.post("/admin/identity/role/", act, follow=True)
    assert "taken from 1 memberships" in answer.content.decode()
    assert not Role.objects.filter(pk=made.pk).exists()
    assert (
        "directory.read" in client.get(f"/admin/identity/role/{role('viewer').pk}/change/").content.decode()
    )


def test_a_membership_is_moved_on_its_page_with_its_reason(client: Client, guest: Membership) -> None:
    address = f"/admin/identity/membership/{guest.pk}/change/"
    granted = [str(one.pk) for one in guest.roles.all()]
    client.post(address, {"granted": granted, "status": "inactive", "reason": "On leave."})
    guest.refresh_from_db()
    assert (guest.status, guest.reason) == (INACTIVE, "On leave.")
    answer = client.post(address, {"granted": granted, "status": "pending"}, follow=True)
    assert "only active or archived" in answer.content.decode()
