"""Imports as jobs of the platform."""

import json

import pytest

from audit.requests.models import Job
from audit.requests.operations import cancel_job, perform_job, start_job
from config.foundation.actor import Actor
from config.foundation.display_ids import display_id
from config.foundation.jobs import JobKind, job_kinds
from config.foundation.rows import public_schema
from directory.connectors.bic import BicConnector
from directory.connectors.jobs import KINDS, importing
from directory.models import Participant, SourceRun

ACTOR = Actor.system("tests")
BANKS = [
    {"country_code": "SE", "bic": "NDEASESS", "bank_code": "300", "name": "Nordea", "primary": True},
    {"country_code": "SE", "bic": "NOBIC", "bank_code": "301", "name": "Nobody", "primary": True},
]
pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def kind(tmp_path):
    """A kind of job that imports two banks, one of which has no BIC that is one."""
    path = tmp_path / "banks.json"
    path.write_text(json.dumps(BANKS))
    known = dict(job_kinds._kinds)
    work = importing(lambda: BicConnector(path))
    one = JobKind("import_two", "Two", "directory.manage", work, "directory.add_source", commits_itself=True)
    job_kinds.register(one)
    yield one
    job_kinds._kinds = known


def performed(kind):
    job = start_job(actor=ACTOR, kind=kind)
    perform_job(job.pk)
    job.refresh_from_db()
    return job


def test_a_job_imports_links_its_run_and_tells_each_row_that_was_refused(kind):
    with public_schema():
        job = performed(kind)
        run = SourceRun.objects.get()
        assert job.state == "succeeded", job.errors
        assert job.result["source_run_id"] == display_id("run", run.pk)
        assert (job.result["rows_read"], job.result["rows_rejected"]) == (2, 1)
        assert [(error["code"], error["row"]) for error in job.errors] == [("row_rejected", 2)]
        assert (run.state, Participant.objects.count()) == ("succeeded", 1)


def test_a_file_that_cannot_be_read_fails_in_its_words(kind, tmp_path):
    (tmp_path / "banks.json").write_text("no json")
    with public_schema():
        job = performed(kind)
        assert (job.state, [error["code"] for error in job.errors]) == ("failed", ["source_unreadable"])
        assert not Participant.objects.exists()


def test_an_import_whose_end_was_asked_for_leaves_nothing(kind, monkeypatch):
    with public_schema():
        job = start_job(actor=ACTOR, kind=kind)
        read = BicConnector.read

        def is_cancelled_meanwhile(connector):
            cancel_job(actor=ACTOR, job_id=job.pk)
            return read(connector)

        monkeypatch.setattr(BicConnector, "read", is_cancelled_meanwhile)
        perform_job(job.pk)
        assert Job.objects.get().state == "cancelled"
        assert not Participant.objects.exists()


def test_the_kinds_are_of_the_platform():
    assert [kind.name for kind in KINDS] == ["import_bic", "import_numbering"]
    assert all(kind.is_of_platform and kind.commits_itself for kind in KINDS)
