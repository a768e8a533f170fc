import json
import os
import signal
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from django.core.management import CommandError, call_command
from psycopg.conninfo import conninfo_to_dict

from config.foundation.rows import public_schema
from directory.models import Participant, Source, SourceRun

ROOT = Path(__file__).parents[3]
BANKS = [
    {"country_code": "SE", "bic": "NDEASESS", "bank_code": "300", "name": "Nordea", "primary": True},
    {"country_code": "SE", "bic": "NOBIC", "bank_code": "301", "name": "Nobody", "primary": True},
]


@pytest.fixture
def banks(tmp_path):
    path = tmp_path / "banks.json"
    path.write_text(json.dumps(BANKS))
    return path


def manage(*arguments, database_url):
    """Start a command in a process of its own."""
    environment = {
        **os.environ,
        "DATABASE_URL": database_url,
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "PYTHONUNBUFFERED": "1",
    }
    return subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def url_of(conninfo):
    parts = conninfo_to_dict(conninfo)
    user, host = (quote(str(parts.get(part, "")), safe="") for part in ("user", "host"))
    return f"postgresql://{user}@/{parts['dbname']}?host={host}"


@pytest.mark.django_db
def test_an_import_ends_in_one_line_and_tells_what_was_refused(banks):
    output, errors = StringIO(), StringIO()
    call_command("import_bic", file=banks, stdout=output, stderr=errors)
    lines = output.getvalue().splitlines()
    assert lines[-1].startswith(
        "bic: read 2, created 3, updated 0, unchanged 0, superseded 0, rejected 1 in 0."
    )
    assert lines[0] == "bic: 0 % reading"
    assert errors.getvalue().startswith("row 2: bic 'NOBIC': is no BIC")
    with public_schema():
        run = SourceRun.objects.get()
        assert run.errors[0]["row"] == 2
        assert Participant.objects.get(source="bic").name == "Nordea"


@pytest.mark.django_db
def test_a_dry_run_says_the_same_and_writes_nothing(banks):
    output = StringIO()
    call_command("import_bic", file=banks, dry_run=True, stdout=output, stderr=StringIO())
    assert "created 3" in output.getvalue()
    assert output.getvalue().endswith("(nothing was written)\n")
    with public_schema():
        assert not Source.objects.filter(name="bic").exists()
        assert not Participant.objects.filter(source="bic").exists()


@pytest.mark.django_db
@pytest.mark.parametrize("command", ["import_bic", "import_numbering"])
def test_a_bad_file_is_refused_in_one_line(tmp_path, command):
    path = tmp_path / "bad.json"
    path.write_text("{")
    with pytest.raises(CommandError) as refusal:
        call_command(command, file=path, stdout=StringIO())
    assert "\n" not in str(refusal.value)
    assert refusal.value.returncode == 1
    with public_schema():
        assert not Participant.objects.filter(source__in=["bic", "numbering"]).exists()


def test_a_stopped_database_is_told_in_one_line_with_exit_code_1(tmp_path, banks):
    url = f"postgresql://nobody@/none?host={quote(str(tmp_path), safe='')}"
    process = manage("import_bic", "--file", str(banks), database_url=url)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert len(errors.strip().splitlines()) == 1
    assert "database" in errors


@pytest.mark.race
def test_a_killed_import_leaves_a_run_that_the_next_one_marks_failed(own_database, banks):
    process = manage("import_bic", database_url=url_of(own_database))
    try:
        with psycopg.connect(own_database, autocommit=True) as client:
            seen = _watch(client, until=40)
            assert client.execute("SELECT count(*) FROM public.directory_participant").fetchone() == (0,)
            process.send_signal(signal.SIGKILL)
            process.wait(timeout=30)
            assert seen == sorted(seen)
            assert _runs(client) == [("running", seen[-1])]

            _wait_for_end_of_session(client)
            again = manage("import_bic", "--file", str(banks), database_url=url_of(own_database))
            again.communicate(timeout=120)
            assert again.returncode == 0
            assert [state for state, _ in _runs(client)] == ["failed", "succeeded"]
    finally:
        process.kill()
        process.communicate()


def _watch(client, *, until):
    """Return the percentages another connection sees until one is large enough."""
    seen = [0]
    deadline = time.monotonic() + 120
    while seen[-1] < until and time.monotonic() < deadline:
        seen.extend(percent for _, percent in _runs(client) if percent != seen[-1])
        time.sleep(0.02)
    assert seen[-1] >= until
    return seen


def _runs(client):
    query = "SELECT state, progress_percent FROM public.directory_sourcerun ORDER BY started_at"
    return client.execute(query).fetchall()


def _wait_for_end_of_session(client):
    """Wait until the killed process's sessions have released their locks."""
    deadline = time.monotonic() + 60
    while client.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'").fetchone() != (0,):
        assert time.monotonic() < deadline
        time.sleep(0.05)
