"""Every page of both admin sites, opened and submitted by everybody who must learn nothing of acme, with all it has."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import transaction
from django.urls import clear_script_prefix

from config.foundation.display_ids import display_id
from directory.models import Participant
from tests.journeys.isolation.calls import Call
from tests.journeys.isolation.estate import Estate
from tests.journeys.isolation.page_decisions import AT_ACME, ENTRY, LACKING, ON_PLATFORM, PageDecision
from tests.journeys.isolation.page_walk import PageWalk
from tests.journeys.isolation.pages import Page


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


def other_ways(page: Page, call: Call, slug: str) -> Iterator[Call]:
    """Yield the call at acme by host, and with the header besides; the ways are the same for all tables."""
    if page.model in (None, Participant):
        yield call.having(host=f"{slug}.{settings.BASE_DOMAIN}")
        yield call.having(path=f"/t/{slug}{call.path}", headers={"X-Tenant": slug})


def needs(decision: PageDecision, call: Call) -> str:
    """Return what the call needs besides being let in, joined as who lacks it all is named."""
    return "+".join(decision.get if call.method == "GET" else decision.post)


@pytest.mark.parametrize("name", AT_ACME)
def test_a_tenants_page_is_to_a_stranger_as_one_of_no_tenant(walk: PageWalk, name: str) -> None:
    caller, slug = walk.callers.get(name), walk.estate.words.slug
    walk.begin()
    for page, decision in walk.pages("tenant"):
        for call in walk.first_calls_of(page):
            for named in (walk.at(call, slug), *other_ways(page, call, slug)):
                seen = walk.compare(caller, named)
                if not decision.is_open:
                    walk.expect(caller, named, seen, (AT_ACME[name], ""))
    assert not walk.leaks, "\n".join(walk.leaks)


@pytest.mark.parametrize("name", ON_PLATFORM)
def test_the_platforms_pages_are_closed_to_who_does_not_operate_it(walk: PageWalk, name: str) -> None:
    caller = walk.callers.get(name)
    walk.begin()
    for page, decision in walk.pages("platform"):
        for call in walk.first_calls_of(page):
            seen = walk.compare(caller, call)
            if not decision.is_open:
                walk.expect(caller, call, seen, (ON_PLATFORM[name], ""))
    assert not walk.leaks, "\n".join(walk.leaks)


def test_the_platforms_staff_sees_no_table_without_the_permission(walk: PageWalk) -> None:
    caller = walk.callers.get("clerk")
    walk.begin()
    for page, decision in walk.pages("platform"):
        for call in walk.first_calls_of(page):
            seen = walk.compare(caller, call)
            if needs(decision, call) and not (page.name == "autocomplete" and not call.query):
                walk.expect(caller, call, seen, (LACKING, ""))
    assert not walk.leaks, "\n".join(walk.leaks)


def test_the_global_directory_holds_nothing_of_a_tenant_for_who_keeps_it(walk: PageWalk) -> None:
    caller = walk.callers.get("directory_clerk")
    walk.may_change = "public.directory_"
    walk.begin()
    for page, _decision in walk.pages("platform"):
        if page.name.startswith("directory_") or page.name == "autocomplete":
            for call in walk.first_calls_of(page):
                walk.compare(caller, call)
    assert not walk.leaks, "\n".join(walk.leaks)


def test_ids_and_words_of_another_tenant_are_on_the_own_site_as_those_of_nothing(walk: PageWalk) -> None:
    caller, slug = walk.callers.get("globex_owner"), walk.others.words.slug
    walk.begin()
    for page, _decision in walk.pages("tenant"):
        for call in (*walk.calls_of(page, slug), *walk.own_row_submitted(page)):
            walk.compare(caller, call)
    assert not walk.leaks, "\n".join(walk.leaks)


def test_another_tenant_that_is_named_besides_the_own_is_refused_whether_or_not_it_exists(
    walk: PageWalk,
) -> None:
    caller, own = walk.callers.get("globex_owner"), walk.others.words.slug
    host = f"{own}.{settings.BASE_DOMAIN}"
    walk.begin()
    for page, decision in walk.pages("tenant"):
        if page.model in (None, Participant):
            for name in (walk.estate.words.slug, display_id("ten", walk.estate.tenant.pk)):
                plain = walk.first_calls_of(page)[-1].having(headers={"X-Tenant": name})
                for call in (walk.at(plain, own), plain.having(host=host)):
                    seen = walk.compare(caller, call)
                    if not decision.is_open:
                        walk.expect(caller, call, seen, (LACKING, ""))
    assert not walk.leaks, "\n".join(walk.leaks)


@pytest.mark.parametrize("lacking", [ENTRY, ""])
def test_a_member_without_the_privilege_is_refused_before_anything_is_looked_up(
    walk: PageWalk, lacking: str
) -> None:
    """Without ``tenant.admin`` every page; with it, each page that needs something else which the member lacks."""
    walk.leaves_refusals = True
    slug = walk.estate.words.slug
    asked = [
        (lacking or needs(decision, call), call)
        for page, decision in walk.pages("tenant")
        for call in walk.first_calls_of(page, slug)
        if not decision.is_open and (lacking or needs(decision, call))
    ]
    for code, _call in asked:
        walk.callers.get("lacking_member", lacking=code)
    walk.begin()
    for code, call in asked:
        caller = walk.callers.get("lacking_member", lacking=code)
        walk.expect(caller, call, walk.compare(caller, call, keeps_address=True), (LACKING, ""))
    assert not walk.leaks, "\n".join(walk.leaks)


def test_who_may_see_acmes_rows_sees_them_on_the_same_pages(walk: PageWalk) -> None:
    blind = []
    for site in ("tenant", "platform"):
        for page, decision in walk.pages(site):
            is_of_rows = page.name.endswith(("_changelist", "_change"))
            is_own = site == "tenant" or page.name.startswith(("tenants_", "identity_"))
            if is_of_rows and is_own and decision.get:
                call = walk.calls_of(page)[0]
                seen = walk.insider_sees(page, call)
                if seen.status != 200 or not walk.reads(call, seen):
                    blind.append(f"{page.key} {call.path}: {seen.status} {seen.body[-800:]}")
    assert not blind, "\n".join(blind)


def test_each_action_that_acmes_owner_is_offered_is_submitted_with_acmes_row(walk: PageWalk) -> None:
    submitted = {
        (page.name, call.body["action"])
        for page, _decision in walk.pages("tenant")
        for call in walk.calls_of(page)
        if page.is_list and call.method == "POST"
    }
    assert {
        ("directory_routingartifact_changelist", "activate"),
        ("directory_routingartifact_changelist", "export_csv"),
        ("directory_participant_changelist", "delete_selected"),
        ("audit_auditevent_changelist", "export_jsonl"),
    } <= submitted


def test_the_forms_that_are_submitted_hold_acmes_row(walk: PageWalk) -> None:
    empty = []
    for page, decision in walk.pages("tenant"):
        is_filled = page.name.endswith(("_add", "_change")) and "nobody" not in decision.post
        if is_filled and not any(text in walk.calls_of(page)[-1].text() for text in walk.texts):
            empty.append(page.key)
    assert not empty
