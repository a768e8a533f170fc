"""A secret typed into any text of any page: refused, and not on the page that comes back."""

from typing import Any

import pytest
from django.db import connection, models

from config.sites import tenant_site
from directory.admin.base import DirectoryAdmin
from tests.directory.admin.conftest import Screen
from tests.sealing import seal

CARD = "4539578763621486"
PAGES = sorted(
    (
        model._meta.model_name
        for model, page in tenant_site._registry.items()
        if isinstance(page, DirectoryAdmin)
    ),
)


def texts(page: str) -> list[str]:
    """Return the columns of a page's table that take any text, list or JSON."""
    (model,) = [one for one in tenant_site._registry if one._meta.label_lower == f"directory.{page}"]
    free = (models.CharField, models.TextField, models.JSONField)
    return [
        field.name
        for field in model._meta.concrete_fields
        if field.editable and (isinstance(field, free) or field.name == "tags") and not field.choices
    ]


@pytest.mark.parametrize("page", PAGES)
def test_a_card_number_in_any_text_of_a_page_is_refused_and_not_shown_again(
    page: str, screen: Screen, acme: Any
) -> None:
    names = texts(page)
    assert names
    for name in names:
        for value in (CARD, f'{{"a": "{CARD}"}}'):
            answer = screen.submit(f"directory/{page}/add/", {name: value})
            assert answer.status_code == 200, name
            assert answer.context["adminform"].form.errors, name
            assert CARD not in answer.content.decode(), (page, name)
    seal()
    with acme, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM audit_event WHERE position(%s in payload::text) > 0", [CARD])
        assert cursor.fetchone() == (0,)
