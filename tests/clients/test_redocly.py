from pathlib import Path

import pytest
from django.conf import settings


@pytest.mark.parametrize("name", ["platform", "tenant"])
def test_redocly_finds_neither_error_nor_warning_in_a_document(node_program, name):
    done = node_program("redocly", "lint", name, "--format=json", cwd=Path(settings.BASE_DIR))
    assert '"totals"' in done.stdout, done.stdout + done.stderr
    assert '"problems": []' in done.stdout, done.stdout
