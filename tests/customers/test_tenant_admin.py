"""What operators do with tenants on the platform's pages, and what those pages say."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from django.core.exceptions import ValidationError
from django.db import connections
from django.utils import timezone

from audit.models import AuditEvent
from config.foundation.actor import Actor
from config.foundation.rows import public_schema
from customers.identity.enums import MembershipStatus
from customers.identity.models import ApiToken, Membership
from customers.identity.operations import create_token, move_membership
from customers.identity.tokens import find_token
from customers.tenants.enums import PlacementState, TenantStatus
from customers.tenants.models import Domain, Placement, Tenant
from customers.tenants.operations import (
    add_domain,
    create_tenant,
    delete_tenant,
    move_tenant,
    register_tenant,
    restore_tenant,
    set_tenant_status,
    update_tenant,
    usage_of,
)
from directory.models import Participant
from tests import cast
from tests.customers.pages import errors_of, events_of, permit, signed_in, text_of
from tests.roles import as_database_owner
from tests.sealing import seal

ACTOR = Actor.system("tests")
LIST = "/admin/tenants/tenant/"
ADD = f"{LIST}add/"


def page(tenant, what="change"):
    return f"{LIST}{tenant.pk}/{what}/"


def asked(person, **values):
    return {"name": "Initech", "slug": "initech", "owner": str(person.pk), "domain": "", "type": "", **values}


def unchanged(client, tenant, **values):
    """Return what the form of a tenant's page sends, with these values instead."""
    shown = client.get(page(tenant))
    sent = {bound.html_name: bound.value() for bound in shown.context["adminform"].form}
    for formset in shown.context["inline_admin_formsets"]:
        sent |= {f"{formset.formset.prefix}-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    return {name: "" if value is None else value for name, value in (sent | values).items()}


def newcomer(slug, **values):
    return register_tenant(actor=ACTOR, slug=slug, name=slug.title(), **values)


def chosen(action, *tenants, **values):
    return {"action": action, "_selected_action": [str(tenant.pk) for tenant in tenants], **values}


def status_of(tenant):
    return Tenant.objects.get(pk=tenant.pk).status


def names_in(answer):
    return [tenant.name for tenant in answer.context["cl"].result_list]


# Making


@pytest.mark.usefixtures("committed")
def test_an_operator_makes_a_tenant_whose_schema_is_ready_on_the_next_page():
    operator, owner = cast.user("operator"), cast.user("outsider")
    client = signed_in(operator)
    sent = asked(owner, domain="Initech.example", parent=str(cast.tenant("acme").pk), _reason="signed today")
    answer = client.post(ADD, sent, follow=True)
    made = Tenant.objects.get(slug="initech")
    assert answer.request["PATH_INFO"] == page(made)
    assert "Initech is made and ready." in text_of(answer)
    assert "It is in use; its schema is ready." in text_of(answer)
    assert made.parent is not None
    assert (made.status, made.parent.slug, made.depth) == ("active", "acme", 2)
    assert Domain.objects.get(tenant=made).domain == "initech.example"
    assert Membership.objects.owning().get(tenant=made).user == owner
    with made:
        assert not Participant.objects.exists()
    actor = f"user:{operator.pk}"
    events = events_of("tenants.tenant", made)
    assert events[0] == ("create", actor, "signed today")
    assert {who for _, who, _ in events} == {actor}


@pytest.mark.usefixtures("committed")
def test_a_tenant_whose_schema_failed_says_so_and_is_tried_again_from_both_pages():
    break_it = "ALTER TABLE public.tenants_placement ADD CONSTRAINT broken CHECK (state <> 'ready') NOT VALID"
    as_database_owner(break_it)
    client = signed_in(cast.user("operator"))
    answer = client.post(ADD, asked(cast.user("outsider")), follow=True)
    made = Tenant.objects.get(slug="initech")
    assert "is made, but its schema is not" in text_of(answer)
    assert "Its schema could not be made. IntegrityError" in text_of(answer)
    placement = Placement.objects.get(tenant=made)
    for again in (
        lambda: client.post(page(made, "provision"), follow=True),
        lambda: client.post(
            "/admin/tenants/placement/",
            {"action": "provision", "_selected_action": [str(placement.pk)]},
            follow=True,
        ),
    ):
        assert "The schema of initech could not be made" in text_of(again())
    as_database_owner("ALTER TABLE public.tenants_placement DROP CONSTRAINT broken")
    assert "Initech is ready." in text_of(client.post(page(made, "provision"), follow=True))
    assert status_of(made) == TenantStatus.ACTIVE


@pytest.mark.usefixtures("committed")
def test_the_list_of_places_makes_the_schemas_that_are_missing():
    made = newcomer("initech")
    placement = Placement.objects.get(tenant=made)
    sent = {"action": "provision", "_selected_action": [str(placement.pk)]}
    answer = signed_in(cast.user("operator")).post("/admin/tenants/placement/", sent, follow=True)
    assert "Initech is ready." in text_of(answer)
    assert status_of(made) == TenantStatus.ACTIVE


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        ({"slug": "acme"}, "slug", "The slug “acme” is taken: choose another."),
        ({"slug": "admin"}, "slug", "“admin” is reserved: choose another slug."),
        ({"slug": "No Slug"}, "slug", "“No Slug” is no slug: use 1 to 63 lower-case letters"),
        ({"name": "ACME bank"}, "name", "Another tenant is called “ACME bank”: choose another name."),
        ({"domain": "taken.example"}, "domain", "The host name “taken.example” is taken: choose another."),
        ({"domain": "no host"}, "domain", "“no host” is no host name"),
        (
            {"domain": "acme.switchboard.localhost"},
            "domain",
            "“acme.switchboard.localhost” selects by the slug",
        ),
        ({"owner": ""}, "owner", "This field is required."),
    ],
)
def test_what_cannot_be_made_is_refused_at_its_field_and_everything_stays_as_typed(
    operator, outsider, acme, globex, values, field, said
):
    add_domain(actor=ACTOR, tenant=globex, domain="taken.example")
    sent = asked(outsider, **{"name": "Initech, Inc.", "type": "software", **values})
    answer = signed_in(operator).post(ADD, sent)
    assert errors_of(answer).keys() == {field}
    assert errors_of(answer)[field][0].startswith(said)
    form = answer.context["adminform"].form
    assert {name: form[name].value() for name in sent} == sent
    assert not Tenant.objects.filter(type="software").exists()


def test_the_refusal_has_the_words_of_the_operation_and_is_recorded(operator, outsider, acme):
    with pytest.raises(ValidationError) as caught:
        create_tenant(actor=ACTOR, slug="other", name="acme bank")
    answer = signed_in(operator).post(ADD, asked(outsider, name="acme bank"))
    assert errors_of(answer)["name"] == caught.value.messages
    seal()
    with public_schema():
        refused = AuditEvent.objects.get(action="refused", resource="tenants.tenant")
    assert (refused.actor, refused.payload["code"]) == (f"user:{operator.pk}", "name_taken")


def test_a_parent_that_is_gone_or_too_deep_is_refused_at_the_parent(operator, outsider, acme):
    deepest = acme
    for slug in ("b", "c", "d", "e"):
        deepest = newcomer(slug, parent=deepest)
    client = signed_in(operator)
    answer = client.post(ADD, asked(outsider, parent=str(deepest.pk)))
    assert errors_of(answer) == {"parent": ["Tenants nest at most 5 levels deep."]}
    gone = newcomer("gone")
    delete_tenant(actor=ACTOR, tenant=gone, now=timezone.now())
    answer = client.post(ADD, asked(outsider, parent=str(gone.pk)))
    assert errors_of(answer) == {"parent": ["The parent was deleted."]}


@pytest.mark.race
@pytest.mark.usefixtures("committed")
def test_of_two_operators_who_take_a_slug_at_once_one_is_told_at_the_field():
    owner, clients = cast.user("outsider"), [signed_in(cast.user("operator")) for _ in range(2)]
    start = Barrier(2)

    def make(client, name):
        start.wait(timeout=30)
        try:
            answer = client.post(ADD, asked(owner, name=name))
            return errors_of(answer) if answer.status_code == 200 else answer.status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        waiting = [
            pool.submit(make, client, name) for client, name in zip(clients, ("One", "Two"), strict=True)
        ]
        results = [each.result() for each in waiting]
    assert sorted(results, key=str) == [302, {"slug": ["The slug “initech” is taken: choose another."]}]
    assert Tenant.objects.filter(slug="initech").count() == 1


# Changing


def test_a_tenant_is_renamed_and_moved_by_its_operations(operator, acme, globex):
    client = signed_in(operator)
    sent = unchanged(
        client,
        acme,
        name=" Acme Group ",
        parent=str(globex.pk),
        params='{"a": 1}',
        ordering="7",
        _reason="merger",
    )
    assert client.post(page(acme), sent).status_code == 302
    acme.refresh_from_db()
    assert (acme.name, acme.name_key, acme.ordering, acme.params) == ("Acme Group", "acme group", 7, {"a": 1})
    assert (acme.parent, acme.depth) == (globex, 2)
    actor = f"user:{operator.pk}"
    assert events_of("tenants.tenant", acme)[-2:] == [("move", actor, "merger"), ("update", actor, "merger")]
    assert client.post(page(acme), unchanged(client, acme, parent="")).status_code == 302
    acme.refresh_from_db()
    assert (acme.parent, acme.depth) == (None, 1)


def test_settings_that_are_emptied_are_empty(operator, acme):
    update_tenant(actor=ACTOR, tenant=acme, params={"a": 1}, images=["https://x.example/a.png"])
    client = signed_in(operator)
    assert client.post(page(acme), unchanged(client, acme, params="", images="")).status_code == 302
    acme.refresh_from_db()
    assert (acme.params, acme.images) == ({}, [])


def test_nothing_changed_leaves_no_event(operator, acme):
    client, before = signed_in(operator), events_of("tenants.tenant", acme)
    client.post(page(acme), unchanged(client, acme))
    assert events_of("tenants.tenant", acme) == before


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        (
            {"name": "GLOBEX telecom"},
            "name",
            "Another tenant is called “GLOBEX telecom”: choose another name.",
        ),
        ({"parent": "below"}, "parent", "Below is Acme Bank or below it."),
        ({"ordering": "1000000"}, "ordering", "Ordering is a number from 0 to 999999."),
        ({"images": '["http://x"]'}, "images", "Images are a list of at most ten https:// URLs."),
        ({"params": "[]"}, "params", "Parameters are a JSON object, like {}."),
    ],
)
def test_what_cannot_be_changed_is_refused_at_its_field_and_nothing_of_it_is_kept(
    operator, acme, globex, values, field, said
):
    below = newcomer("below", parent=acme)
    client = signed_in(operator)
    sent = unchanged(client, acme, description="new words", **values)
    if "parent" in values:
        sent["parent"] = str(below.pk)
    answer = client.post(page(acme), sent)
    assert errors_of(answer) == {field: [said]}
    assert answer.context["adminform"].form["description"].value() == "new words"
    acme.refresh_from_db()
    assert acme.description == ""


def test_the_page_shows_what_plans_count_and_leads_to_the_hosts(operator, acme):
    assert usage_of(acme)["members"] == 2
    membership = Membership.objects.get(tenant=acme, user=cast.user("acme_member"))
    move_membership(actor=ACTOR, membership=membership, status=MembershipStatus.INACTIVE, reason="left")
    assert usage_of(acme)["members"] == 1
    shown = signed_in(operator).get(page(acme))
    assert f'href="/admin/tenants/domain/{acme.domains.get().pk}/change/"' in shown.content.decode()
    assert "Members 1" in text_of(shown)


def test_a_deleted_tenant_is_neither_changed_nor_moved(acme, globex):
    delete_tenant(actor=ACTOR, tenant=acme, now=timezone.now())
    for change in (
        lambda: update_tenant(actor=ACTOR, tenant=acme, name="Other"),
        lambda: move_tenant(actor=ACTOR, tenant=acme, parent=globex),
    ):
        with pytest.raises(ValidationError, match="Acme Bank is deleted: restore it first"):
            change()


# Closing


def test_several_are_closed_only_after_their_names_were_read(operator, acme, globex):
    client = signed_in(operator)
    answer = client.post(LIST, chosen("deactivate", acme, globex))
    assert "Make 2 tenants inactive?" in text_of(answer)
    assert "Acme Bank" in text_of(answer)
    assert "Globex Telecom" in text_of(answer)
    assert {status_of(acme), status_of(globex)} == {"active"}
    sent = chosen("deactivate", acme, globex, confirmed="yes", _reason="unpaid")
    assert "2 made inactive" in text_of(client.post(LIST, sent, follow=True))
    assert {status_of(acme), status_of(globex)} == {"inactive"}
    assert events_of("tenants.tenant", acme)[-1] == ("suspend", f"user:{operator.pk}", "unpaid")
    client.post(LIST, chosen("activate", acme, globex))
    assert {status_of(acme), status_of(globex)} == {"active"}


def test_one_is_closed_at_once_and_what_is_closed_already_is_not_asked_about(operator, acme, globex):
    client = signed_in(operator)
    client.post(LIST, chosen("deactivate", acme))
    assert status_of(acme) == "inactive"
    client.post(LIST, chosen("deactivate", acme, globex))
    assert status_of(globex) == "inactive"


# Deleting


def test_the_page_shows_what_a_deletion_takes_before_it_deletes_anything(operator, acme, make_token):
    make_token("acme", "directory.read")
    add_domain(actor=ACTOR, tenant=acme, domain="bank.example")
    with acme:
        Participant.objects.create(name="First Bank")
    said = text_of(signed_in(operator).get(page(acme, "delete")))
    for words in (
        "Members 2 They lose access",
        "API tokens 1 They end at once and for good",
        "acme.switchboard.localhost, bank.example They stay reserved",
        "Directory 1 participant",
        "Can be restored until",
        "Type acme to confirm",
    ):
        assert words in said
    assert status_of(acme) == "active"


def test_a_tenant_is_deleted_once_its_slug_is_typed(operator, acme, globex):
    client = signed_in(operator)
    for typed, words in (
        ("", "Type acme to delete"),
        ("Acme", "“Acme” is not its slug: type acme to delete"),
    ):
        answer = client.post(page(acme, "delete"), {"slug": typed, "_reason": "closed"})
        assert words in text_of(answer)
        assert status_of(acme) == "active"
    assert 'value="Acme"' in answer.content.decode()
    answer = client.post(page(acme, "delete"), {"slug": "acme", "_reason": "closed"}, follow=True)
    assert "Acme Bank is deleted." in text_of(answer)
    assert (status_of(acme), status_of(globex)) == ("deleted", "active")
    assert events_of("tenants.tenant", acme)[-1] == ("delete", f"user:{operator.pk}", "closed")
    answer = client.post(page(acme, "delete"), {"slug": "acme"}, follow=True)
    assert "Acme Bank is deleted already." in text_of(answer)


def test_a_tenant_with_others_below_it_says_which_and_is_refused(operator, acme):
    newcomer("below", parent=acme)
    client = signed_in(operator)
    said = text_of(client.get(page(acme, "delete")))
    assert "It cannot be deleted while tenants are below it. Move or delete this one first: Below" in said
    assert "Type acme to confirm" not in said
    answer = client.post(page(acme, "delete"), {"slug": "acme"}, follow=True)
    assert "1 tenants are below Acme Bank: move or delete them first." in text_of(answer)
    assert status_of(acme) == "active"


def test_the_list_leads_to_the_deletion_of_one_and_refuses_several(operator, acme, globex):
    client = signed_in(operator)
    assert client.post(LIST, chosen("delete", acme)).headers["Location"] == page(acme, "delete")
    assert "Choose one tenant" in text_of(client.post(LIST, chosen("delete", acme, globex), follow=True))
    assert "delete_selected" not in client.get(LIST).content.decode()


def test_the_list_leaves_deleted_tenants_out_until_they_are_asked_for(operator, acme, globex):
    delete_tenant(actor=ACTOR, tenant=acme, now=timezone.now())
    set_tenant_status(actor=ACTOR, tenant=globex, status=TenantStatus.INACTIVE)
    client = signed_in(operator)
    assert names_in(client.get(LIST)) == ["Globex Telecom"]
    assert names_in(client.get(f"{LIST}?status=deleted")) == ["Acme Bank"]
    assert names_in(client.get(f"{LIST}?status=inactive")) == ["Globex Telecom"]
    assert names_in(client.get(f"{LIST}?status=active")) == []


def test_a_deleted_tenant_is_offered_nowhere_as_a_parent(operator, acme, globex):
    delete_tenant(actor=ACTOR, tenant=acme, now=timezone.now())
    query = {"app_label": "tenants", "model_name": "tenant", "field_name": "parent"}
    found = signed_in(operator).get("/admin/autocomplete/", query).json()["results"]
    assert [one["text"] for one in found] == ["Globex Telecom"]


# Tokens


def test_tokens_of_a_tenant_end_with_it_and_stay_so_when_it_is_restored(acme, globex, make_token):
    now = timezone.now()
    texts = {slug: make_token(slug, "directory.read") for slug in ("acme", "globex")}
    free = create_token(
        actor=ACTOR,
        user=cast.user("acme_admin"),
        name="of no tenant",
        privileges=["directory.read"],
        expires_at=now + timedelta(days=1),
    )
    delete_tenant(actor=ACTOR, tenant=acme, now=now, reason="closed")
    assert find_token(texts["acme"], now) is None
    assert find_token(texts["globex"], now) is not None
    assert find_token(free, now) is not None
    token = ApiToken.objects.get(tenant=acme)
    assert token.revoked_at == now
    assert events_of("identity.apitoken", token)[-1] == ("revoke", "system:tests", "closed")
    assert events_of("tenants.tenant", acme)[-1] == ("delete", "system:tests", "closed")
    restore_tenant(actor=ACTOR, tenant=acme, now=now)
    assert find_token(texts["acme"], now) is None


def test_a_token_revoked_earlier_keeps_its_time(acme, make_token):
    make_token("acme", "directory.read")
    earlier = datetime(2026, 1, 1, tzinfo=UTC)
    ApiToken.objects.filter(tenant=acme).update(revoked_at=earlier)
    delete_tenant(actor=ACTOR, tenant=acme, now=timezone.now())
    assert ApiToken.objects.get(tenant=acme).revoked_at == earlier


def test_a_deletion_that_is_refused_leaves_the_tokens(acme, make_token):
    text = make_token("acme", "directory.read")
    newcomer("below", parent=acme)
    with pytest.raises(Exception, match="below Acme Bank"):
        delete_tenant(actor=ACTOR, tenant=acme, now=timezone.now())
    assert find_token(text, timezone.now()) is not None


def test_no_token_is_made_for_a_deleted_tenant(acme, make_token):
    delete_tenant(actor=ACTOR, tenant=acme, now=timezone.now())
    with pytest.raises(ValidationError, match="cannot be made for this tenant"):
        make_token("acme", "directory.read")


@pytest.mark.race
@pytest.mark.usefixtures("committed")
def test_a_token_made_while_its_tenant_is_deleted_is_refused_or_revoked():
    acme, now = cast.tenant("acme"), timezone.now()
    start = Barrier(4)

    def run(function):
        start.wait(timeout=30)
        try:
            return function()
        except ValidationError:
            return None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        making = [pool.submit(run, lambda: cast.make_token("acme", "directory.read")) for _ in range(3)]
        pool.submit(run, lambda: delete_tenant(actor=ACTOR, tenant=acme, now=now)).result()
        texts = [each.result() for each in making]
    assert [text for text in texts if text and find_token(text, now)] == []
    assert not ApiToken.objects.filter(tenant=acme, revoked_at__isnull=True).exists()


# Restoring


def test_a_deleted_tenant_is_restored_from_its_page_which_says_what_does_not_come_back(operator, acme):
    delete_tenant(actor=ACTOR, tenant=acme, now=timezone.now())
    client = signed_in(operator)
    shown = client.get(page(acme))
    assert "until" in text_of(shown)
    assert page(acme, "restore") in shown.content.decode()
    assert client.post(page(acme), {"name": "Other"}).status_code == 403
    asked_first = text_of(client.get(page(acme, "restore")))
    assert "Members 2 They have access again" in asked_first
    assert "API tokens None come back" in asked_first
    assert status_of(acme) == "deleted"
    answer = client.post(page(acme, "restore"), {"_reason": "a mistake"}, follow=True)
    assert "Acme Bank is active again. Its API tokens ended with the deletion" in text_of(answer)
    assert status_of(acme) == "active"
    assert events_of("tenants.tenant", acme)[-1] == ("restore", f"user:{operator.pk}", "a mistake")


def test_after_thirty_days_the_page_offers_no_restoration_and_refuses_one(operator, acme):
    delete_tenant(actor=ACTOR, tenant=acme, now=timezone.now() - timedelta(days=31))
    client = signed_in(operator)
    shown = client.get(page(acme))
    assert "too long ago to be restored" in text_of(shown)
    assert page(acme, "restore") not in shown.content.decode()
    assert "too long ago" in text_of(client.get(page(acme, "restore"), follow=True))
    said = text_of(client.post(page(acme, "restore"), follow=True))
    assert "was deleted more than 30 days ago" in said
    assert status_of(acme) == "deleted"


def test_the_list_restores_each_that_can_be_and_says_why_another_cannot(operator, acme, globex):
    now = timezone.now()
    for tenant in (acme, globex):
        delete_tenant(actor=ACTOR, tenant=tenant, now=now)
    newcomer("other", description="").refresh_from_db()
    update_tenant(actor=ACTOR, tenant=Tenant.objects.get(slug="other"), name="acme bank")
    client = signed_in(operator)
    said = text_of(client.post(f"{LIST}?status=deleted", chosen("restore", acme, globex), follow=True))
    assert "Acme Bank: Another tenant is called “Acme Bank”: choose another name." in said
    assert "Globex Telecom is active again" in said
    assert (status_of(acme), status_of(globex)) == ("deleted", "active")


def test_a_tenant_that_never_had_a_schema_waits_for_it_again(operator):
    made = newcomer("initech")
    delete_tenant(actor=ACTOR, tenant=made, now=timezone.now())
    client = signed_in(operator)
    assert "Nothing in it" in text_of(client.get(page(made, "restore")))
    answer = client.post(page(made, "restore"), follow=True)
    assert "Its schema is not there yet." in text_of(answer)
    assert Placement.objects.get(tenant=made).state == PlacementState.PROVISIONING
    assert page(made, "provision") in answer.content.decode()


# Permissions


def test_who_may_only_look_is_offered_nothing_and_refused_everything(clerk, acme, globex):
    permit(clerk, "view_tenant")
    client = signed_in(clerk)
    shown = client.get(page(acme)).content.decode()
    assert page(acme, "delete") not in shown
    assert "/admin/tenants/domain/add/" not in shown
    for address in (ADD, page(acme, "delete"), page(acme, "restore"), page(acme, "provision")):
        assert client.post(address, {"slug": "acme"}).status_code == 403
    assert client.post(page(acme), {"name": "Other"}).status_code == 403
    for action in ("deactivate", "delete"):
        client.post(LIST, chosen(action, acme))
    assert status_of(acme) == "active"
    delete_tenant(actor=ACTOR, tenant=globex, now=timezone.now())
    assert page(globex, "restore") not in client.get(page(globex)).content.decode()
    assert client.post(page(globex, "restore")).status_code == 403
    client.post(f"{LIST}?status=deleted", chosen("restore", globex))
    assert status_of(globex) == "deleted"


def test_permissions_are_enough_without_being_superuser(clerk, outsider, acme):
    permit(clerk, "view_tenant", "add_tenant", "delete_tenant")
    client = signed_in(clerk)
    assert client.post(ADD, asked(outsider)).status_code == 302
    assert client.post(page(acme, "delete"), {"slug": "acme"}).status_code == 302
    assert status_of(acme) == "deleted"
    assert client.post(page(acme, "restore")).status_code == 302
    assert status_of(acme) == "active"


def test_who_may_only_make_tenants_is_led_to_a_page_that_opens(clerk, outsider):
    permit(clerk, "add_tenant")
    answer = signed_in(clerk).post(ADD, asked(outsider), follow=True)
    assert answer.status_code == 200
    assert "Initech is made" in text_of(answer)


def test_a_tenant_without_a_place_has_a_page_all_the_same(operator, acme):
    Placement.objects.filter(tenant=acme).delete()
    client = signed_in(operator)
    assert "It has no place" in text_of(client.get(page(acme)))
    assert "Nothing in it" in text_of(client.get(page(acme, "delete")))


def test_who_may_not_enter_the_platform_finds_no_page(acme_admin, acme):
    client = signed_in(acme_admin)
    for address in (LIST, ADD, page(acme), page(acme, "delete"), page(acme, "restore")):
        assert client.get(address).status_code == 403


def test_the_platforms_own_row_has_no_page(operator):
    platform = Tenant.objects.get(schema_name="public")
    client = signed_in(operator)
    for what in ("delete", "restore", "provision"):
        assert client.get(page(platform, what)).status_code == 404


def test_groups_and_permissions_are_chosen_in_fields_that_fit_the_page(operator, clerk):
    shown = signed_in(operator).get(f"/admin/identity/user/{clerk.pk}/change/")
    form = shown.context["adminform"].form
    assert {"unfold-admin-autocomplete"} <= set(form["groups"].field.widget.attrs["class"].split())
    assert "selectfilter" not in shown.content.decode()
