import json
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

PROGRAM = "program.ts"
WRITTEN = (Path(__file__).parent / PROGRAM).read_text()
OPTIONS = ("--strict", "--noUncheckedIndexedAccess", "--exactOptionalPropertyTypes", "--noEmitOnError")
TARGET = ("--target", "es2022", "--module", "es2022", "--moduleResolution", "bundler", "--lib", "es2022,dom")
FILES = ("platform.ts", "tenant.ts", PROGRAM)
RUN = "import('./program.js').then(async ({main}) => console.log(JSON.stringify(await main(...process.argv.slice(1)))))"
WRONG = [
    ('kind: "organization"', 'kind: "organisation"'),
    ("identifiers: [{ type, value }]", "identifiers: [{ type }]"),
    ("= { name };", "= { nmae: name };"),
    ("error.problem;", "{ ...error.problem, code: 1 };"),
    ("participant.row_version", "participant.version"),
    ("{ limit: 1 }", '{ limit: "all" }'),
]


@pytest.fixture
def compiled(node_program, tmp_path):
    """Return a function that compiles a program against the types of both documents."""

    def compile_program(program, *options):
        for name in ("platform", "tenant"):
            document = Path(settings.BASE_DIR, "docs/openapi", f"{name}.yaml")
            made = node_program(
                "openapi-typescript", str(document), "--default-non-nullable=false", "-o", f"{name}.ts"
            )
            assert made.returncode == 0, made.stdout + made.stderr
        (tmp_path / PROGRAM).write_text(program)
        return node_program("tsc", *OPTIONS, *TARGET, *options, *FILES)

    return compile_program


def test_the_types_refuse_what_the_server_would(compiled):
    lines = WRITTEN.splitlines()
    wrong = WRITTEN
    for right, mistake in WRONG:
        assert WRITTEN.count(right) == 1, right
        wrong = wrong.replace(right, mistake)
    expected = {number for number, line in enumerate(lines, 1) if any(right in line for right, _ in WRONG)}
    done = compiled(wrong, "--noEmit")
    found = {int(line.split("(")[1].split(",")[0]) for line in done.stdout.splitlines() if line[0] != " "}
    assert found == expected, done.stdout


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_program_compiles_with_the_types_and_works_against_a_server(compiled, served, tmp_path):
    done = compiled(WRITTEN)
    assert done.returncode == 0, done.stdout
    command = ["node", "-e", RUN, served.url, served.token]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == [
        "version 2",
        "Bank of the US",
        "nobody",
        "validation_failed",
        "#/name",
    ]
