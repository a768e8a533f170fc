"""The demonstration, installed into the test's own transaction beside a small part of the public data."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from audit.enums import SubjectKind
from audit.models import AuditEvent, Consent
from audit.operations import current_consent
from audit.requests.models import SavedFilter
from config.demo import acme
from config.demo.installation import BOOKS
from config.foundation.actor import Actor
from config.foundation.rows import public_schema
from customers.identity.models import ApiToken, Membership, User
from customers.identity.operations import usage_of_token
from customers.tenants.models import Tenant
from directory.connectors.base import run_import
from directory.connectors.bic import BicConnector
from directory.connectors.numbering import NumberingConnector
from directory.models import (
    Capability,
    Credential,
    Edge,
    Endpoint,
    Identifier,
    Participant,
    PrefixRule,
    Probe,
    RoutingArtifact,
)
from directory.resolution.resolve import ResolveContext, resolve
from directory.resolution.retrieve import SqlDirectory
from tests.sealing import seal

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture
def data_dir(db, tmp_path, settings):
    """Give the demonstration a directory of its own, and the correspondents' BICs instead of all."""
    settings.DATA_DIR = tmp_path
    banks = [
        {"country_code": "SE", "bic": party.same_as_bic, "bank_code": "", "name": party.name}
        for party in acme.BOOK.parties
        if party.same_as_bic
    ]
    banks.append({**banks[0], "bic": acme.GLOBAL_ONLY_BIC})
    bic_file, plan_file = tmp_path / "banks.json", tmp_path / "plans.json"
    bic_file.write_text(json.dumps(banks))
    plan_file.write_text(json.dumps({"regions": {"46": ["SE"]}, "prefixes": {"46701": {"en": "Tele2"}}}))
    actor = Actor.system("test")
    with public_schema():
        run_import(actor=actor, connector=BicConnector(bic_file), now=NOW)
        run_import(actor=actor, connector=NumberingConnector(plan_file), now=NOW)
    return tmp_path


@pytest.fixture
def install(data_dir, capsys):
    def run(url="http://localhost:8000"):
        call_command("demo", url=url)
        return json.loads((data_dir / "demo.json").read_text())

    return run


def tables():
    """Return id, version and time of change of every row of the platform and of both directories."""
    seal()
    found = {}
    models: tuple[Any, ...] = (
        *(Participant, Identifier, Endpoint, Capability, Credential, Edge, PrefixRule),
        *(Consent, SavedFilter),
    )
    with public_schema():
        for model in (User, Tenant, Membership, ApiToken):
            found[model.__name__] = sorted(model.objects.values_list("pk", "row_version", "updated_at"))
        found["chain"] = AuditEvent.objects.count()
        tenants = list(Tenant.objects.filter(slug__in=BOOKS))
    for tenant in tenants:
        with tenant:
            for table in models:
                rows = table.objects.values_list("pk", "row_version", "updated_at")
                found[tenant.slug, table.__name__] = sorted(rows)
            found[tenant.slug, "chain"] = AuditEvent.objects.count()
    return found


def test_twice_changes_nothing(install, data_dir):
    first = install()
    before, file = tables(), (data_dir / "demo.json").stat()
    assert install() == first
    assert tables() == before
    assert (data_dir / "demo.json").stat().st_mtime_ns == file.st_mtime_ns


@pytest.mark.parametrize(
    ("slug", "part", "expected"),
    [
        ("acme", "admin", {"terms": (2, True, True), "contact": (1, True, True)}),
        ("acme", "member", {"terms": (2, True, True), "contact": (1, False, False)}),
        ("globex", "admin", {"terms": (2, True, True), "contact": (1, True, True)}),
        ("globex", "member", {"terms": (1, True, False), "contact": (1, False, False)}),
    ],
)
def test_people_accepted_renewed_and_withdrew_consents(install, slug, part, expected):
    logins = install()
    person = User.objects.get(email=logins["tenants"][slug][part]["email"])
    found = {}
    with Tenant.objects.get(slug=slug):
        for purpose in expected:
            held = current_consent(subject_kind=SubjectKind.USER, subject_id=person.pk, purpose=purpose)
            assert held is not None
            found[purpose] = (held.consent.text_version, held.is_given, held.is_current)
            assert held.consent.by == f"user:{person.pk}"
        seal()
        events = AuditEvent.objects.filter(resource="audit.consent", actor=f"user:{person.pk}")
        assert events.count() == Consent.objects.of_subject(SubjectKind.USER, person.pk).count() >= 3
        assert {event.reason for event in events} == {"Demonstration data"}
        assert not any(person.email in event.record for event in events)
    assert found == expected


def test_the_file_tells_how_to_sign_in_and_is_private(install, data_dir):
    logins = install()
    assert (data_dir / "demo.json").stat().st_mode & 0o777 == 0o600
    assert set(logins) == {"url", "operator", "tenants"}
    assert set(logins["tenants"]) == {"acme", "globex"}
    assert logins["tenants"]["acme"]["url"] == "http://localhost:8000/t/acme/"
    operator = User.objects.get(email=logins["operator"]["email"])
    assert operator.check_password(logins["operator"]["password"])
    assert operator.is_superuser
    assert operator.is_staff
    for slug, tenant in logins["tenants"].items():
        assert tenant["token"].startswith("sbt_")
        for role in ("admin", "member"):
            person = User.objects.get(email=tenant[role]["email"])
            assert person.check_password(tenant[role]["password"])
            assert Membership.objects.in_force().filter(user=person, tenant__slug=slug).count() == 1


def test_another_address_changes_the_file_and_nothing_else(install):
    install()
    before = tables()
    assert install("http://localhost:8111")["tenants"]["globex"]["url"] == "http://localhost:8111/t/globex/"
    assert tables() == before


def test_a_lost_file_makes_new_passwords_and_revokes_the_lost_tokens(install, data_dir):
    first = install()
    (data_dir / "demo.json").unlink()
    second = install()
    assert second["tenants"]["acme"]["token"] != first["tenants"]["acme"]["token"]
    usable = ApiToken.objects.usable(datetime.now(UTC)).filter(name="demo")
    assert usable.count() == 2
    admin = User.objects.get(email=second["tenants"]["acme"]["admin"]["email"])
    assert admin.check_password(second["tenants"]["acme"]["admin"]["password"])
    assert not admin.check_password(first["tenants"]["acme"]["admin"]["password"])


def test_a_run_that_was_cut_off_is_completed_by_the_next(install):
    first = install()
    complete = {key: len(rows) for key, rows in tables().items() if isinstance(rows, list)}
    with Tenant.objects.get(slug="globex"):
        Participant.objects.filter(external_id__in=["norrsken", "ap-fjord"]).delete()
    assert install() == first
    assert {key: len(rows) for key, rows in tables().items() if isinstance(rows, list)} == complete


def test_confidential_numbers_are_not_in_clear_anywhere(install):
    install()
    with Tenant.objects.get(slug="acme") as tenant:
        seal()
        with connection.cursor() as cursor:
            cursor.execute("SELECT string_agg(i::text, '') FROM directory_identifier i")
            stored = cursor.fetchone()[0]
            cursor.execute("SELECT string_agg(record, '') FROM audit_event")
            chained = cursor.fetchone()[0]
        assert Identifier.objects.filter(identifier_type="mid", tier=2).count() == 8
    for text in (stored, chained):
        assert "ACMEM0010001" not in text
        assert "T0010001" not in text
    assert tenant.schema_name


def test_every_example_of_the_handbook_is_there(install):
    install()
    with Tenant.objects.get(slug="acme"):
        bank = Identifier.objects.get(identifier_type="as4.partyId", scope="BIC", normalized="BANKUS33XXX")
        endpoint = bank.participant.endpoints.get()
        assert (endpoint.protocol, endpoint.address, endpoint.profile) == (
            "as4",
            "https://as4.bankus.com/fi",
            "as4.fifi.iso20022.v1",
        )
        assert bank.participant.capabilities.get().action == "credit.transfer"
        credentials = bank.participant.credentials.values_list("credential_type", "vault_ref")
        assert set(credentials) == {
            ("sign", "vault://certs/bankus/iso20022"),
            ("encrypt", "vault://certs/bankus/iso20022"),
        }
        entity = Identifier.objects.get(scope="LEI", normalized=acme.BANKUS_LEI)
        assert Edge.objects.filter(from_id=entity.pk, to_id=bank.pk, relation="same_as").exists()
        assert Edge.objects.filter(to_end="global", relation="same_as").count() >= 15
        table = RoutingArtifact.objects.get(kind="bin_table", status="active")
        assert {"411111", "41111122"} <= set(table.prefix_rules.values_list("prefix", flat=True))
        assert set(Endpoint.objects.values_list("status", flat=True)) == {"active", "draining", "inactive"}
    with Tenant.objects.get(slug="globex"):
        twin = Identifier.objects.filter(identifier_type="peppol.participantId", normalized="0088:123456789")
        assert twin.get().participant.identifiers.filter(identifier_type="as4.partyId").exists()
        table = RoutingArtifact.objects.get(kind="gtt_table", status="active")
        targets = dict(table.prefix_rules.values_list("prefix", "target_address"))
        assert targets["467012"] == "2-100-3/8"
        assert {"46", "4670"} <= set(targets)


def test_tokens_of_programs_show_weeks_of_use(install):
    install()
    for slug in BOOKS:
        with public_schema():
            tokens = list(ApiToken.objects.filter(tenant__slug=slug).exclude(name="demo"))
            usages = [usage_of_token(token, now=datetime.now(UTC)) for token in tokens]
        assert len(tokens) >= 2
        assert all(sum(1 for day in usage.days if day.answered) >= 14 for usage in usages)
        assert any(usage.codes for usage in usages)
        assert all(token.use.last_used_at <= token.revoked_at for token in tokens if token.revoked_at)


@pytest.mark.parametrize("slug", list(BOOKS))
def test_saved_filters_find_something_and_some_are_shared(install, slug, client):
    logins = install()["tenants"][slug]
    with Tenant.objects.get(slug=slug):
        shared = list(SavedFilter.objects.filter(is_shared=True).order_by("slug"))
        assert SavedFilter.objects.filter(is_shared=False).exists()
    assert shared
    headers = {"Authorization": f"Bearer {logins['token']}"}
    for kept in shared:
        answer = client.get(f"/t/{slug}/api/v1/{kept.resource}", {"filter": kept.slug}, headers=headers)
        assert answer.json()["results"], kept.slug


def answer_to(request, tenant):
    context = ResolveContext(
        tenant=tenant.schema_name,
        tenant_names={tenant.slug},
        store=SqlDirectory(connection, own_schema=tenant.schema_name, global_schema="public"),
        now=datetime.now(UTC),
        blind=lambda *_parts: "",
    )
    return json.loads(json.dumps(resolve(request, context=context).response))


def test_every_probe_is_answered_as_it_expects(install):
    install()
    for slug in BOOKS:
        with Tenant.objects.get(slug=slug) as tenant:
            probes = list(Probe.objects.order_by("name", "pk"))
            for probe in probes:
                answer = answer_to(probe.request, tenant)
                assert holds(probe.expected, answer), (probe.name, answer)
        assert len(probes) >= 3


def test_what_only_the_public_data_know_is_recognised_and_not_routed(install):
    install()
    with Tenant.objects.get(slug="acme") as tenant:
        for known in (
            {"type": "bic", "value": acme.GLOBAL_ONLY_BIC},
            {"type": "e164", "value": "+46701999999"},
        ):
            answer = answer_to({"identifiers": [known]}, tenant)
            assert answer["directives"] == []
            outcomes = {step["outcome"] for step in answer["resolution_trace"]}
            assert "recognised_not_routable" in outcomes


def holds(expected, answer):
    """Tell whether an answer has all that is expected of it."""
    if isinstance(expected, dict):
        return isinstance(answer, dict) and all(
            holds(part, answer.get(key)) for key, part in expected.items()
        )
    return expected == answer
