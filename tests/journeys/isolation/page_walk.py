"""Walks the pages of both admin sites as one caller."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from audit.models import AuditEvent
from audit.requests.models import RateBucket
from config.foundation.rows import public_schema
from customers.identity.models import ApiToken, Privilege, User
from customers.identity.operations import create_role, create_token
from customers.tenants.models import Placement, Tenant
from tests import cast
from tests.journeys.isolation.callers import ACTOR
from tests.journeys.isolation.calls import Call, Caller, Seen
from tests.journeys.isolation.estate import NOBODY, NOW, Estate
from tests.journeys.isolation.forms import FormReader, form_of
from tests.journeys.isolation.page_decisions import PAGE_DECISIONS, PageDecision
from tests.journeys.isolation.page_placing import PagePlacing
from tests.journeys.isolation.pages import Page, pages
from tests.journeys.isolation.placing import ABSENT_DASHED
from tests.journeys.isolation.watch import Watch


class PageWalk(Watch):
    """A watch, and each page's calls with all that acme has."""

    def __init__(self, estate: Estate, others: Estate) -> None:
        super().__init__(estate, others)
        self._rows = _rows_of(estate)
        self._placing = PagePlacing(estate, others, self._rows)
        # Made before the walk begins: who may see acme's pages reads their forms; the platform's directory has none.
        read = lru_cache(self._form)
        self._forms = {key: read(pages().get(f"tenant:{page.name}", page)) for key, page in pages().items()}
        self._calls = {key: self._made_calls(page) for key, page in pages().items()}

    def pages(self, site: str) -> Iterator[tuple[Page, PageDecision]]:
        """Yield each page of a site with its decision."""
        for key, page in sorted(pages().items()):
            if page.site == site:
                yield page, PAGE_DECISIONS[key]

    def calls_of(self, page: Page, site: str = "") -> list[Call]:
        """Return the page's calls with acme's ids and texts in each place, on a tenant's site if one is named."""
        return [self.at(call, site) if site else call for call in self._calls[page.key]]

    def first_calls_of(self, page: Page, site: str = "") -> list[Call]:
        """Return the first of each kind: for who is refused before anything is read of a query or a form."""
        kinds = {(call.method, bool(call.query)): call for call in reversed(self.calls_of(page, site))}
        return list(kinds.values())

    def own_row_submitted(self, page: Page) -> Iterator[Call]:
        """Yield what changes globex's own row into acme's: its page, and the form of acme's."""
        path = self._placing.own_row(page)
        if path and page.name.endswith("_change"):
            yield Call(
                "POST", f"/t/{self.others.words.slug}{path}", body=self._forms[page.key].fields, is_form=True
            )

    def insider(self, page: Page) -> Caller:
        """Return who is shown acme's rows on a page."""
        return self.callers.get("acme_owner" if page.site == "tenant" else "operator")

    def insider_sees(self, page: Page, call: Call) -> Seen:
        """Return what is shown to who may see acme's rows, where they are."""
        return self.seen(self.insider(page), self.at_acme(page, call))

    def at_acme(self, page: Page, call: Call) -> Call:
        """Return the call on acme's site; the platform's pages keep their own address."""
        return self.at(call, self.estate.words.slug) if page.site == "tenant" else call

    def at(self, call: Call, slug: str) -> Call:
        """Return the call on a tenant's site."""
        return call.having(path=f"/t/{slug}{call.path}")

    def pairs(self, call: Call, cursor: str = "") -> list[tuple[str, str]]:
        """Return what is exchanged, with the rows that only pages show."""
        pairs = super().pairs(call, cursor)
        pairs += [(pk, ABSENT_DASHED) for pk in self._rows.values() if "-" in pk]
        of_titles = (self.estate.words.word.capitalize(), NOBODY.word.capitalize())
        return [*pairs, of_titles, *self._placing.event_pairs()]

    def _form(self, page: Page) -> FormReader:
        """Return the forms of acme's row of the table, or of its list."""
        if page.model is None or not page.name.endswith(("_change", "_changelist")):
            return FormReader()
        return form_of(self.insider_sees(page, Call("GET", self._placing.path(page))).body)

    def _made_calls(self, page: Page) -> list[Call]:
        filled = page.key.removesuffix("_add") + "_change" if page.name.endswith("_add") else page.key
        return list(self._placing.calls(page, self._forms[filled]))


def _rows_of(estate: Estate) -> dict[Any, str]:
    """Return the primary key of a row of acme's for each table that has pages, as their addresses show it."""
    tenant, owner = estate.tenant, cast.user("acme_admin")
    create_token(
        actor=ACTOR,
        user=owner,
        tenant=tenant,
        name=f"{estate.words.word} token",
        privileges=["directory.read"],
        may_write=False,
        expires_at=NOW.replace(year=2027),
    )
    role = create_role(actor=ACTOR, tenant=tenant, title=f"{estate.words.word} role", privileges=[])
    rows: dict[Any, Any] = {type(row): row.pk for row in estate.rows.values()}
    rows |= {Tenant: tenant.pk, User: owner.pk, type(role): role.pk, AuditEvent: estate.event_id}
    rows[ApiToken] = ApiToken.objects.filter(tenant=tenant).order_by("-created_at", "pk")[0].pk
    rows[Placement] = Placement.objects.get(tenant=tenant).pk
    rows[Privilege] = Privilege.objects.get(code="directory.read").pk
    with public_schema():
        rows[RateBucket] = RateBucket.objects.create(
            policy="address",
            subject="192.0.2.7",
            quota=600,
            starts_at=NOW,
            ends_at=NOW.replace(year=2127),
            used=540,
            granted=12,
        ).pk
    return {model: str(pk) for model, pk in rows.items()}
