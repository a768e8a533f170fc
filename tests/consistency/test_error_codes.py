import ast
from pathlib import Path

import pytest

from config.foundation.errors import error_registry
from config.foundation.rest.errors import ERROR_KINDS as HTTP_KINDS

ROOT = Path(__file__).parent.parent.parent
CALLS = {"Refused", "answer_problem", "problem"}


def codes_of_refusals() -> list[tuple[str, str]]:
    """Return (place, code) of every refusal in the source whose code is written out."""
    return [
        (f"{path.relative_to(ROOT)}:{call.lineno}", code)
        for top in ("config/foundation", "audit", "customers", "directory")
        for path in sorted((ROOT / top).rglob("*.py"))
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and (code := code_of(call))
    ]


def code_of(call: ast.Call) -> str:
    """Return the code that a call refuses with, if it does."""
    is_refusal = isinstance(call.func, ast.Name) and call.func.id in CALLS
    first = call.args[0] if is_refusal and call.args else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""


@pytest.mark.parametrize(("place", "code"), codes_of_refusals())
def test_every_refusal_has_a_registered_code(place, code):
    assert error_registry.get(code) is not None, (
        f"{place} refuses with {code}, which no errors.ERROR_KINDS explains"
    )


@pytest.mark.parametrize("kind", error_registry.all(), ids=lambda kind: kind.code)
def test_every_registered_code_has_a_status_of_an_error_and_says_what_it_means(kind):
    assert 400 <= kind.status <= 599
    assert kind.title
    assert kind.meaning


def test_the_codes_of_http_itself_are_registered():
    assert {kind.code for kind in HTTP_KINDS} <= {kind.code for kind in error_registry.all()}
