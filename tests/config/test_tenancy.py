import pytest
from django.contrib.auth.models import Permission
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import get_script_prefix
from django.utils import timezone

from config.foundation.display_ids import display_id
from config.foundation.rows import NoSchemaSelectedError, public_schema, selected_schema
from config.tenancy import TenantSelection
from config.tenancy.directory import DatabaseDirectory
from customers.identity.models import ApiToken, Membership
from customers.tenants.models import Domain, Placement, Tenant
from tests.directory.rest.calling import problem_of

PATH = "/api/v1/directory/participants"
BASE = "switchboard.localhost"


def call(path, token="", host="localhost", **headers):
    credential = {"Authorization": f"Bearer {token}"} if token else {}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Client().get(path, headers={"Host": host, **credential, **named})


def code_of(response):
    return 200 if response.status_code == 200 else problem_of(response)["code"]


@pytest.fixture
def token(make_token):
    return make_token("acme", "directory.read")


@pytest.fixture
def unbound(token):
    """Return a token of acme's owner that names no tenant."""
    ApiToken.objects.update(tenant=None)
    return token


@pytest.fixture
def own_host(acme):
    return Domain.objects.create(tenant=acme, domain="bank.example", verified_at=timezone.now())


@pytest.mark.parametrize("host", ["localhost:8000", "LOCALHOST", "localhost.", "localhost.:80", "[::1]:8000"])
def test_the_platform_is_known_by_port_case_final_dot_and_address(db, host):
    assert call("/problems", host=host).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "",
        "nobody.example",
        "localhost:x",
        "localhost:1:2",
        "[::1",
        "é.example",
        "a b",
        "@",
        f"a.b.{BASE}",
        BASE,
    ],
)
def test_any_other_host_is_unknown(db, host):
    response = call("/t/acme/", host=host)
    assert (response.status_code, code_of(response)) == (421, "unknown_host")


def test_a_tenant_is_selected_by_path_by_its_slug_below_the_base_domain_and_by_its_own_host(token, own_host):
    assert code_of(call(f"/t/acme{PATH}", token)) == 200
    assert code_of(call(PATH, token, f"acme.{BASE}:8000")) == 200
    assert code_of(call(PATH, token, "Bank.Example.")) == 200


def test_a_host_that_nobody_verified_selects_nothing(token, own_host):
    Domain.objects.filter(pk=own_host.pk).update(verified_at=None)
    assert code_of(call(PATH, token, "bank.example")) == "unknown_host"


def test_a_host_below_the_base_domain_belongs_to_its_slug_whatever_a_domain_says(token, globex):
    Domain.objects.filter(domain=f"acme.{BASE}").delete()
    Domain.objects.create(tenant=globex, domain=f"acme.{BASE}", verified_at=timezone.now())
    assert code_of(call(PATH, token, f"acme.{BASE}")) == 200


def test_a_missing_slash_is_added(db):
    assert call("/t/acme")["Location"] == "/t/acme/"


@pytest.mark.parametrize("host", [f"acme.{BASE}", "bank.example"])
@pytest.mark.parametrize("slug", ["globex", "no-such-tenant", "public"])
def test_host_and_path_must_agree(unbound, own_host, globex, host, slug):
    assert code_of(call(f"/t/{slug}{PATH}", unbound, host)) == "tenant_mismatch"
    assert code_of(call(f"/t/acme{PATH}", unbound, host)) == 200


def test_the_header_names_the_same_tenant_by_slug_or_id(unbound, acme, globex):
    for named in ("acme", display_id("ten", acme.pk)):
        assert code_of(call(f"/t/acme{PATH}", unbound, X_Tenant=named)) == 200
    for named in ("globex", display_id("ten", globex.pk), "nonsense"):
        assert code_of(call(f"/t/acme{PATH}", unbound, X_Tenant=named)) == "tenant_mismatch"


def test_an_id_in_the_path_is_no_slug(unbound, acme):
    assert code_of(call(f"/t/{display_id('ten', acme.pk)}{PATH}", unbound)) == "not_found"


@pytest.mark.parametrize("host", ["localhost", "below"])
@pytest.mark.parametrize("is_named", [False, True])
@pytest.mark.parametrize("is_bound", [False, True])
def test_an_unknown_slug_and_a_foreign_one_differ_in_nothing(token, globex, host, is_named, is_bound):
    if not is_bound:
        ApiToken.objects.update(tenant=None)
    seen = []
    call(f"/t/globex{PATH}", token)  # the token's use is noted now, not below
    for slug in ("globex", "no-such-tenant", "public"):
        with CaptureQueriesContext(connection) as queries:
            response = call(
                f"/t/{slug}{PATH}",
                token,
                f"{slug}.{BASE}" if host == "below" else host,
                **({"X_Tenant": slug} if is_named else {}),
            )
        problem = problem_of(response)
        seen.append((response.status_code, problem["code"], problem["detail"], len(queries)))
    assert len(set(seen)) == 1
    assert seen[0][1] == ("tenant_mismatch" if is_bound else "not_found")


def test_a_slug_with_a_null_character_is_no_alias_and_tells_nothing(unbound, acme, globex):
    for slug in ("ac%00me", "glo%00bex", "no-such%00-tenant", "%00"):
        assert code_of(call(f"/t/{slug}{PATH}", unbound)) == "not_found"


@pytest.mark.parametrize(
    ("path", "host", "named", "code"),
    [
        (f"/t/acme{PATH}", "localhost", {"X_Tenant": "globex"}, "tenant_mismatch"),
        (f"/t/globex{PATH}", "localhost", {"X_Tenant": "acme"}, "tenant_mismatch"),
        (f"/t/globex{PATH}", "localhost", {}, "tenant_mismatch"),  # the token is acme's
        (f"/t/globex{PATH}", f"acme.{BASE}", {}, "tenant_mismatch"),
        (f"/t/acme{PATH}", "bank.example", {"X_Tenant": "globex"}, "tenant_mismatch"),
        (PATH, "nobody.example", {}, "unknown_host"),
    ],
)
def test_no_schema_of_a_tenant_is_asked_where_not_all_name_the_same(
    token, own_host, acme, globex, path, host, named, code
):
    with CaptureQueriesContext(connection) as asked:
        assert code_of(call(path, token, host, **named)) == code
    said = "\n".join(query["sql"] for query in asked)
    assert acme.schema_name not in said
    assert globex.schema_name not in said
    with CaptureQueriesContext(connection) as asked:
        assert code_of(call(f"/t/acme{PATH}", token)) == 200
    assert acme.schema_name in "\n".join(query["sql"] for query in asked)


@pytest.mark.parametrize("status", ["inactive", "archived"])
def test_a_member_learns_that_the_tenant_is_closed(token, acme, status):
    Tenant.objects.filter(pk=acme.pk).update(status=status)
    assert code_of(call(f"/t/acme{PATH}", token)) == "tenant_inactive"


@pytest.mark.parametrize("status", ["waitlisted", "provisioning"])
def test_who_waits_learns_for_what_and_whom_to_ask(token, acme, acme_admin, status):
    Tenant.objects.filter(pk=acme.pk).update(status=status)
    problem = problem_of(call(f"/t/acme{PATH}", token))
    assert (problem["state"], problem["owner_email"]) == (status, acme_admin.email)


def test_a_member_waits_for_the_schema(token, acme):
    Placement.objects.filter(tenant=acme).update(state="provisioning")
    assert code_of(call(f"/t/acme{PATH}", token)) == "tenant_not_ready"
    Placement.objects.filter(tenant=acme).delete()
    assert code_of(call(f"/t/acme{PATH}", token)) == "tenant_not_ready"


def test_a_deleted_tenant_is_unknown_even_to_its_members(unbound, acme):
    Tenant.objects.filter(pk=acme.pk).update(status="deleted", deleted_at=timezone.now())
    assert code_of(call(f"/t/acme{PATH}", unbound)) == "not_found"


def test_a_membership_that_ended_lets_nobody_in(unbound, acme):
    Membership.objects.filter(tenant=acme).update(status="inactive", reason="left")
    assert code_of(call(f"/t/acme{PATH}", unbound)) == "not_found"


def test_a_token_narrows_and_never_widens(make_token, acme, acme_member):
    narrow = make_token("acme", "directory.resolve")
    assert code_of(call(f"/t/acme{PATH}", narrow)) == "permission_denied"


def test_a_token_is_good_in_its_networks_alone_whatever_a_proxy_claims(token):
    ApiToken.objects.update(allowed_networks=["10.0.0.0/8"])
    assert code_of(call(f"/t/acme{PATH}", token, X_Forwarded_For="10.0.0.1")) == "ip_not_allowed"
    ApiToken.objects.update(allowed_networks=["127.0.0.0/8"])
    assert code_of(call(f"/t/acme{PATH}", token)) == 200


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("10.1.2.3", 200),
        ("::ffff:10.1.2.3", 200),
        ("::ffff:11.1.2.3", "ip_not_allowed"),
        ("", "ip_not_allowed"),
    ],
)
def test_a_network_is_compared_in_whatever_form_the_socket_shows_the_address(token, address, expected):
    ApiToken.objects.update(allowed_networks=["10.0.0.0/8"])
    headers = {"Host": "localhost", "Authorization": f"Bearer {token}"}
    assert code_of(Client().get(f"/t/acme{PATH}", headers=headers, REMOTE_ADDR=address)) == expected


@pytest.mark.parametrize(
    ("name", "expected"), [("operator", 200), ("clerk", "not_found"), ("outsider", "not_found")]
)
def test_of_those_without_membership_only_a_superuser_enters(acme, request, name, expected):
    client = Client()
    client.force_login(request.getfixturevalue(name))
    assert code_of(client.get(f"/t/acme{PATH}", headers={"Host": "localhost"})) == expected


def test_a_superusers_access_is_noted_once_an_hour(acme, operator):
    client = Client()
    client.force_login(operator)
    for _ in range(2):
        client.get(f"/t/acme{PATH}", headers={"Host": "localhost"})
    with connection.cursor() as cursor:
        cursor.execute(
            f'SELECT count(*) FROM "{acme.schema_name}".audit_pending WHERE action = %s', ["access"]
        )
        pending = cursor.fetchone()[0]
        cursor.execute(f'SELECT count(*) FROM "{acme.schema_name}".audit_event WHERE action = %s', ["access"])
        assert pending + cursor.fetchone()[0] == 1


@pytest.mark.parametrize("path", [f"/t/acme{PATH}", f"/t/acme{PATH}/nonsense", "/problems", "/t/nobody/"])
def test_connection_and_prefix_are_at_rest_after_every_request(token, path):
    call(path, token)
    with pytest.raises(NoSchemaSelectedError):
        selected_schema("default")
    assert get_script_prefix() == "/"


def answer_of(path, token, host, **headers):
    """Return what a refusal says but for its request_id, how many statements it took, and what they were."""
    with CaptureQueriesContext(connection) as queries:
        response = call(path, token, host, **headers)
    is_problem = response["Content-Type"] == "application/problem+json"
    problem = problem_of(response) if is_problem else {}
    told = {name: value for name, value in problem.items() if name not in {"request_id", "instance"}}
    return response.status_code, told, [query["sql"] for query in queries]


WAYS = {
    "path": lambda slug: (f"/t/{slug}{PATH}", "localhost", {}),
    "host": lambda slug: (PATH, f"{slug}.{BASE}", {}),
    "path and header": lambda slug: (f"/t/{slug}{PATH}", "localhost", {"X_Tenant": slug}),
    "path and host": lambda slug: (f"/t/{slug}{PATH}", f"{slug}.{BASE}", {}),
}


@pytest.mark.parametrize("is_bound", [False, True])
@pytest.mark.parametrize("way", WAYS)
def test_foreign_deleted_and_unknown_are_answered_byte_for_byte_alike_and_touch_no_tenant(
    token, acme, globex, way, is_bound
):
    Tenant.objects.filter(pk=globex.pk).update(status="inactive")
    deleted = Tenant.draft(slug="gone", name="Gone", status="deleted", deleted_at=timezone.now())
    deleted.save()
    if not is_bound:
        ApiToken.objects.update(tenant=None)
    call(f"/t/globex{PATH}", token)  # the token's use is noted now, not below
    seen = []
    for slug in ("globex", "gone", "nobody", "public"):
        path, host, headers = WAYS[way](slug)
        status, told, statements = answer_of(path, token, host, **headers)
        assert not [text for text in statements if acme.schema_name in text or globex.schema_name in text]
        seen.append((status, told, len(statements)))
    assert all(one == seen[0] for one in seen)
    assert seen[0][1]["code"] == ("tenant_mismatch" if is_bound else "not_found")


@pytest.mark.parametrize("by_header", ["", "acme", "globex", "nobody"])
@pytest.mark.parametrize("by_path", ["", "acme", "globex", "nobody"])
@pytest.mark.parametrize("by_host", ["", "acme", "globex", "nobody"])
@pytest.mark.parametrize("bound", [None, "acme", "globex"])
def test_all_that_name_a_tenant_name_the_same_one_or_nothing_of_a_tenant_is_read(
    token, acme, globex, acme_admin, by_header, by_path, by_host, bound
):
    """A member of both tenants calls, so that only the disagreement can be what refuses."""
    Membership.objects.create(user=acme_admin, tenant=globex, status="active").roles.set(
        Membership.objects.get(user=acme_admin, tenant=acme).roles.all()
    )
    ApiToken.objects.update(tenant={"acme": acme, "globex": globex}.get(bound))
    host = f"{by_host}.{BASE}" if by_host else "localhost"
    path = f"/t/{by_path}{PATH}" if by_path else PATH
    status, told, statements = answer_of(path, token, host, **({"X_Tenant": by_header} if by_header else {}))
    named = {name for name in (by_host, by_path, by_header, bound) if name}
    is_platform = not by_host and not by_path
    if is_platform:
        assert status == 404 or told["code"] == "tenant_mismatch"
    elif len(named) > 1:
        assert (status, told["code"]) == (403, "tenant_mismatch")
    else:
        assert status == (404 if named == {"nobody"} else 200)
    if status != 200:
        assert not [text for text in statements if acme.schema_name in text or globex.schema_name in text]


def test_a_token_of_one_tenant_is_refused_at_another_also_to_a_member_of_both(token, globex, acme_admin):
    Membership.objects.create(user=acme_admin, tenant=globex, status="active")
    assert code_of(call(f"/t/globex{PATH}", token)) == "tenant_mismatch"


def test_a_token_of_a_tenant_that_its_user_left_finds_nothing(token, acme_admin):
    Membership.objects.filter(user=acme_admin).update(status="inactive", reason="left")
    assert code_of(call(f"/t/acme{PATH}", token)) == "not_found"


@pytest.mark.parametrize(
    ("path", "host", "headers", "code"),
    [
        (f"/t/ACME{PATH}", "localhost", {}, "not_found"),
        (f"/t/%61cme{PATH}", "localhost", {}, 200),  # the server decodes once: it is the same path
        (f"/t/%2561cme{PATH}", "localhost", {}, "not_found"),
        (f"/t/acme%2f{PATH}", "localhost", {}, 404),
        (f"/t/acme.{PATH}", "localhost", {}, "not_found"),
        (f"/t/acme {PATH}", "localhost", {}, "not_found"),
        (f"/t/acme/../globex{PATH}", "localhost", {}, 404),
        (f"/t//acme{PATH}", "localhost", {}, 404),
        (f"//t/acme{PATH}", "localhost", {}, 404),
        (f"/t/acme/{PATH}", "localhost", {}, 404),
        (f"/T/acme{PATH}", "localhost", {}, 404),
        (PATH, f"ACME.{BASE}.:443", {}, 200),
        (PATH, f"acme..{BASE}", {}, "unknown_host"),
        (PATH, f"acme.{BASE}..", {}, "unknown_host"),
        (PATH, f"xn--acme.{BASE}", {}, "not_found"),
        (PATH, f"\u0430cme.{BASE}", {}, "unknown_host"),
        (PATH, f"acme.{BASE},globex.{BASE}", {}, "unknown_host"),
        (f"/t/acme{PATH}", "localhost", {"X_Tenant": "acme,globex"}, "tenant_mismatch"),
        (f"/t/acme{PATH}", "localhost", {"X_Tenant": "acme,acme"}, "tenant_mismatch"),
        (f"/t/acme{PATH}", "localhost", {"X_Tenant": "ACME"}, "tenant_mismatch"),
        (f"/t/acme{PATH}", "localhost", {"X_Tenant": "ten_" + "0" * 32}, "tenant_mismatch"),
        (f"/t/acme{PATH}", "localhost", {"X_Tenant": "acme\x00"}, "tenant_mismatch"),
    ],
)  # fmt: skip
def test_hostile_forms_of_a_name_are_no_name_and_touch_no_tenant(
    unbound, acme, globex, path, host, headers, code
):
    call(f"/t/globex{PATH}", unbound)
    status, told, statements = answer_of(path, unbound, host, **headers)
    assert code in {status, told.get("code")}
    if status != 200:
        assert not [text for text in statements if acme.schema_name in text or globex.schema_name in text]


def accesses(tenant):
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT (SELECT count(*) FROM \"{tenant.schema_name}\".audit_pending WHERE action = 'access')"
            f" + (SELECT count(*) FROM \"{tenant.schema_name}\".audit_event WHERE action = 'access')"
        )
        return cursor.fetchone()[0]


def test_an_access_is_told_to_the_tenant_that_was_entered_and_to_no_other(acme, globex, operator):
    client = Client()
    client.force_login(operator)
    client.get(f"/t/acme{PATH}", headers={"Host": "localhost"})
    assert (accesses(acme), accesses(globex)) == (1, 0)
    client.get(f"/t/globex{PATH}", headers={"Host": "localhost"})
    assert (accesses(acme), accesses(globex)) == (1, 1)


def test_a_session_that_lost_its_note_meanwhile_leaves_no_second_event(acme, operator):
    client = Client()
    client.force_login(operator)
    stale = client.session.load()
    client.get(f"/t/acme{PATH}", headers={"Host": "localhost"})
    request = RequestFactory().get("/")
    request.session = SessionStore(client.session.session_key)
    request.session.clear()
    request.session.update(stale)  # read before the other request wrote
    record = DatabaseDirectory().by_slug("acme")
    with public_schema():
        TenantSelection(request, is_platform=False, tenant=record, is_consistent=True).admit(operator, None)
    assert accesses(acme) == 1


def test_a_clerk_with_every_permission_of_the_platform_gets_nothing_of_a_tenant(acme, clerk):
    clerk.user_permissions.set(Permission.objects.all())
    client = Client()
    client.force_login(clerk)
    assert code_of(client.get(f"/t/acme{PATH}", headers={"Host": "localhost"})) == "not_found"
    assert accesses(acme) == 0
