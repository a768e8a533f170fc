"""From a row to its events, and from an event to those of its object, request and person, on both sites."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.test_pages import CHANGE_PAGE, OVERFLOW, SCHEMES, SIZES, keep, watch

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]

LINKS = ("All events of this object", "All events of this request", "All events by this actor")
ROWS = "#result_list tbody tr"


def test_events_of_an_object_a_request_and_a_person_are_one_click_away(
    demo: dict[str, Any], browser: Browser
) -> None:
    problems: list[str] = []
    for size, viewport in SIZES.items():
        for scheme in SCHEMES:
            for site in ("acme", "platform"):
                context = browser.new_context(viewport=viewport, color_scheme=scheme)
                page = context.new_page()
                watched = watch(page, demo["url"])
                for name in walk(page, demo, site):
                    if (overflow := page.evaluate(OVERFLOW)) > 0:
                        watched.append(f"is {overflow} px too wide")
                    keep(page, f"{site}-{name}-{size}-{scheme}")
                    problems += [f"{site} {name}, {size}, {scheme}: {problem}" for problem in watched]
                    watched.clear()
                context.close()
    assert problems == []


def walk(page: Page, demo: dict[str, Any], site: str) -> Iterator[str]:
    """Go from a row to its events and on, and tell the name of each page as it stands there."""
    tenant = demo["tenants"]["acme"]
    home, person, table = (
        (f"{tenant['url']}admin/", tenant["admin"], "directory/participant/")
        if site == "acme"
        else (f"{demo['url']}/admin/", demo["operator"], "identity/user/")
    )
    page.goto(home)
    page.get_by_label("E-mail address").fill(person["email"])
    page.get_by_label("Password").fill(person["password"])
    page.keyboard.press("Enter")
    page.wait_for_url(home)
    page.goto(f"{home}{table}")
    page.locator("#result_list a[href*='/change/']").first.click()
    page.wait_for_url(CHANGE_PAGE)
    page.goto(_address(page, "a[href$='/history/']"))
    assert page.locator(ROWS).count() >= 1
    yield "events-of-the-object"
    page.goto(_address(page, "#result_list a[href*='/auditevent/'][href*='/change/']"))
    yield "event"
    event, shown = page.url, page.get_by_role("navigation", name="Related events")
    for text in LINKS:
        shown.get_by_role("link", name=text).click()
        page.wait_for_url("**/auditevent/?**")
        assert page.locator(ROWS).count() >= 1, text
        page.goto(event)
    page.goto(
        f"{home}audit/auditevent/?resource=identity.user&action=login"
        if site == "platform"
        else f"{home}audit/consent/"
    )
    yield "of-people"
    page.goto(_address(page, "#result_list a[href*='/change/']"))
    yield "of-a-person"
    page.get_by_role("link", name="All events by or about").click()
    page.wait_for_url("**/auditevent/?person=usr_**")
    assert page.locator(ROWS).count() >= 1
    yield "events-of-a-person"


def _address(page: Page, selector: str) -> str:
    """Return where the first such link leads; on a narrow screen it may be in a menu that is closed."""
    address: str = page.locator(selector).first.evaluate("link => link.href")
    return address
