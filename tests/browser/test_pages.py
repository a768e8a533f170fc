"""The pages people see most, in a real browser: desktop and narrow, light and dark."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]

SHOTS = "SWITCHBOARD_SCREENSHOTS"  # names the folder that screenshots are put into
SIZES: dict[str, ViewportSize] = {
    "desktop": {"width": 1280, "height": 900},
    "narrow": {"width": 390, "height": 844},
}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
CHANGE_PAGE = re.compile(r"/change/")
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.parametrize("place", ["tenant", "platform"])
def test_pages_are_clean_on_every_screen_in_light_and_dark(
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
    """Go from page to page as acme's admin, and tell the name of each as it stands there."""
    person, home = demo["tenants"]["acme"]["admin"], f"{demo['tenants']['acme']['url']}admin/"
    page.goto(demo["url"])
    yield "start"
    page.goto(home)
    yield "login"
    page.get_by_label("E-mail address").fill(person["email"])
    page.get_by_label("Password").fill(person["password"])
    page.keyboard.press("Enter")
    page.wait_for_url(home)
    yield "dashboard"
    page.goto(f"{home}directory/participant/")
    yield "participants"
    page.locator("#result_list a[href*='/change/']").first.click()
    page.wait_for_url(CHANGE_PAGE)
    yield "participant"
    page.goto(f"{home}audit/auditevent/")
    yield "audit"
    page.locator("#result_list a[href*='/change/']").first.click()
    page.wait_for_url(CHANGE_PAGE)
    yield "audit-diff"


def walk_platform(page: Page, demo: dict[str, Any]) -> Iterator[str]:
    """Go from page to page as the operator; nothing is deleted."""
    person, home = demo["operator"], f"{demo['url'].rstrip('/')}/admin/"
    page.goto(home)
    page.get_by_label("E-mail address").fill(person["email"])
    page.get_by_label("Password").fill(person["password"])
    page.keyboard.press("Enter")
    page.wait_for_url(home)
    yield "platform"
    page.goto(f"{home}tenants/tenant/?status=deleted")
    yield "tenants-deleted"
    page.goto(f"{home}tenants/tenant/add/")
    yield "tenant-add"
    page.get_by_label("Name").fill("Initech")
    page.keyboard.press("Enter")
    page.get_by_text("This field is required.").first.wait_for()
    yield "tenant-add-refused"
    page.goto(f"{home}tenants/tenant/")
    page.locator("#result_list a[href*='/change/']").first.click()
    page.wait_for_url(CHANGE_PAGE)
    yield "tenant"
    page.get_by_role("link", name="Delete tenant").click()
    page.wait_for_url(re.compile(r"/delete/"))
    yield "tenant-delete"
    page.get_by_label(re.compile("^Type .+ to confirm")).fill("no slug")
    page.keyboard.press("Enter")
    page.get_by_text("is not its slug").wait_for()
    yield "tenant-delete-refused"
    page.goto(f"{home}tenants/domain/add/")
    yield "domain-add"
    page.goto(f"{home}identity/user/")
    page.locator("#result_list a[href*='/change/']").first.click()
    page.wait_for_url(CHANGE_PAGE)
    yield "user"


def watch(page: Page, own: str) -> list[str]:
    """Return a list that fills with what a page must not do: errors in the console, requests to others."""
    seen: list[str] = []
    page.on("console", lambda said: seen.append(f"console: {said.text}") if said.type == "error" else None)
    page.on("pageerror", lambda error: seen.append(f"script: {error}"))
    page.on(
        "request",
        lambda asked: (
            None
            if asked.url.startswith((own, "data:", "blob:"))
            else seen.append(f"foreign request: {asked.url}")
        ),
    )
    page.on("response", lambda got: seen.append(f"{got.status} {got.url}") if got.status >= 400 else None)
    return seen


def keep(page: Page, name: str) -> None:
    """Take a screenshot where a folder for it is named."""
    if folder := os.environ.get(SHOTS):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.wait_for_load_state("networkidle")
        page.screenshot(path=Path(folder) / f"{name}.png")
