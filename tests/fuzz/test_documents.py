"""What the OpenAPI documents say is what the server does: schemathesis calls every operation, with all of its checks.

`make test` calls each operation a few times, and some of them with all that borders on their limits. `make fuzz` does
that with every operation, as long as it is told to (MINUTES).
"""

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from customers.identity.models import Privilege
from customers.identity.operations import create_token
from tests import cast
from tests.journeys.isolation.estate import ACME, GLOBEX, furnish
from tests.serving import served

ROOT = Path(__file__).resolve().parents[2]
MINUTES = int(os.environ.get("FUZZ_MINUTES", "0"))
BORDERED = ("/directory/policies", "/resolve$", "/limits")
EXAMPLES = 3
TENANT, PLATFORM = "/t/acme", ""

pytestmark = [pytest.mark.race, pytest.mark.enable_socket, pytest.mark.usefixtures("committed")]


@pytest.fixture
def tokens():
    """Give both tenants a row of everything, and their owners and an operator a token that may write."""
    furnish(cast.tenant("globex"), GLOBEX)
    furnish(cast.tenant("acme"), ACME)
    every = sorted(Privilege.objects.values_list("code", flat=True))
    made = {slug: cast.make_token(slug, *every, may_write=True) for slug in cast.TENANTS}
    made["operator"] = create_token(
        actor=cast.ACTOR,
        user=cast.user("operator"),
        tenant=None,
        name="fuzz",
        privileges=every,
        may_write=True,
        expires_at=timezone.now() + timedelta(days=1),
    )
    return made


@pytest.fixture
def address(tokens):
    with served(workers=2) as address:
        yield address


@pytest.mark.parametrize(
    ("site", "callers"),
    [
        pytest.param(TENANT, ["acme"], id="a tenant by its owner"),
        pytest.param(TENANT, ["globex"], id="a tenant by another's owner"),
        pytest.param(PLATFORM, ["acme", "globex"], id="the platform by two tenants' owners"),
        pytest.param(PLATFORM, ["operator"], id="the platform by an operator"),
    ],
)
def test_the_server_does_what_its_document_says(site, callers, address, tokens, tmp_path):
    run = Run(f"{address}{site}/api/schema/", {name: tokens[name] for name in callers}, tmp_path)

    if MINUTES:
        run.check("--max-examples=25", f"--max-time={MINUTES * 60}")
    else:
        run.check("--phases=examples,fuzzing,stateful", f"--max-examples={EXAMPLES}")
        run.check("--phases=coverage", f"--include-path-regex={'|'.join(BORDERED)}")


class Run:
    """Schemathesis over one document, as one caller or as two that must not see what is the other's."""

    def __init__(self, document: str, tokens: dict[str, str], place: Path) -> None:
        self.document, self.place = document, place
        self.settings = place / "schemathesis.toml"
        users = place / "users.json"
        users.write_text(json.dumps({"auth": [_user(name, token) for name, token in tokens.items()]}))
        auth = {"path": str(users)} | ({"peers": list(tokens)} if len(tokens) > 1 else {})
        lines = [f"{name} = {json.dumps(value)}" for name, value in auth.items()]
        committed = (ROOT / "schemathesis.toml").read_text()
        self.settings.write_text("\n".join([committed, "[auth.wfc]", *lines, ""]))

    def check(self, *arguments: str) -> None:
        """Call the server; fail with what schemathesis says."""
        program = str(Path(sys.executable).parent / "schemathesis")
        command = [
            program,
            f"--config-file={self.settings}",
            "run",
            self.document,
            "--checks=all",
            *arguments,
        ]
        ended = subprocess.run(
            [*command, "--continue-on-failure", "--no-color", "--output-truncate=false"],
            cwd=self.place, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stdout + ended.stderr


def _user(name: str, token: str) -> dict[str, Any]:
    return {"name": name, "fixedHeaders": [{"name": "Authorization", "value": f"Bearer {token}"}]}
