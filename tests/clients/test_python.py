"""Clients that openapi-python-client makes of the committed documents: complete, typed, and understood by a server."""

import importlib
import json
import os
import pkgutil
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest
import yaml
from django.conf import settings

NAMES = ("platform", "tenant")
DOCUMENTS = Path(settings.BASE_DIR, "docs/openapi")


@pytest.fixture(scope="session")
def generated(tmp_path_factory):
    """Return the folder with a package for each document, and what the generator said."""
    folder = tmp_path_factory.mktemp("clients")
    (folder / "config.json").write_text(json.dumps({"post_hooks": []}))
    said = [
        subprocess.run(
            [
                *(sys.executable, "-m", "openapi_python_client", "generate", "--fail-on-warning"),
                *("--path", str(DOCUMENTS / f"{name}.yaml"), "--meta", "none"),
                *("--config", "config.json", "--output-path", f"switchboard_{name}"),
            ],
            cwd=folder,
            env=os.environ | {"PYTHONUTF8": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        for name in NAMES
    ]
    return folder, said


@pytest.fixture
def importable(generated, monkeypatch):
    """Return a function that imports a module of the clients."""
    folder, _said = generated
    monkeypatch.syspath_prepend(folder)
    yield importlib.import_module
    for name in [name for name in sys.modules if name.startswith("switchboard_")]:
        del sys.modules[name]


@pytest.fixture
def acme_client(importable, served):
    """Return a client of acme's API that raises at an answer which the document does not name."""
    authenticated = importable("switchboard_tenant").AuthenticatedClient
    with authenticated(base_url=served.url, token=served.token, raise_on_unexpected_status=True) as client:
        yield client


@pytest.fixture
def call(importable, acme_client):
    """Return a function that calls an operation by the names of its tag and itself."""

    def calling(tag, operation, **arguments):
        module = importable(f"switchboard_tenant.api.{tag}.{operation}")
        return module.sync_detailed(client=acme_client, **arguments)

    return calling


def test_the_generator_has_nothing_to_warn_of(generated):
    _folder, said = generated
    for done in said:
        assert done.returncode == 0, done.stdout + done.stderr
        assert "WARNING" not in done.stdout


@pytest.mark.parametrize("name", NAMES)
def test_every_operation_has_a_module_and_every_module_is_imported(generated, importable, name):
    package = importable(f"switchboard_{name}")
    modules = {one.name for one in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")}
    for one in modules:
        importable(one)
    document = yaml.load((DOCUMENTS / f"{name}.yaml").read_text(), Loader=yaml.CSafeLoader)
    operations = {one["operationId"] for methods in document["paths"].values() for one in methods.values()}
    assert operations == {one.split(".")[3] for one in modules if one.count(".") == 3 and ".api." in one}


@pytest.mark.parametrize("name", NAMES)
def test_the_types_of_a_client_agree(generated, tmp_path, name):
    folder, _said = generated
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--config-file=",
        f"--cache-dir={tmp_path}",
        f"switchboard_{name}",
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_client_creates_reads_changes_and_lists(importable, call):
    models = importable("switchboard_tenant.models")
    request_id = uuid4()
    created = call(
        "directory_participants",
        "participants_create",
        body=models.ParticipantWrite(name="Bank US", tags=["new"], country="US"),
        idempotency_key='"a first one"',
        x_request_id=str(request_id),
    )
    assert (created.status_code, created.headers["X-Request-ID"]) == (201, str(request_id))
    row_id = created.parsed.id
    assert created.headers["Location"].endswith(f"/directory/participants/{row_id}")

    read = call("directory_participants", "participants_retrieve", id=row_id)
    assert (read.parsed, read.headers["ETag"]) == (created.parsed, created.headers["ETag"])
    held = call(
        "directory_participants",
        "participants_retrieve",
        id=row_id,
        if_none_match=read.headers["ETag"],
    )
    assert (held.status_code, held.content) == (304, b"")

    changed = call(
        "directory_participants",
        "participants_update",
        id=row_id,
        body=models.ParticipantPatch(name="Bank of the US"),
        if_match=read.headers["ETag"],
        audit_reason="It was renamed.",
    )
    assert (changed.parsed.name, changed.parsed.row_version) == ("Bank of the US", 2)

    stale = call(
        "directory_participants",
        "participants_update",
        id=row_id,
        body=models.ParticipantPatch(name="Bank"),
        if_match=read.headers["ETag"],
    )
    assert (stale.status_code, stale.parsed.code) == (412, "precondition_failed")
    assert stale.headers["ETag"] == changed.headers["ETag"]

    page = call("directory_participants", "participants_list", country=["US"], limit=1)
    assert [one.name for one in page.parsed.results] == ["Bank of the US"]
    assert page.parsed.next_ is None


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_client_resolves_and_understands_a_refusal(importable, call):
    models = importable("switchboard_tenant.models")
    identifier = models.ResolveIdentifier(type_="bic", value="NDEASESS")
    answer = call("resolver", "resolve_post", body=models.ResolveRequest(identifiers=[identifier]))
    assert (answer.status_code, answer.parsed.directives) == (200, [])

    refused = call(
        "directory_participants",
        "participants_create",
        body=models.ParticipantWrite(name="", country="Sweden"),
    )
    assert isinstance(refused.parsed, models.Problem)
    assert (refused.status_code, refused.parsed.code) == (400, "validation_failed")
    assert {fault.pointer for fault in refused.parsed.errors} == {"#/name", "#/country"}
