"""Every page of both admin sites, opened and submitted by everybody who must learn nothing of acme, with all it has."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import transaction
from django.urls import clear_script_prefix

from tests.journeys.isolation.calls import Call
from tests.journeys.isolation.estate import Estate
from tests.journeys.isolation.page_decisions import AT_ACME, ENTRY, LACKING, ON_PLATFORM, PageDecision
from tests.journeys.isolation.page_walk import PageWalk
from tests.journeys.isolation.pages import Page

CLERKS = ("clerk", "directory_clerk")


@pytest.fixture(scope="module")
def prepared_pages(estates: tuple[Estate, Estate]) -> PageWalk:
    return PageWalk(*estates)


@pytest.fixture
def walk(prepared_pages: PageWalk) -> Iterator[PageWalk]:
    """Return who walks; in the end, nothing of acme has changed."""
    with transaction.atomic():
        made = prepared_pages.anew()
        yield made
        assert made.changes() == []
        transaction.set_rollback(True)
    clear_script_prefix()


def ways_to_acme(call: Call, slug: str) -> Iterator[Call]:
    """Yield the call at acme by path, and where it only looks also by host and with the header besides."""
    at_path = call.having(path=f"/t/{slug}{call.path}")
    yield at_path
    if call.method == "GET" and not call.query:
        yield call.having(host=f"{slug}.{settings.BASE_DOMAIN}")
        yield at_path.having(headers={"X-Tenant": slug})


def needs(decision: PageDecision, call: Call) -> tuple[str, ...]:
    """Return what the call needs besides being let in."""
    return decision.get if call.method == "GET" else decision.post


@pytest.mark.parametrize("name", AT_ACME)
def test_a_tenants_page_is_to_a_stranger_as_one_of_no_tenant(walk: PageWalk, name: str) -> None:
    caller = walk.callers.get(name)
    walk.begin()
    for page, decision in walk.pages("tenant"):
        for call in walk.calls_of(page):
            for named in ways_to_acme(call, walk.estate.words.slug):
                seen = walk.compare(caller, named)
                if not decision.is_open:
                    walk.expect(caller, named, seen, (AT_ACME[name], ""))
    assert not walk.leaks, "\n".join(walk.leaks)


@pytest.mark.parametrize("name", ON_PLATFORM)
def test_the_platforms_pages_are_closed_to_who_does_not_operate_it(walk: PageWalk, name: str) -> None:
    caller = walk.callers.get(name)
    walk.begin()
    for page, decision in walk.pages("platform"):
        for call in walk.calls_of(page):
            seen = walk.compare(caller, call)
            if not decision.is_open:
                walk.expect(caller, call, seen, (ON_PLATFORM[name], ""))
    assert not walk.leaks, "\n".join(walk.leaks)


@pytest.mark.parametrize("name", CLERKS)
def test_the_platforms_staff_reads_nothing_of_a_tenant_with_its_ids(walk: PageWalk, name: str) -> None:
    caller = walk.callers.get(name)
    walk.begin()
    for page, decision in walk.pages("platform"):
        for call in walk.calls_of(page):
            seen = walk.compare(caller, call)
            may = name == "directory_clerk" and page.name.startswith(("directory_", "audit_"))
            if needs(decision, call) and not may and page.name != "autocomplete":
                walk.expect(caller, call, seen, (403, ""))
    assert not walk.leaks, "\n".join(walk.leaks)


def test_ids_and_words_of_another_tenant_are_on_the_own_site_as_those_of_nothing(walk: PageWalk) -> None:
    caller = walk.callers.get("globex_owner")
    walk.begin()
    for page, _decision in walk.pages("tenant"):
        for call in walk.calls_of(page):
            walk.compare(caller, walk.at(call, "globex"))
    assert not walk.leaks, "\n".join(walk.leaks)
