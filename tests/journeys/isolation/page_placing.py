"""Puts acme's ids and texts into every place of a page that takes one."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.contrib.contenttypes.models import ContentType
from django.db.models import ForeignKey

from audit.operations.verifications import VERIFICATION
from directory.models import Participant
from tests.journeys.isolation.calls import Call
from tests.journeys.isolation.estate import Estate
from tests.journeys.isolation.forms import Fields, FormReader
from tests.journeys.isolation.pages import SITES, Page

ASIDE = {
    "_facets": "True",
    "_popup": "1",
    "_to_field": "id",
    "o": "1",
}  # what a list takes besides its filters


class PagePlacing:
    """Makes calls of a page: ``rows`` are the primary keys of acme's rows by their tables."""

    def __init__(self, estate: Estate, others: Estate, rows: dict[Any, str]) -> None:
        self.estate = estate
        self.others = others
        self.rows = rows
        self._held = {type(row): row for row in estate.rows.values()}
        self._content_type = ContentType.objects.get_for_model(Participant).pk

    def calls(self, page: Page, form: FormReader) -> Iterator[Call]:
        """Yield the page's calls, which have no tenant's address yet: looked at, looked at by query, submitted."""
        plain = Call("GET", self.path(page))
        yield plain
        yield from (plain.having(query=tuple(query.items())) for query in self._queries(page))
        yield from (plain.having(method="POST", is_form=True, body=body) for body in self._bodies(page, form))

    def path(self, page: Page, row: str = "") -> str:
        """Return the page's path, of acme's row unless another is named."""
        values = {
            "object_id": row or self.rows.get(page.model, self.rows[Participant]),
            "content_type_id": str(self._content_type),
            "app_label": "directory",
            "kind": VERIFICATION.name,
            "url": f"directory/participant/{self.rows[Participant]}/change",
        }
        route = page.route
        for name in page.places:
            start, end = _around(route, name)
            route = route[:start] + values[name] + route[end:]
        return route.replace("^", "").removesuffix("$")

    def own_row(self, page: Page) -> str:
        """Return the path of globex's own row on a page of a row; "" where globex has none."""
        row = self.others.rows.get(getattr(page.model, "display_prefix", ""))
        return self.path(page, str(row.pk)) if row and type(row) is page.model else ""

    def event_pairs(self) -> list[tuple[str, str]]:
        """Return the places where the number of acme's newest event is exchanged: it is too short to stand alone."""
        number, absent = str(self.estate.event_id), "9" * len(str(self.estate.event_id))
        places = (
            "/auditevent/{}/",
            '"{}"',
            "resource_id={}",
            "“{}”",
            "id__exact={}",
            "id__exact%3D{}",
            "q%3D{}",
        )
        return [(place.format(number), place.format(absent)) for place in places]

    def _bodies(self, page: Page, form: FormReader) -> Iterator[Fields]:
        """Yield what is submitted: the form of acme's row, and each action of acme's list with acme's row."""
        view = page.name.rpartition("_")[2]
        if view == "changelist":
            for action in filter(None, form.choices.get("action", ["delete_selected", "export_csv"])):
                yield {
                    "action": action,
                    "_selected_action": [self.rows[page.model]],
                    "index": "0",
                    "post": "yes",
                }
        elif view == "delete":
            yield {"post": "yes"}
        elif page.name == "login":
            yield {"username": "acme.admin@example.com", "password": "wrong", "next": "/"}
        elif page.name == "password_change":
            word = self.estate.words.word
            yield {"old_password": word, "new_password1": word, "new_password2": word}
        else:
            yield form.fields

    def _queries(self, page: Page) -> Iterator[dict[str, str]]:
        word = self.estate.words.word
        if page.name == "autocomplete":
            yield from self._completions(page)
        elif page.name == "search":
            yield from ({"s": term} for term in (word, "participant"))
        elif page.is_list:
            row_id = self.rows[page.model]
            yield {"q": word, "id__exact": row_id, **ASIDE}
            yield {"q": word, **ASIDE}
            if "-" in row_id:
                yield {"q": row_id, "all": ""}
            yield from ({name: value} for name, value in dict(self._filters(page)).items())

    def _completions(self, page: Page) -> Iterator[dict[str, str]]:
        """Yield the choices of each foreign key, narrowed to acme's word."""
        for model in SITES[page.site][1]._registry:
            meta = model._meta
            for column in meta.fields:
                if isinstance(column, ForeignKey):
                    named = {"app_label": meta.app_label, "model_name": str(meta.model_name)}
                    yield {**named, "field_name": column.name, "term": self.estate.words.word}

    def _filters(self, page: Page) -> Iterator[tuple[str, str]]:
        yield "id__exact", self.rows[page.model]
        row = self._held.get(page.model)
        words = self.estate.words
        for column in page.model._meta.concrete_fields:
            value = getattr(row, column.attname, None)
            if isinstance(column, ForeignKey) and value:
                yield f"{column.name}__id__exact", str(value)
            elif isinstance(value, UUID) and not column.primary_key:
                yield column.name, str(value)
            elif isinstance(value, str) and (words.word in value or words.digits in value):
                yield column.name, value
        site = SITES[page.site][1]
        for one in site._registry[page.model].list_filter:
            if name := getattr(one, "parameter_name", ""):
                yield name, self.rows[Participant] if name.endswith("_id") else words.word


def _around(route: str, name: str) -> tuple[int, int]:
    """Return where the place of that name begins and ends: ``<path:name>``, or ``(?P<name>…)``."""
    if f"(?P<{name}>" in route:
        start = route.index(f"(?P<{name}>")
        return start, route.index(")", start) + 1
    start = route.rindex("<", 0, route.index(f"{name}>"))
    return start, route.index(">", start) + 1
