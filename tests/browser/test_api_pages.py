"""From an object to what the API answers of it, by keyboard: its commands are copied, its operation is documented."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.test_pages import CHANGE_PAGE, OVERFLOW, SCHEMES, SIZES, keep, watch

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]

WAY = "As the API sees it"
TABS_MAX = 80
FOCUSED = "document.activeElement.textContent.trim()"
CLIPBOARD = "navigator.clipboard.readText()"
TABLES = ("participant", "identifier", "routingartifact", "credential", "policy")


def test_the_page_is_clean_on_every_screen_in_light_and_dark(demo: dict[str, Any], browser: Browser) -> None:
    problems: list[str] = []
    for size, viewport in SIZES.items():
        for scheme in SCHEMES:
            context = browser.new_context(viewport=viewport, color_scheme=scheme)
            page = context.new_page()
            watched = watch(page, demo["url"])
            for name in walk(page, demo):
                if (overflow := page.evaluate(OVERFLOW)) > 0:
                    watched.append(f"is {overflow} px too wide")
                keep(page, f"api-{name}-{size}-{scheme}")
                problems += [f"{name}, {size}, {scheme}: {problem}" for problem in watched]
                watched.clear()
            context.close()
    assert problems == []


def test_the_page_is_reached_and_a_command_is_copied_by_keyboard(
    demo: dict[str, Any], browser: Browser
) -> None:
    context = browser.new_context(viewport=SIZES["desktop"])
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    enter(page, demo, "acme")
    open_first(page, demo, "acme", "directory/participant/")
    tab_to(page, WAY)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name=WAY).wait_for()
    for command in ("Copy the JSON", "Copy the command: Read it"):
        page.get_by_role("button", name=command, exact=True).focus()
        page.keyboard.press("Enter")
        page.get_by_role("status").filter(has_text=f"{command}: copied").wait_for()
    assert page.evaluate(CLIPBOARD) == page.locator("#api-read").text_content()
    assert "$SWITCHBOARD_TOKEN" in page.evaluate(CLIPBOARD)
    context.close()


def test_the_documentation_opens_at_the_operation(demo: dict[str, Any], browser: Browser) -> None:
    context = browser.new_context(viewport=SIZES["desktop"])
    page = context.new_page()
    enter(page, demo, "acme")
    open_api_page(page, demo, "acme", "directory/participant/")
    for title, operation in (("Read it", "retrieve"), ("Change its", "update")):
        open_api_page(page, demo, "acme", "directory/participant/")
        page.get_by_role("link", name=f"Documentation: {title}").first.click()
        shown = page.locator(".opblock.is-open")
        shown.wait_for()
        assert str(shown.get_attribute("id")).endswith(f"participants_{operation}")
    context.close()


def walk(page: Page, demo: dict[str, Any]) -> Iterator[str]:
    """Open the page of a row of several tables in a tenant, and on the platform over a tenant's API."""
    enter(page, demo, "acme")
    for table in TABLES:
        open_api_page(page, demo, "acme", f"directory/{table}/")
        yield table
    open_api_page(page, demo, "acme", "audit/auditevent/")
    yield "event"
    page.context.clear_cookies()
    enter(page, demo, "platform")
    open_api_page(page, demo, "platform", "directory/participant/")
    yield "global"
    page.locator(".sb-api").get_by_role("link", name="Acme Bank").click()
    page.get_by_text("200 OK").wait_for()
    yield "global-over-acme"


def home_of(demo: dict[str, Any], site: str) -> str:
    root = demo["tenants"][site]["url"] if site in demo["tenants"] else f"{demo['url'].rstrip('/')}/"
    return f"{root}admin/"


def enter(page: Page, demo: dict[str, Any], site: str) -> None:
    """Sign in."""
    person = demo["tenants"][site]["admin"] if site in demo["tenants"] else demo["operator"]
    page.goto(home_of(demo, site))
    page.get_by_label("E-mail address").fill(person["email"])
    page.get_by_label("Password").fill(person["password"])
    page.keyboard.press("Enter")
    page.wait_for_url(home_of(demo, site))


def open_first(page: Page, demo: dict[str, Any], site: str, table: str) -> None:
    """Open the page of a table's first row."""
    page.goto(f"{home_of(demo, site)}{table}")
    page.goto(
        page.locator(f"#result_list a[href*='/{table}'][href*='/change/']").first.evaluate("a => a.href")
    )
    page.wait_for_url(CHANGE_PAGE)


def open_api_page(page: Page, demo: dict[str, Any], site: str, table: str) -> None:
    """Follow the way from the page of a table's first row; on a narrow screen it is in a menu that is closed."""
    open_first(page, demo, site, table)
    page.goto(page.locator("a", has_text=WAY).first.evaluate("a => a.href"))
    page.get_by_role("heading", name=WAY).wait_for()


def tab_to(page: Page, text: str) -> None:
    """Press Tab until the focus is on what has this text."""
    for _ in range(TABS_MAX):
        page.keyboard.press("Tab")
        if text in page.evaluate(FOCUSED):
            return
    pytest.fail(f"no focus on {text}")
