"""Who enters which site, and what the pages of the admin show and leave behind."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.contrib.messages.storage.fallback import FallbackStorage
from django.db import connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import clear_script_prefix

from audit.models import AuditEvent
from config.foundation.actor import Actor, acting
from config.foundation.rows import public_schema
from config.navigation import COLOURS
from config.sites import platform_site
from customers.identity.models import Role, User
from customers.tenants.models import Domain
from directory.models import Participant
from tests.cast import PASSWORD, email_of
from tests.sealing import seal

STATEMENTS_MAX = 12


@pytest.fixture(autouse=True)
def _script_prefix() -> Iterator[None]:
    yield
    clear_script_prefix()


def signed_in(user: User) -> Client:
    client = Client(HTTP_HOST="localhost")
    client.force_login(user)
    return client


def test_a_stranger_sees_the_same_login_page_whether_or_not_the_tenant_exists(acme: Any) -> None:
    client = Client(HTTP_HOST="localhost")
    pages = []
    for slug in ("acme", "nosuch"):
        answer = client.get(f"/t/{slug}/admin/", follow=True)
        assert answer.status_code == 200
        pages.append(re.sub(r'value="[^"]{64}"', "", answer.content.decode()).replace(slug, "…"))
    assert pages[0] == pages[1]
    assert acme.name not in pages[0]
    assert "E-mail address" in pages[0]


def test_signing_in_on_a_tenants_page_leads_to_its_overview_in_whatever_case_the_address_is_typed(
    acme_admin: User,
) -> None:
    client = Client(HTTP_HOST="localhost")
    login = client.get("/t/acme/admin/", follow=True)
    answer = client.post(
        login.request["PATH_INFO"],
        {"username": email_of("acme_admin").upper(), "password": PASSWORD, "next": "/t/acme/admin/"},
        follow=True,
    )
    assert "Acme Bank" in answer.content.decode()


def test_an_unknown_tenant_and_one_without_a_tie_are_the_same_404(outsider: User) -> None:
    client = signed_in(outsider)
    answers = [client.get(f"/t/{slug}/admin/") for slug in ("acme", "nosuch")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content


def test_a_member_without_the_privilege_is_told_which_one_is_missing(acme_member: User) -> None:
    answer = signed_in(acme_member).get("/t/acme/admin/")
    assert answer.status_code == 403
    assert "tenant.admin" in answer.content.decode()


def test_the_owner_of_one_tenant_finds_nothing_in_another(globex_admin: User) -> None:
    assert signed_in(globex_admin).get("/t/acme/admin/").status_code == 404


def test_a_tenants_owner_is_no_operator(acme_admin: User) -> None:
    assert signed_in(acme_admin).get("/admin/").status_code == 403


def test_an_operator_without_permissions_sees_no_table(clerk: User) -> None:
    client = signed_in(clerk)
    assert client.get("/admin/").status_code == 200
    assert client.get("/admin/identity/user/").status_code == 403


def test_the_drop_down_lists_only_what_one_may_enter(acme_admin: User, operator: User) -> None:
    own = signed_in(acme_admin).get("/t/acme/admin/").content.decode()
    assert "/t/acme/admin/" in own
    assert "/t/globex/admin/" not in own
    assert ">Platform" not in own
    all_of_them = signed_in(operator).get("/admin/").content.decode()
    assert "/t/acme/admin/" in all_of_them
    assert "/t/globex/admin/" in all_of_them


def test_a_change_names_person_and_reason_in_the_chain_and_nothing_stands_in_djangos_log(
    acme: Any, acme_admin: User
) -> None:
    client = signed_in(acme_admin)
    page = client.get("/t/acme/admin/directory/participant/add/")
    form = _fields(page) | {"name": "First Bank", "_reason": "onboarding"}
    answer = client.post("/t/acme/admin/directory/participant/add/", form)
    assert answer.status_code == 302, answer.content.decode()
    with acme:
        seal()
        made = Participant.objects.get(name="First Bank")
        event = AuditEvent.objects.of_row("directory.participant", str(made.pk)).get()
    assert event.actor == f"user:{acme_admin.pk}"
    assert event.reason == "onboarding"
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("path", ["directory/participant/", "directory/identifier/", "audit/auditevent/"])
def test_a_list_costs_few_statements(acme: Any, acme_admin: User, path: str) -> None:
    client = signed_in(acme_admin)
    with CaptureQueriesContext(connection) as statements:
        assert client.get(f"/t/acme/admin/{path}").status_code == 200
    assert len(statements) <= STATEMENTS_MAX, [s["sql"][:120] for s in statements]


@pytest.mark.parametrize(
    "model",
    [
        "tenants/tenant",
        "tenants/domain",
        "tenants/placement",
        "identity/user",
        "identity/membership",
        "identity/role",
        "identity/privilege",
        "identity/apitoken",
        "directory/participant",
        "audit/auditevent",
    ],
)
def test_every_list_of_the_platform_opens_and_shows_no_secret(
    operator: User, make_token: Any, model: str
) -> None:
    secret = make_token("acme", "directory.read").rpartition(".")[2]
    page = signed_in(operator).get(f"/admin/{model}/").content.decode()
    assert secret not in page
    assert "md5$" not in page


def test_the_platforms_own_row_is_not_listed(operator: User) -> None:
    page = signed_in(operator).get("/admin/tenants/tenant/").content.decode()
    assert "acme" in page
    assert ">public<" not in page


def test_an_operator_adds_a_person_who_can_sign_in(operator: User) -> None:
    client = signed_in(operator)
    form = _fields(client.get("/admin/identity/user/add/"))
    form |= {"email": "New.Person@example.com", "new_password": "a long enough secret", "time_zone": "UTC"}
    answer = client.post("/admin/identity/user/add/", form)
    assert answer.status_code == 302, answer.content.decode()
    assert Client(HTTP_HOST="localhost").login(
        username="new.person@EXAMPLE.com", password="a long enough secret"
    )


def test_an_address_that_is_taken_is_refused_in_the_form(operator: User) -> None:
    client = signed_in(operator)
    form = _fields(client.get("/admin/identity/user/add/")) | {"email": email_of("outsider").upper()}
    answer = client.post("/admin/identity/user/add/", form)
    assert "Somebody with this e-mail address exists." in answer.content.decode()


def test_an_operator_with_permissions_cannot_make_anybody_superuser_nor_change_one(
    clerk: User, operator: User
) -> None:
    clerk.user_permissions.set(Permission.objects.filter(content_type__app_label="identity"))
    client = signed_in(clerk)
    form = _fields(client.get(f"/admin/identity/user/{clerk.pk}/change/")) | {"is_superuser": "on"}
    client.post(f"/admin/identity/user/{clerk.pk}/change/", form)
    clerk.refresh_from_db()
    assert not clerk.is_superuser
    answer = client.post(f"/admin/identity/user/{operator.pk}/change/", {"new_password": "taken over by me"})
    assert answer.status_code == 403


def test_the_last_owner_stays_and_the_page_says_why(operator: User, acme_admin: User) -> None:
    client = signed_in(operator)
    membership = acme_admin.memberships.get()
    page = f"/admin/identity/membership/{membership.pk}/change/"
    form = _fields(client.get(page)) | {"granted": [], "status": "active"}
    answer = client.post(page, form, follow=True)
    assert "last owner" in answer.content.decode()
    assert membership.roles.filter(code="owner").exists()


def test_people_and_memberships_have_no_delete_button(operator: User, acme_admin: User) -> None:
    client = signed_in(operator)
    membership = acme_admin.memberships.get()
    assert client.post(f"/admin/identity/user/{operator.pk}/delete/").status_code == 403
    assert client.post(f"/admin/identity/membership/{membership.pk}/delete/").status_code == 403


def test_built_in_roles_are_read_only(operator: User) -> None:
    role = Role.objects.get(code="owner", tenant__isnull=True)
    answer = signed_in(operator).post(f"/admin/identity/role/{role.pk}/change/", {"title": "Mine"})
    assert answer.status_code == 403


def test_history_leads_to_the_events_of_the_row(operator: User, acme: Any) -> None:
    answer = signed_in(operator).get(f"/admin/tenants/tenant/{acme.pk}/history/")
    assert answer.headers["Location"] == f"/admin/audit/auditevent/?resource_id={acme.pk}"


def test_the_start_page_names_the_tenants_of_who_is_signed_in(acme_admin: User) -> None:
    assert "Acme Bank" not in Client(HTTP_HOST="localhost").get("/").content.decode()
    page = signed_in(acme_admin).get("/").content.decode()
    assert "Acme Bank" in page
    assert "Globex" not in page


def test_the_search_of_one_tenant_shows_no_links_into_another(operator: User) -> None:
    client = signed_in(operator)
    first = client.get("/t/acme/admin/search/?s=participant").content.decode()
    second = client.get("/t/globex/admin/search/?s=participant").content.decode()
    assert "/t/acme/admin/directory/participant/" in first
    assert "/t/globex/admin/directory/participant/" in second
    assert "acme" not in second


def _fields(page: Any) -> dict[str, Any]:
    """Return what the page's form would send unchanged."""
    form = page.context["adminform"].form
    sent: dict[str, Any] = {}
    for bound in form:
        value = bound.value()
        sent |= _parts(bound, value)
    for formset in page.context["inline_admin_formsets"]:
        sent |= {f"{formset.formset.prefix}-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    return sent


def _parts(bound: Any, value: Any) -> dict[str, Any]:
    if hasattr(bound.field.widget, "widgets"):
        return {f"{bound.html_name}_{n}": "" for n, _ in enumerate(bound.field.widget.widgets)}
    if value is None or value is False:
        return {}
    prepared = bound.field.prepare_value(value)
    return {bound.html_name: prepared}


def test_white_letters_are_readable_on_every_tenants_colour() -> None:
    css = (settings.BASE_DIR / "static/switchboard/switchboard.css").read_text()
    colours = re.findall(r"\.sb-hue-\d+ \{ background-color: #([0-9a-f]{6}); \}", css)
    assert len(colours) == COLOURS
    assert min(_contrast_with_white(colour) for colour in colours) >= 4.5


def test_an_export_neither_runs_as_a_formula_nor_shows_what_is_confidential(
    acme: Any, acme_admin: User
) -> None:
    with acme, acting(Actor.user(acme_admin.pk)):
        row = Participant.objects.create(name="=cmd|' /C calc'!A0")
    answer = signed_in(acme_admin).post(
        "/t/acme/admin/directory/participant/", {"action": "export_csv", "_selected_action": [str(row.pk)]}
    )
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert "'=cmd" in answer.content.decode()


def _contrast_with_white(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def test_a_write_that_was_overtaken_becomes_a_message_and_leaves_nothing(
    acme: Any, operator: User, rf: RequestFactory
) -> None:
    request: Any = rf.post("/admin/tenants/domain/add/")
    request.user, request.session = operator, {}
    request._messages = FallbackStorage(request)

    def overtaken() -> HttpResponse:
        Domain.objects.create(tenant=acme, domain="other.example", is_primary=True)
        return HttpResponse("saved")

    with public_schema():  # as every page of the site
        answer = platform_site._registry[Domain].performed(request, overtaken)
    assert answer.status_code == 302
    assert [str(message) for message in request._messages] == ["This tenant has a primary host name already."]
    assert not Domain.objects.filter(domain="other.example").exists()


def test_signing_out_of_a_tenants_site_leads_back_to_its_own_login_page(acme_admin: User) -> None:
    client = signed_in(acme_admin)
    page = client.post("/t/acme/admin/logout/").content.decode()
    assert "signed out" in page
    assert 'href="/t/acme/admin/"' in page
    assert client.get("/t/acme/admin/").status_code == 302
