"""Pages of jobs."""

import re

import pytest
from django.test import Client

from audit.operations.verifications import VERIFICATION
from audit.requests.models import Job
from audit.requests.operations import perform_job, start_job
from config.foundation.actor import Actor
from config.foundation.rows import public_schema
from directory.connectors.jobs import KINDS
from directory.models import Source

ACME, GLOBEX, PLATFORM = "/t/acme/admin", "/t/globex/admin", "/admin"


@pytest.fixture
def owner(acme_admin):
    client = Client()
    client.force_login(acme_admin)
    return client


@pytest.fixture
def chief(operator):
    client = Client()
    client.force_login(operator)
    return client


def started(tenant, person, kind=VERIFICATION):
    with tenant:
        return start_job(actor=Actor.user(person.pk), kind=kind)


def page_of(job, site=ACME):
    return f"{site}/requests/job/{job.pk}/change/"


def test_the_chain_is_verified_by_a_button_above_its_events(owner, acme):
    events = owner.get(f"{ACME}/audit/auditevent/").content.decode()
    (address,) = re.findall(r'action="([^"]*/start/[^"]*)"', events)
    answer = owner.post(address)
    with acme:
        job = Job.objects.get()
        assert job.actor.startswith("user:")
        perform_job(job.pk)
    assert answer["Location"] == page_of(job)
    shown = owner.get(page_of(job)).content.decode()
    assert "succeeded" in shown
    assert "is valid: yes" in shown
    assert 'http-equiv="refresh"' not in shown


def test_the_page_names_who_asked_and_the_state_in_a_word(owner, acme, acme_admin):
    job = started(acme, acme_admin)
    for shown in (owner.get(page_of(job)), owner.get(f"{ACME}/requests/job/")):
        text = shown.content.decode()
        assert str(acme_admin) in text
        assert "queued" in text
        assert "&#x27;queued&#x27;" not in text
        assert f"user:{acme_admin.pk}" not in text


def test_what_is_asked_for_twice_is_refused_in_words(owner, acme, acme_admin):
    job = started(acme, acme_admin)
    answer = owner.post(f"{ACME}/requests/job/start/audit_verification/", follow=True)
    assert f"is queued: wait for {job.display_id}, or cancel it first." in answer.content.decode()
    with acme:
        assert Job.objects.count() == 1


def test_a_job_that_has_not_ended_shows_itself_anew_without_a_script(owner, acme, acme_admin):
    job = started(acme, acme_admin)
    shown = owner.get(page_of(job)).content.decode()
    assert '<meta http-equiv="refresh" content="3">' in shown
    assert "<progress" in shown
    assert f"{job.pk}/cancel/" in shown
    assert "queued" in owner.get(f"{ACME}/requests/job/").content.decode()


def test_cancelling_is_asked_twice(owner, acme, acme_admin):
    job = started(acme, acme_admin)
    address = f"{ACME}/requests/job/{job.pk}/cancel/"
    assert "Cancel this job?" in owner.get(address).content.decode()
    with acme:
        assert Job.objects.get().state == "queued"
    assert owner.post(address)["Location"] == page_of(job)
    with acme:
        assert Job.objects.get().state == "cancelled"


def test_what_has_ended_is_not_cancelled_and_the_page_says_so(owner, acme, acme_admin):
    job = started(acme, acme_admin)
    with acme:
        perform_job(job.pk)
    answer = owner.post(f"{ACME}/requests/job/{job.pk}/cancel/", follow=True)
    assert "has succeeded already" in answer.content.decode()


def test_another_tenants_job_is_no_page_here(owner, acme, globex, globex_admin):
    job = started(globex, globex_admin)
    assert str(job.pk) not in owner.get(f"{ACME}/requests/job/").content.decode()
    for view in ("change", "cancel"):
        answer = owner.get(f"{ACME}/requests/job/{job.pk}/{view}/")
        assert answer.status_code in (302, 404), view
        assert "audit_verification" not in answer.content.decode()
    with globex:
        assert Job.objects.get().state == "queued"


def test_imports_are_started_on_the_platform_alone(owner, chief, acme):
    assert "Import bank registries" not in owner.get(f"{ACME}/requests/job/").content.decode()
    assert owner.post(f"{ACME}/requests/job/start/import_bic/").status_code == 404
    assert "Import bank registries" in chief.get(f"{PLATFORM}/requests/job/").content.decode()
    answer = chief.post(f"{PLATFORM}/requests/job/start/import_bic/")
    with public_schema():
        job = Job.objects.get()
    assert answer["Location"] == page_of(job, PLATFORM)
    assert job.kind == KINDS[0].name
    with acme:
        assert not Job.objects.exists()


@pytest.mark.parametrize("kind", ["nothing", "import_bic2"])
def test_a_kind_that_is_none_is_not_found(chief, kind):
    assert chief.post(f"{PLATFORM}/requests/job/start/{kind}/").status_code == 404


def test_looking_at_the_address_that_starts_starts_nothing(chief):
    assert chief.get(f"{PLATFORM}/requests/job/start/audit_verification/").status_code == 302
    with public_schema():
        assert not Job.objects.exists()
        assert not Source.objects.exists()
