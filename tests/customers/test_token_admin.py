"""Pages of tokens, on the platform's site and on a tenant's."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from config.foundation.actor import Actor
from customers.identity.models import ApiToken, Privilege
from customers.identity.operations import create_token, token_uses
from customers.identity.tokens import find_token
from tests.customers.pages import events_of, permit, signed_in, text_of
from tests.directory.rest.calling import Api
from tests.journeys.isolation.forms import form_of

PLATFORM = "/admin/identity/apitoken/"
ACME = "/t/acme/admin/identity/apitoken/"
SECRET = re.compile(r"sbt_[a-z2-7]{12}\.[0-9A-Za-z]{46}")
NOW = datetime.now(UTC)


def made_for(user, tenant=None, name="made"):
    text = create_token(
        actor=Actor.system("tests"),
        user=user,
        tenant=tenant,
        name=name,
        privileges=["directory.read"],
        expires_at=NOW + timedelta(days=9),
    )
    return text, ApiToken.objects.get(key_id=text[4:16])


def new_form(client, base, **values):
    fields = form_of(client.get(f"{base}add/").content.decode()).fields
    return fields | {"name": "nightly", "lifetime": "365", "networks": "10.0.0.0/8\n192.0.2.0/24"} | values


def shown_in(answer) -> str:
    found = SECRET.search(answer.content.decode())
    assert found
    return found[0]


def privilege(code):
    return str(Privilege.objects.get(code=code).pk)


@pytest.fixture
def owner(acme_admin):
    return signed_in(acme_admin)


def test_a_token_is_made_on_the_tenants_site_and_shown_once(owner, acme, acme_admin):
    form = new_form(owner, ACME, granted=[privilege("directory.read")])
    answer = owner.post(f"{ACME}add/", form)
    text = shown_in(answer)
    token: Any = find_token(text, NOW)
    assert "no-store" in answer["Cache-Control"]
    assert 'data-copy="id_secret"' in answer.content.decode()
    assert (token.user, token.tenant, token.privilege_codes) == (acme_admin, acme, ["directory.read"])
    assert token.allowed_networks == ["10.0.0.0/8", "192.0.2.0/24"]
    again = owner.post(f"{ACME}add/", form)
    assert "was sent already" in text_of(again)
    assert ApiToken.objects.count() == 1
    for address in (ACME, f"{ACME}{token.pk}/change/", "/t/acme/admin/"):
        page = owner.get(address)
        assert page.status_code == 200
        assert not SECRET.search(page.content.decode())
    assert text.partition(".")[2] not in str(dict(owner.session.items()))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"networks": "10.0.0.1/8"}, "is no network"),
        ({"name": ""}, "This field is required"),
        ({"lifetime": "9999"}, "Select a valid choice"),
        ({"token_id": "x"}, "Open the form again"),
    ],
)
def test_what_cannot_be_in_a_token_is_said_at_the_form(owner, values, said):
    answer = owner.post(f"{ACME}add/", new_form(owner, ACME, **values))
    assert said in text_of(answer)
    assert not ApiToken.objects.exists()


def test_an_operator_makes_a_token_of_their_own_for_no_tenant(clerk):
    permit(clerk, "add_apitoken", "view_apitoken")
    client = signed_in(clerk)
    answer = client.post(f"{PLATFORM}add/", new_form(client, PLATFORM, granted=[privilege("view_audit")]))
    token: Any = find_token(shown_in(answer), NOW)
    assert (token.user, token.tenant) == (clerk, None)


def test_a_token_is_rotated_by_its_owner_alone_from_the_state_that_was_seen(
    owner, acme, acme_admin, operator
):
    text, token = made_for(acme_admin, acme)
    address = f"{ACME}{token.pk}/rotate/"
    form = form_of(owner.get(address).content.decode()).fields | {"overlap": "1"}
    answer = owner.post(address, form)
    rotated = shown_in(answer)
    assert "stays good for 1 hour." in text_of(answer)
    assert find_token(rotated, NOW) == find_token(text, NOW) == token
    assert owner.post(address, form).status_code == 302
    assert find_token(text, NOW) == token
    assert signed_in(operator).get(f"{PLATFORM}{token.pk}/rotate/").status_code == 403


def test_a_token_is_revoked_after_it_was_asked_twice(operator, acme, acme_admin):
    text, token = made_for(acme_admin, acme, name="nightly")
    Api("acme", text).get("directory/participants")
    token_uses.flush()
    client, address = signed_in(operator), f"{PLATFORM}{token.pk}/delete/"
    asked = client.get(address)
    assert "bound to Acme Bank" in text_of(asked)
    assert "last used" in text_of(asked)
    form = form_of(asked.content.decode()).fields
    assert "Tick this" in text_of(client.post(address, form))
    assert find_token(text, NOW) == token
    assert client.post(address, form | {"confirm": "on", "_reason": "leaked"}).status_code == 302
    assert find_token(text, NOW) is None
    assert events_of("identity.apitoken", token)[-1] == ("revoke", f"user:{operator.pk}", "leaked")
    assert "for good" in text_of(client.get(f"{PLATFORM}{token.pk}/change/"))
    assert client.post(address, form | {"confirm": "on"}).status_code == 302


def test_several_are_revoked_by_one_action_that_asks(operator, acme, globex, acme_admin, globex_admin):
    tokens = [made_for(acme_admin, acme)[1], made_for(globex_admin, globex)[1]]
    client = signed_in(operator)
    chosen = {"action": "revoke", "_selected_action": [str(token.pk) for token in tokens], "index": "0"}
    assert "Revoke 2 tokens?" in text_of(client.post(PLATFORM, chosen))
    assert ApiToken.objects.filter(revoked_at__isnull=True).count() == 2
    client.post(PLATFORM, chosen | {"asked": "yes", "confirm": "on"})
    assert not ApiToken.objects.filter(revoked_at__isnull=True).exists()


def test_the_owner_changes_name_and_networks_and_others_only_switch_it_off(owner, acme, acme_admin, operator):
    _text, token = made_for(acme_admin, acme)
    address = f"{token.pk}/change/"
    fields = form_of(owner.get(ACME + address).content.decode()).fields
    assert owner.post(ACME + address, fields | {"name": "other", "networks": "10.0.0.0/8"}).status_code == 302
    token.refresh_from_db()
    assert (token.name, token.allowed_networks, token.is_enabled) == ("other", ["10.0.0.0/8"], True)
    client = signed_in(operator)
    fields = form_of(client.get(PLATFORM + address).content.decode()).fields
    assert not {"name", "networks"} & set(fields)
    fields.pop("is_enabled")
    assert client.post(PLATFORM + address, fields | {"name": "third", "networks": ""}).status_code == 302
    token.refresh_from_db()
    assert (token.name, token.allowed_networks, token.is_enabled) == ("other", ["10.0.0.0/8"], False)
    assert "switched off" in text_of(owner.get(ACME + address))


def test_a_tenants_site_has_the_tokens_of_that_tenant_alone(owner, acme, globex, acme_admin, operator):
    own, free = made_for(acme_admin, acme, "bound")[1], made_for(acme_admin, None, "unbound")[1]
    foreign = made_for(operator, globex, "foreign")[1]
    page = text_of(owner.get(ACME))
    assert own.key_id in page
    assert not [one for one in (free, foreign) if one.key_id in page]
    for token in (free, foreign):
        for rest in ("change/", "rotate/", "delete/"):
            assert owner.get(f"{ACME}{token.pk}/{rest}").status_code in (302, 404)
        owner.post(f"{ACME}{token.pk}/delete/", {"asked": "yes", "confirm": "on"})
        chosen = {"action": "revoke", "_selected_action": [str(token.pk)], "asked": "yes", "confirm": "on"}
        owner.post(ACME, chosen)
    assert ApiToken.objects.filter(revoked_at__isnull=True).count() == 3


def test_who_may_not_manage_tokens_is_refused_before_a_look_up(acme, acme_admin, clerk):
    _text, token = made_for(acme_admin, acme)
    client = signed_in(clerk)
    permit(clerk, "view_apitoken")
    for rest in ("rotate/", "delete/"):
        for row_id in (token.pk, acme.pk):
            assert client.get(f"{PLATFORM}{row_id}/{rest}").status_code == 403
    assert client.get(f"{PLATFORM}{token.pk}/change/").status_code == 200
    assert client.get(f"{PLATFORM}add/").status_code == 403


def test_a_page_shows_how_a_token_is_used(owner, acme, acme_admin):
    text, token = made_for(acme_admin, acme)
    address = f"{ACME}{token.pk}/change/"
    assert "Never used." in text_of(owner.get(address))
    api = Api("acme", text)
    api.get("directory/participants", user_agent="curl/8.5.0")
    api.get("audit/events")
    Client(HTTP_HOST="localhost").get(f"/api/schema/?x={text}")
    token_uses.flush()
    page = text_of(owner.get(address))
    assert "1 refused: permission_denied" in page
    assert "token_in_query — its secret stood in an address" in page
    assert "from 127.0.0.1" in page
    assert owner.get(address).content.count(b"<rect") == 90


def test_the_list_says_how_each_token_is_and_is_filtered_by_it(owner, acme, acme_admin):
    states: dict[str, dict[str, Any]] = {
        "good": {},
        "off": {"is_enabled": False},
        "revoked": {"revoked_at": NOW, "is_enabled": False},
    }
    for word, columns in states.items():
        token = made_for(acme_admin, acme, name=f"{word} one")[1]
        for name, value in columns.items():
            setattr(token, name, value)
        token.save()
    for word in states:
        listed = owner.get(ACME, {"state": word}).context["cl"].result_list
        assert [token.name for token in listed] == [f"{word} one"]
    assert list(owner.get(ACME, {"state": "expired"}).context["cl"].result_list) == []


def test_each_privilege_is_offered_with_what_it_allows(owner):
    assert "directory.resolve — Resolve identifiers" in text_of(owner.get(f"{ACME}add/"))
