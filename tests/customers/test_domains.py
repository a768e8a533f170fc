"""Hosts of tenants: added, verified, made primary and removed, by operations and on their pages."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier

import pytest
from django.core.exceptions import ValidationError
from django.db import connections

from config.foundation.actor import Actor
from config.foundation.errors import Refused
from customers.tenants.models import Domain
from customers.tenants.operations import (
    add_domain,
    delete_tenant,
    make_primary,
    register_tenant,
    remove_domain,
    verify_domain,
)
from tests import cast
from tests.customers.pages import errors_of, events_of, permit, signed_in, text_of

ACTOR = Actor.system("tests")
NOW = datetime(2026, 3, 1, tzinfo=UTC)
LIST = "/admin/tenants/domain/"


def add(tenant, host, **options):
    return add_domain(actor=ACTOR, tenant=tenant, domain=host, **options)


def primary_of(tenant):
    return Domain.objects.get(tenant=tenant, is_primary=True)


def code_of(caught):
    errors = getattr(caught.value, "error_dict", {"": getattr(caught.value, "error_list", [])})
    ((error, *_), *_) = errors.values()
    return error.code


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Bank.Example", "bank.example"),
        (" bank.example. ", "bank.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
    ],
)
def test_a_host_is_kept_in_one_form_however_it_is_typed(acme, globex, typed, kept):
    assert add(acme, typed).domain == kept
    with pytest.raises(ValidationError) as caught:
        add(globex, typed.swapcase())
    assert code_of(caught) == "domain_taken"
    assert caught.value.messages == [f"The host name “{kept}” is taken: choose another."]


@pytest.mark.parametrize(
    "typed", ["", "a b", "bank.example:443", "-a.example", "straße.example", "a..b", "ü" * 64]
)
def test_what_is_no_host_is_refused(acme, typed):
    with pytest.raises(ValidationError) as caught:
        add(acme, typed)
    assert code_of(caught) == "host_invalid"
    assert "is no host name" in caught.value.messages[0]


@pytest.mark.parametrize(
    "host",
    ["localhost", "switchboard.localhost", "globex.switchboard.localhost", "www.switchboard.localhost"],
)
def test_a_host_that_selects_something_else_anyway_is_refused(acme, host):
    with pytest.raises(ValidationError) as caught:
        add(acme, host)
    assert code_of(caught) == "host_reserved"
    assert host in caught.value.messages[0]


def test_a_tenants_own_slug_is_a_host_that_may_come_back(acme):
    first = primary_of(acme)
    make_primary(actor=ACTOR, domain=add(acme, "bank.example"))
    remove_domain(actor=ACTOR, domain=first)
    assert add(acme, first.domain).domain == "acme.switchboard.localhost"


def test_the_primary_host_moves_and_only_of_its_own_tenant(acme, globex):
    first, others = primary_of(acme), primary_of(globex)
    second = add(acme, "bank.example")
    assert not second.is_primary
    assert make_primary(actor=ACTOR, domain=second).is_primary
    assert make_primary(actor=ACTOR, domain=second).is_primary
    first.refresh_from_db()
    assert (first.is_primary, primary_of(acme), primary_of(globex)) == (False, second, others)


def test_the_primary_host_stays_until_another_one_stands_for_the_tenant(acme):
    first = primary_of(acme)
    with pytest.raises(Refused, match="It has no other: add one") as caught:
        remove_domain(actor=ACTOR, domain=first)
    assert caught.value.code == "primary_domain"
    second = add(acme, "bank.example")
    with pytest.raises(Refused, match=r"Make another one primary first, such as bank\.example\."):
        remove_domain(actor=ACTOR, domain=first)
    make_primary(actor=ACTOR, domain=second)
    remove_domain(actor=ACTOR, domain=first)
    assert list(Domain.objects.filter(tenant=acme)) == [second]
    with pytest.raises(ValidationError, match="There is no such domain"):
        remove_domain(actor=ACTOR, domain=first)


def test_a_host_is_verified_once(acme):
    host = add(acme, "bank.example")
    assert host.verified_at is None
    assert verify_domain(actor=ACTOR, domain=host, now=NOW).verified_at == NOW
    later = NOW.replace(year=2027)
    assert verify_domain(actor=ACTOR, domain=host, now=later).verified_at == NOW


def test_hosts_of_a_deleted_tenant_stay_as_they_are(acme):
    host = add(acme, "bank.example")
    delete_tenant(actor=ACTOR, tenant=acme, now=NOW)
    for change in (
        lambda: add(acme, "other.example"),
        lambda: make_primary(actor=ACTOR, domain=host),
        lambda: remove_domain(actor=ACTOR, domain=host),
        lambda: verify_domain(actor=ACTOR, domain=host, now=NOW),
    ):
        with pytest.raises(ValidationError, match="Acme Bank is deleted: restore it first"):
            change()
    with pytest.raises(ValidationError) as caught:
        add(cast.tenant("globex"), "bank.example")
    assert code_of(caught) == "domain_taken"


def test_a_tenant_is_made_with_the_host_it_is_given(db):
    made = register_tenant(actor=ACTOR, slug="initech", name="Initech", domain="Initech.Example")
    assert (primary_of(made).domain, primary_of(made).verified_at) == ("initech.example", None)
    with pytest.raises(ValidationError) as caught:
        register_tenant(actor=ACTOR, slug="other", name="Other", domain="initech.example")
    assert code_of(caught) == "domain_taken"


@pytest.mark.race
@pytest.mark.usefixtures("committed")
def test_of_two_who_add_a_host_at_once_one_is_told_that_it_is_taken():
    acme, globex = cast.tenant("acme"), cast.tenant("globex")
    start = Barrier(2)

    def give(tenant):
        start.wait(timeout=30)
        try:
            return add(tenant, "bank.example").domain
        except ValidationError as error:
            return error.messages
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        results = [each.result() for each in [pool.submit(give, acme), pool.submit(give, globex)]]
    assert sorted(results, key=str) == [
        ["The host name “bank.example” is taken: choose another."],
        "bank.example",
    ]
    assert Domain.objects.filter(domain="bank.example").count() == 1


@pytest.mark.race
@pytest.mark.usefixtures("committed")
def test_of_two_hosts_made_primary_at_once_one_is():
    acme = cast.tenant("acme")
    hosts = [add(acme, f"{name}.example") for name in ("one", "two")]
    start = Barrier(2)

    def put(host):
        start.wait(timeout=30)
        try:
            return make_primary(actor=ACTOR, domain=host).is_primary
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        assert [each.result() for each in [pool.submit(put, host) for host in hosts]] == [True, True]
    assert primary_of(acme) in hosts


def test_an_operator_adds_a_host_verifies_it_and_makes_it_primary(operator, acme):
    client = signed_in(operator)
    sent = {"tenant": str(acme.pk), "domain": "Bank.Example", "_reason": "their own"}
    assert client.post(f"{LIST}add/", sent).status_code == 302
    host = Domain.objects.get(domain="bank.example")
    for action in ("verify", "make_primary"):
        client.post(LIST, {"action": action, "_selected_action": [str(host.pk)]})
    host.refresh_from_db()
    assert host.is_primary
    assert host.verified_at is not None
    actor = f"user:{operator.pk}"
    assert events_of("tenants.domain", host) == [
        ("create", actor, "their own"),
        ("verify", actor, ""),
        ("update", actor, ""),
    ]


def test_a_host_that_was_verified_before_may_be_added_so(operator, acme):
    sent = {"tenant": str(acme.pk), "domain": "bank.example", "is_verified": "on"}
    signed_in(operator).post(f"{LIST}add/", sent)
    assert Domain.objects.get(domain="bank.example").verified_at is not None


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("GLOBEX.example", "The host name “globex.example” is taken: choose another."),
        ("no host", "“no host” is no host name"),
        ("localhost", "“localhost” is the platform's own host"),
    ],
)
def test_a_refused_host_is_explained_at_its_field_and_stays_as_typed(operator, acme, globex, typed, said):
    add(globex, "globex.example")
    answer = signed_in(operator).post(f"{LIST}add/", {"tenant": str(acme.pk), "domain": typed})
    ((sentence,),) = errors_of(answer).values()
    assert errors_of(answer).keys() == {"domain"}
    assert sentence.startswith(said)
    assert answer.context["adminform"].form["domain"].value() == typed


def test_a_host_for_a_deleted_tenant_is_refused_at_the_tenant(operator, acme):
    delete_tenant(actor=ACTOR, tenant=acme, now=NOW)
    answer = signed_in(operator).post(f"{LIST}add/", {"tenant": str(acme.pk), "domain": "bank.example"})
    assert errors_of(answer) == {"tenant": ["Acme Bank is deleted: restore it first."]}


def test_the_page_says_at_once_why_a_primary_host_stays_and_refuses_all_the_same(operator, acme):
    client, host = signed_in(operator), primary_of(acme)
    for ask in (client.get, client.post):
        answer = ask(f"{LIST}{host.pk}/delete/", {"post": "yes"}, follow=True)
        assert "is the primary host of Acme Bank" in text_of(answer)
    assert Domain.objects.filter(pk=host.pk).exists()


def test_an_operator_removes_a_host_that_is_not_primary(operator, acme):
    host = add(acme, "bank.example")
    client = signed_in(operator)
    assert "bank.example" in text_of(client.get(f"{LIST}{host.pk}/delete/"))
    assert Domain.objects.filter(pk=host.pk).exists()
    client.post(f"{LIST}{host.pk}/delete/", {"post": "yes"})
    assert not Domain.objects.filter(pk=host.pk).exists()
    assert events_of("tenants.domain", host)[-1][:2] == ("delete", f"user:{operator.pk}")


def test_the_page_of_a_host_says_what_it_does_and_offers_what_is_left_to_do(operator, acme):
    client = signed_in(operator)
    own, host = primary_of(acme), add(acme, "bank.example")
    said = text_of(client.get(f"{LIST}{own.pk}/change/"))
    assert "It selects Acme Bank." in said
    assert "Make primary" not in said
    said = text_of(client.get(f"{LIST}{host.pk}/change/"))
    assert "It selects nobody until it is verified. It is the tenant's: verify Make primary" in said
    delete_tenant(actor=ACTOR, tenant=acme, now=NOW)
    assert "Make primary" not in text_of(client.get(f"{LIST}{host.pk}/change/"))


def test_two_hosts_of_one_tenant_are_not_made_primary_together(operator, acme):
    hosts = [add(acme, f"{name}.example") for name in ("one", "two")]
    sent = {"action": "make_primary", "_selected_action": [str(host.pk) for host in hosts]}
    answer = signed_in(operator).post(LIST, sent, follow=True)
    assert "choose one of each tenant" in text_of(answer)
    assert primary_of(acme) not in hosts


def test_without_permissions_hosts_are_neither_added_nor_changed_nor_removed(clerk, acme):
    host = add(acme, "bank.example")
    client = signed_in(clerk)
    permit(clerk, "view_domain")
    assert client.get(f"{LIST}{host.pk}/change/").status_code == 200
    assert client.get(f"{LIST}add/").status_code == 403
    assert client.post(f"{LIST}add/", {"tenant": str(acme.pk), "domain": "x.example"}).status_code == 403
    assert client.post(f"{LIST}{host.pk}/delete/", {"post": "yes"}).status_code == 403
    client.post(LIST, {"action": "verify", "_selected_action": [str(host.pk)]})
    host.refresh_from_db()
    assert host.verified_at is None
