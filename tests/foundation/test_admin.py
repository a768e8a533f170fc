"""What the base of all pages does: refusals are said at the form, and an empty list offers what is possible."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db.models.signals import pre_save
from django.test import Client

from audit.models import AuditEvent
from config.foundation.actor import Actor
from config.foundation.admin.refused import faults_of
from config.foundation.errors import Refused
from config.foundation.rows import public_schema
from customers.identity.enums import UserStatus
from customers.identity.models import User
from customers.identity.operations import move_user
from customers.tenants.models import Domain, Tenant
from directory.models import Endpoint, Participant
from directory.operations import save_row
from tests.sealing import seal


def signed_in(user: User) -> Client:
    client = Client(headers={"Host": "localhost"})
    client.force_login(user)
    return client


def refused() -> list[tuple[str, str, str]]:
    seal()
    events = AuditEvent.objects.filter(action="refused").order_by("pk")
    return [(event.resource, event.resource_id, event.payload["code"]) for event in events]


@contextmanager
def overtaken_by(model: Any, write: Callable[[], object]) -> Iterator[None]:
    """Let somebody else write between the check of a row and its writing."""

    def write_first(**_: Any) -> None:
        pre_save.disconnect(write_first, sender=model)
        write()

    pre_save.connect(write_first, sender=model)
    try:
        yield
    finally:
        pre_save.disconnect(write_first, sender=model)


def test_a_membership_that_may_not_end_is_shown_again_with_the_reason_that_was_typed(
    operator: User, acme_admin: User
) -> None:
    membership = acme_admin.memberships.get()
    page = f"/admin/identity/membership/{membership.pk}/change/"
    typed = {
        "granted": [],
        "status": "inactive",
        "reason": "on leave until spring",
        "_reason": "asked by herself",
    }
    answer = signed_in(operator).post(page, typed)
    assert answer.status_code == 200
    form = answer.context["adminform"].form
    assert "last owner" in form.non_field_errors()[0]
    assert form.non_field_errors()[0] in answer.content.decode()
    assert form["reason"].value() == "on leave until spring"
    assert "on leave until spring" in answer.content.decode()
    assert 'value="asked by herself"' in answer.content.decode()
    membership.refresh_from_db()
    assert (membership.status, membership.reason) == ("active", "")
    with public_schema():
        assert refused() == [("identity.membership", str(membership.pk), "last_owner")]


def test_a_person_who_may_not_be_moved_is_shown_again_and_nothing_of_the_page_was_saved(
    operator: User, outsider: User
) -> None:
    move_user(actor=Actor.system("tests"), user=outsider, status=UserStatus.ARCHIVED)
    typed = {
        "email": outsider.email,
        "first_name": "Renamed",
        "status": "inactive",
        "time_zone": "UTC",
        "memberships-TOTAL_FORMS": "0",
        "memberships-INITIAL_FORMS": "0",
    }
    answer = signed_in(operator).post(f"/admin/identity/user/{outsider.pk}/change/", typed)
    assert answer.status_code == 200
    form = answer.context["adminform"].form
    assert form.non_field_errors() == ["A person who is archived is not made inactive."]
    assert form["first_name"].value() == "Renamed"
    outsider.refresh_from_db()
    assert outsider.first_name != "Renamed"


def test_a_rule_of_one_column_is_said_at_its_field(operator: User, acme: Tenant, globex: Tenant) -> None:
    typed = {"domain": "bank.example", "tenant": str(acme.pk)}
    with overtaken_by(
        Domain, lambda: Domain.objects.bulk_create([Domain(tenant=globex, domain="bank.example")])
    ):
        answer = signed_in(operator).post("/admin/tenants/domain/add/", typed)
    assert answer.status_code == 200
    form = answer.context["adminform"].form
    assert [(name, error.code) for name, (error,) in form.errors.as_data().items()] == [
        ("domain", "domain_taken")
    ]
    assert form["domain"].value() == "bank.example"
    assert not Domain.objects.filter(domain="bank.example").exists()


def test_what_is_refused_of_a_row_of_an_inline_is_said_above_the_page_and_keeps_the_rows_typed(
    acme: Any, acme_admin: User
) -> None:
    with acme:
        party = save_row(actor=Actor.system("tests"), row=Participant(name="Bank US"))
    address = {"protocol": "as4", "address": "https://as4.bank.example/in", "profile": "bank.v1"}
    client = signed_in(acme_admin)
    page = f"/t/acme/admin/directory/participant/{party.pk}/change/"
    typed = sent(client.get(page)) | {"name": "Bank of US", "endpoints-TOTAL_FORMS": "1"}
    typed |= {f"endpoints-0-{name}": value for name, value in address.items()}
    typed |= {"endpoints-0-participant": str(party.pk), "endpoints-0-status": "active"}
    typed |= {"endpoints-0-priority": "50", "endpoints-0-source": "internal", "endpoints-0-qos": "{}"}
    with overtaken_by(
        Endpoint, lambda: Endpoint.objects.bulk_create([Endpoint(participant=party, **address)])
    ):
        answer = client.post(page, typed)
    assert answer.status_code == 200, answer
    assert answer.context["adminform"].form.errors == {
        "__all__": ["The participant has this endpoint already."]
    }
    text = answer.content.decode()
    assert 'value="Bank of US"' in text
    assert 'value="https://as4.bank.example/in"' in text
    with acme:
        party.refresh_from_db()
        assert (party.name, party.endpoints.count()) == ("Bank US", 0)


def sent(page: Any) -> dict[str, Any]:
    """Return what the page's forms would send unchanged, without rows in their inlines."""
    values: dict[str, Any] = {}
    for bound in page.context["adminform"].form:
        data = bound.value()
        parts = getattr(bound.field.widget, "widgets", None)
        if parts is not None:
            shown = bound.field.widget.decompress(bound.value())
            values |= {f"{bound.html_name}_{n}": one or "" for n, one in enumerate(shown)}
        elif data is not None and data is not False:
            values[bound.html_name] = data
    for inline in page.context["inline_admin_formsets"]:
        prefix = inline.formset.prefix
        values |= {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}
    return values


ADD = re.compile(r'href="[^"]*/add/[^"]*"[^>]*>|Add the first one|Create a new item')


@pytest.mark.parametrize("path", ["audit/consent/", "directory/sourcerun/"])
def test_an_empty_list_that_is_written_elsewhere_offers_nothing_to_add(
    acme: Any, acme_admin: User, path: str
) -> None:
    text = signed_in(acme_admin).get(f"/t/acme/admin/{path}").content.decode()
    assert " yet" in text
    assert not ADD.search(text)


def test_an_empty_list_that_can_be_written_offers_to_add_the_first_row(acme: Any, acme_admin: User) -> None:
    text = signed_in(acme_admin).get("/t/acme/admin/directory/policy/").content.decode()
    assert "No policies yet" in text
    assert "Add the first one" in text
    assert "Reset filters" not in text


def test_a_list_without_a_match_offers_to_reset_what_was_asked(acme: Any, acme_admin: User) -> None:
    text = signed_in(acme_admin).get("/t/acme/admin/audit/consent/", {"q": "nothing"}).content.decode()
    assert "No consents match" in text
    assert "Reset filters" in text
    assert not ADD.search(text)


@pytest.mark.parametrize(
    ("refusal", "expected"),
    [
        (Refused("slug_taken", "This slug is taken.", pointer="#/slug"), [("slug", "This slug is taken.")]),
        (Refused("tenant_cycle", "It is below itself.", pointer="#/above"), [(None, "It is below itself.")]),
        (Refused("busy", "Others are writing here."), [(None, "Others are writing here.")]),
        (ValidationError("No.", code="no"), [(None, "No.")]),
        (
            ValidationError({"slug": ["Taken."], "name_key": ["Taken."], "__all__": ["Neither."]}),
            [("slug", "Taken."), (None, "Name key: Taken."), (None, "Neither.")],
        ),
    ],
)
def test_a_fault_is_at_its_field_where_the_form_has_it(
    refusal: Refused | ValidationError, expected: list[tuple[str | None, str]]
) -> None:
    found = [(name, " ".join(fault.messages)) for name, fault in faults_of(refusal, {"slug": None})]
    assert found == expected
