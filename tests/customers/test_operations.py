"""People, memberships, tokens and tenants: what the operations do and refuse."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection

from config.foundation.actor import Actor
from config.foundation.errors import Refused
from customers.identity.enums import MembershipStatus, UserStatus
from customers.identity.models import ApiToken, Membership, Privilege, Role, User
from customers.identity.operations import (
    add_membership,
    create_token,
    create_user,
    revoke_token,
    rotate_token,
)
from customers.identity.operations.tokens import Issued
from customers.identity.tokens import TokenText, find_token, new_text, parse_text
from customers.tenants import operations as tenants
from customers.tenants.models import Tenant

ACTOR = Actor.system("tests")
NOW = datetime.now(UTC)
WEEK = timedelta(days=7)


def role(code):
    return Role.objects.get(tenant__isnull=True, code=code)


def tables_of(schema: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema])
        return {name for (name,) in cursor.fetchall()}


def codes_of(caught):
    return {one.code for errors in caught.value.error_dict.values() for one in errors}


@pytest.fixture
def token_text(acme_admin, acme):
    return create_token(
        actor=ACTOR,
        user=acme_admin,
        tenant=acme,
        name="t",
        privileges=["directory.read"],
        expires_at=NOW + WEEK,
    )


def parts_of(text: str) -> TokenText:
    parts = parse_text(text)
    assert parts is not None
    return parts


def token_of(text: str) -> ApiToken:
    return ApiToken.objects.get(key_id=parts_of(text).key_id)


def test_a_token_is_found_by_its_text_with_its_user_and_privileges(
    token_text, acme_admin, django_assert_num_queries
):
    with django_assert_num_queries(1):
        found: Any = find_token(token_text, NOW)
        assert found.user == acme_admin
    assert found.privilege_codes == ["directory.read"]


def test_a_secret_stands_nowhere_in_clear(token_text):
    parts = parts_of(token_text)
    secret = parts.secret
    assert secret not in repr(parts)
    assert secret not in repr(Issued(ApiToken(name="made"), parts.reveal()))
    with connection.cursor() as cursor:
        cursor.execute("SELECT identity_apitoken::text FROM identity_apitoken")
        assert not any(secret in text for (text,) in cursor.fetchall())


def test_wrong_secrets_unknown_key_ids_and_malformed_texts_find_nothing(token_text):
    key_id = parts_of(token_text).key_id
    for text in (
        new_text(key_id).reveal(),
        new_text().reveal(),
        token_text[:-1],
        token_text + "a",
        "",
        "sbt_",
    ):
        assert find_token(text, NOW) is None


def test_a_mistyped_token_is_no_token(token_text):
    other = "b" if token_text[30] == "a" else "a"
    assert parse_text(token_text[:30] + other + token_text[31:]) is None


def test_expired_revoked_and_disabled_tokens_and_those_of_inactive_people_find_nothing(
    token_text, acme_admin
):
    assert find_token(token_text, NOW + WEEK) is None
    ApiToken.objects.update(is_enabled=False)
    assert find_token(token_text, NOW) is None
    ApiToken.objects.update(is_enabled=True)
    acme_admin.status = UserStatus.INACTIVE
    acme_admin.save()
    assert find_token(token_text, NOW) is None
    acme_admin.status = UserStatus.ACTIVE
    acme_admin.save()
    assert find_token(token_text, NOW) is not None
    revoke_token(actor=ACTOR, token=token_of(token_text), now=NOW)
    assert find_token(token_text, NOW) is None


def test_after_a_rotation_both_secrets_are_good_for_the_overlap(token_text):
    rotated = rotate_token(actor=ACTOR, token=token_of(token_text), overlap=timedelta(hours=1), now=NOW)
    assert find_token(rotated, NOW) == find_token(token_text, NOW) == token_of(token_text)
    later = NOW + timedelta(hours=1)
    assert find_token(token_text, later) is None
    assert find_token(rotated, later) is not None


def test_a_revoked_token_is_not_rotated(token_text):
    revoke_token(actor=ACTOR, token=token_of(token_text), now=NOW)
    with pytest.raises(ValidationError) as caught:
        rotate_token(actor=ACTOR, token=token_of(token_text), overlap=WEEK, now=NOW)
    assert caught.value.code == "token_unusable"


def test_a_pepper_that_is_gone_ends_its_tokens_and_a_new_one_does_not(token_text, settings):
    peppers = settings.SWITCHBOARD_TOKEN_PEPPERS
    settings.SWITCHBOARD_TOKEN_PEPPERS = {**peppers, 2: b"another"}
    assert find_token(token_text, NOW) is not None
    settings.SWITCHBOARD_TOKEN_PEPPERS = {2: b"another"}
    assert find_token(token_text, NOW) is None


def test_a_token_lives_at_most_a_year_and_holds_known_privileges(acme_admin):
    for refused in ({"expires_at": NOW + timedelta(days=367)}, {"privileges": ["no.such"]}):
        values: dict[str, Any] = {"privileges": [], "expires_at": NOW + WEEK} | refused
        with pytest.raises(ValidationError):
            create_token(actor=ACTOR, user=acme_admin, name="t", **values)


def test_a_second_mapping_is_the_same_row_with_other_roles(outsider, acme):
    first = add_membership(actor=ACTOR, user=outsider, tenant=acme, roles=[role("member")])
    second = add_membership(actor=ACTOR, user=outsider, tenant=acme, roles=[role("viewer")])
    assert first.pk == second.pk
    assert [one.code for one in second.roles.all()] == ["viewer"]


def test_a_role_of_another_tenant_is_refused(outsider, acme, globex):
    foreign = Role(tenant=globex, title="Their own")
    foreign.full_clean()
    foreign.save()
    with pytest.raises(ValidationError) as caught:
        add_membership(actor=ACTOR, user=outsider, tenant=acme, roles=[foreign])
    assert codes_of(caught) == {"role_not_allowed"}
    assert not Membership.objects.filter(user=outsider).exists()


def test_ending_a_membership_needs_a_reason(acme_member, acme):
    values = {
        "user": acme_member,
        "tenant": acme,
        "roles": [role("member")],
        "status": MembershipStatus.INACTIVE,
    }
    with pytest.raises(ValidationError) as caught:
        add_membership(actor=ACTOR, **values)
    assert codes_of(caught) == {"reason_required"}
    assert add_membership(actor=ACTOR, reason="On leave.", **values).reason == "On leave."


@pytest.mark.parametrize("change", [{"status": MembershipStatus.INACTIVE, "reason": "Left."}, {"roles": []}])
def test_the_last_owner_stays(acme_admin, acme, outsider, change):
    values = {"user": acme_admin, "tenant": acme, "roles": [role("owner")]} | change
    with pytest.raises(Refused) as caught:
        add_membership(actor=ACTOR, **values)
    assert caught.value.code == "last_owner"
    add_membership(actor=ACTOR, user=outsider, tenant=acme, roles=[role("owner")])
    add_membership(actor=ACTOR, **values)


def test_people_sign_in_in_whatever_case_they_type_unless_stopped(client, db):
    user = create_user(actor=ACTOR, email="Jo.Doe@Example.com", password="an uncommon sentence")
    assert client.login(username="JO.DOE@example.COM", password="an uncommon sentence")
    user.status = UserStatus.INACTIVE
    user.save()
    assert not client.login(username="jo.doe@example.com", password="an uncommon sentence")


def test_a_taken_address_and_a_weak_password_are_refused(outsider):
    for email, password in ((outsider.email.upper(), None), ("new@example.com", "short")):
        with pytest.raises(ValidationError):
            create_user(actor=ACTOR, email=email, password=password)


def test_the_built_in_roles_hold_what_the_specification_says(db):
    held = {one.code: set(one.privileges.values_list("code", flat=True)) for one in Role.objects.all()}
    everything = set(Privilege.objects.values_list("code", flat=True))
    assert held["owner"] == everything
    assert everything - held["admin"] == {"tenant.delete", "owners.manage", "view_confidential"}
    assert held["member"] - held["viewer"] == {"records.read", "programs.write", "directory.resolve"}
    assert len(held["viewer"]) == 7


def test_the_platforms_own_row_is_made_once_and_shown_nowhere(db):
    first = tenants.bootstrap_platform(actor=ACTOR)
    assert tenants.bootstrap_platform(actor=ACTOR) == first
    assert first not in Tenant.objects.tenants()


@pytest.mark.parametrize(
    ("slug", "owner"),
    [("acme", "outsider@example.com"), ("t", "outsider@example.com"), ("new", "no@example.com")],
)
def test_the_command_refuses_in_one_line(outsider, acme, slug, owner):
    with pytest.raises(CommandError) as caught:
        call_command("create_tenant", slug, "New", owner=owner)
    assert "\n" not in str(caught.value)


def test_the_first_operator_is_made_once_by_command(db, capsys, monkeypatch):
    monkeypatch.setenv("SWITCHBOARD_OPERATOR_PASSWORD", "a long enough sentence")
    for _ in range(2):
        call_command("bootstrap_platform", operator="Ops@bank.example")
    operator = User.objects.get(email_key="ops@bank.example")
    assert operator.is_superuser
    assert operator.check_password("a long enough sentence")
    assert capsys.readouterr().out.count("operator made") == 1


def test_a_weak_password_of_an_operator_is_refused_in_one_line(db, monkeypatch):
    monkeypatch.setenv("SWITCHBOARD_OPERATOR_PASSWORD", "short")
    with pytest.raises(CommandError, match="too short"):
        call_command("bootstrap_platform", operator="ops@bank.example")
