"""Long work on the pages of a tenant and of the platform: asked for, watched without a hand moving, looked at."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_pages import CHANGE_PAGE, OVERFLOW, SCHEMES, SIZES, keep, watch

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]
JOBS = "requests/job/"
PATIENCE_MS = 20_000


@pytest.mark.parametrize("place", ["tenant", "platform"])
def test_a_job_is_asked_for_and_shows_its_end_by_itself_on_every_screen(
    demo: dict[str, Any], browser: Browser, place: str
) -> None:
    walk = {"tenant": walk_tenant, "platform": walk_platform}[place]
    problems: list[str] = []
    for size, viewport in SIZES.items():
        for scheme in SCHEMES:
            context = browser.new_context(viewport=viewport, color_scheme=scheme)
            page = context.new_page()
            watched = watch(page, demo["url"])
            for name in walk(page, demo):
                if (overflow := page.evaluate(OVERFLOW)) > 0:
                    watched.append(f"is {overflow} px too wide")
                keep(page, f"{name}-{size}-{scheme}")
                problems += [f"{name}, {size}, {scheme}: {problem}" for problem in watched]
                watched.clear()
            context.close()
    assert problems == []


def walk_tenant(page: Page, demo: dict[str, Any]) -> Iterator[str]:
    """Verify acme's chain as its admin, and tell the name of each page as it stands there."""
    tenant = demo["tenants"]["acme"]
    sign_in(page, f"{tenant['url']}admin/{JOBS}", tenant["admin"])
    yield "jobs"
    ask(page, "Verify the audit chain")
    yield "job-waits"
    expect(page.locator(".readonly").get_by_text("succeeded", exact=True)).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_text("is valid: yes")).to_be_visible()
    expect(page.locator(".readonly").get_by_text("Ada Lindgren", exact=True)).to_be_visible()
    yield "job-done"


def walk_platform(page: Page, demo: dict[str, Any]) -> Iterator[str]:
    """Begin an import as the operator, and end it by keyboard."""
    home = f"{demo['url'].rstrip('/')}/admin/"
    sign_in(page, f"{home}{JOBS}", demo["operator"])
    yield "platform-jobs"
    ask(page, "Import numbering plans")
    page.get_by_role("link", name="Cancel…").click()
    page.wait_for_url(re.compile("/cancel/"))
    yield "job-cancel"
    page.get_by_role("button", name="Cancel the job").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(CHANGE_PAGE)
    expect(page.locator(".readonly").get_by_text("cancelled", exact=True)).to_be_visible(timeout=PATIENCE_MS)
    yield "job-cancelled"


def sign_in(page: Page, url: str, person: dict[str, str]) -> None:
    """Come to a page by its log-in."""
    page.goto(url)
    page.get_by_label("E-mail address").fill(person["email"])
    page.get_by_label("Password").fill(person["password"])
    page.keyboard.press("Enter")
    page.wait_for_url(url)


def ask(page: Page, title: str) -> None:
    """Have work done, by keyboard, and stand on the page of its job."""
    page.get_by_role("button", name=title).focus()
    page.keyboard.press("Enter")
    page.wait_for_url(CHANGE_PAGE)
    page.get_by_text(f"{title}: asked for.").wait_for()
